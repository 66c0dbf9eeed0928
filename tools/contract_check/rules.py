"""Field rules (buf/validate/validate.proto): whether new ones refuse what the old ones took."""

import re

_UPPER = {"lt", "lte", "max_len", "max_bytes", "max_items", "max_pairs"}
_LOWER = {"gt", "gte", "min_len", "min_bytes", "min_items", "min_pairs"}
_FLAGS = {"required", "unique", "finite", "defined_only", "email", "uuid"}
_SIBLING = {"lt": "lte", "lte": "lt", "gt": "gte", "gte": "gt"}
_INSIDE = re.compile(r"\.(items|keys|values)\.")
_STRICT = {"lt", "gt"}


def flatten(rules, prefix=""):
    """{"repeated.min_items": 1, "string.in": frozenset(...)}; durations and timestamps as (seconds, nanos)."""
    flat = {}
    for field, value in rules.ListFields() if rules is not None else []:
        name = prefix + field.name
        if field.is_repeated:
            flat[name] = frozenset(value)
        elif field.message_type is None:
            flat[name] = value
        elif field.message_type.full_name in ("google.protobuf.Duration", "google.protobuf.Timestamp"):
            flat[name] = (value.seconds, value.nanos)
        else:
            flat |= flatten(value, name + ".")
    return flat


def tightened(old, new):
    """One sentence part for each rule of `new` (both as flatten() gives them) that refuses values which `old` took."""
    found = []
    for name, value in new.items():
        if name.rpartition(".")[2] != "ignore" and _is_tighter(name, old, value):
            before = f"was {_show(old[name])}" if name in old else "is new"
            found.append(f"rule {name} = {_show(value)} {before}")
    for name in old:
        if name.rpartition(".")[2] == "ignore" and new and new.get(name, 0) < old[name]:
            found.append(f"rule {name} let more through")
    return found


def refuses_absent(flat, has_presence):
    """The rule that a message without this field breaks, or None. A field without presence then has its zero value."""
    if flat.get("ignore", 0) == 3:
        return None
    if flat.get("required"):
        return "required"
    if has_presence or flat.get("ignore"):
        return None
    return next((name for name, value in flat.items() if not _INSIDE.search(name) and _refuses_zero(name, value)), None)


def _is_tighter(name, old, value):
    parent, _, rule = name.rpartition(".")
    sibling = old.get(f"{parent}.{_SIBLING[rule]}") if rule in _SIBLING else None
    before = old.get(name)
    if rule in _UPPER | _LOWER:
        if before is None and sibling is None:
            return True
        if before is None:
            return value == sibling and rule in _STRICT or _narrower(rule, value, sibling)
        return _narrower(rule, value, before)
    if rule == "in":
        return before is None or not value >= before
    if rule == "not_in":
        return not value <= (before or frozenset())
    if rule in _FLAGS:
        return bool(value) and not before
    return value != before


def _narrower(rule, value, before):
    return value < before if rule in _UPPER else value > before


def _refuses_zero(name, value):
    rule = name.rpartition(".")[2]
    zero = (0, 0) if isinstance(value, tuple) else 0
    if rule in ("gt", "min_len", "min_bytes", "min_items", "min_pairs", "len", "len_bytes"):
        return value >= zero if rule == "gt" else value > zero
    if rule in ("gte", "lt", "lte"):
        return {"gte": value > zero, "lt": value <= zero, "lte": value < zero}[rule]
    if rule == "in":
        return not any(not item for item in value)
    if rule == "not_in":
        return any(not item for item in value)
    # A pattern may take the empty text; who adds a field says so with `ignore`.
    return rule in ("const", "prefix", "suffix", "contains", "pattern", "email", "uuid") and bool(value)


def _show(value):
    if isinstance(value, frozenset):
        return "[" + ", ".join(sorted(map(str, value))) + "]"
    if isinstance(value, tuple):
        return f"{value[0] + value[1] / 1e9:g}s"
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
