"""Who includes whom, under src/."""

import re

from structure.tree import Finding, is_test

_INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)[">]')
_STANDARD_C = re.compile(r"(arpa|linux|net|netinet|sys)/[\w/]+\.h|[a-z_0-9]+\.h")


def check(tree, rules):
    findings = []
    for path in tree.cpp("src/"):
        first = True
        for number, line in enumerate(tree.lines(path), 1):
            match = _INCLUDE.match(line)
            if not match:
                continue
            quoted, target = match.group(1) == '"', match.group(2)
            message = _breach(tree, rules, path, target, quoted)
            if not message and first:
                message = _own_header_first(tree, path, target)
            if message:
                findings.append(Finding(path, number, message))
            first = False
    return findings


def _own_header_first(tree, path, target):
    """x.cc starts with x.h, so that compiling x.cc proves that x.h stands alone."""
    own = re.sub(r"(_test|_bench)?\.cc$", ".h", path)
    if path.endswith(".cc") and own == path[: -len(".cc")] + ".h" and own in tree.files and target != own[len("src/"):]:
        return f'the first include must be this file\'s own header, "{own[len("src/"):]}"'
    return None


def _breach(tree, rules, path, target, quoted):
    inner = path[len("src/"):]
    if quoted and f"src/{target}" in tree.files:
        return _layer_breach(rules, inner, target)
    for prefix in rules["generated"]["prefixes"]:
        if target.startswith(prefix):
            return _contract_breach(rules, inner, target)
    for vendor in rules["vendor"]:
        if target.startswith(tuple(vendor["headers"])):
            return _vendor_breach(vendor, path, inner, target)
    if quoted:
        return f'"{target}" is no file under src/ and no generated header'
    if "." not in target and "/" not in target or _STANDARD_C.fullmatch(target):
        return None
    return f"<{target}> is in no rule: add the library to tools/structure/rules.toml"


def _layer(inner):
    return inner.split("/")[0]


def _layer_breach(rules, inner, target):
    here, there = _layer(inner), _layer(target)
    allowed = rules["layers"].get(here)
    if allowed is None:
        return None if "/" not in inner else f"src/{here}/ is in no layer: add it to tools/structure/rules.toml"
    if there not in allowed:
        return f"{here} must not include {there} ({target})"
    if here == there and here in ("services", "backends") and inner.split("/")[1] != target.split("/")[1]:
        return f"{inner.split('/')[1]} must not include another of the {here} ({target})"
    if here == there == "core":
        return _core_breach(rules["core_order"], inner, target)
    return None


def _core_breach(order, inner, target):
    part, needed = inner.split("/")[1], target.split("/")[1]
    for name in (part, needed):
        if name not in order:
            return f"core/{name} has no place in core_order of tools/structure/rules.toml"
    if order.index(needed) > order.index(part) and not is_test("src/" + inner):
        return f"core/{part} must not include core/{needed}, which comes after it ({target})"
    return None


def _contract_breach(rules, inner, target):
    here = _layer(inner)
    if here == "base":
        return f"base must not include a contract ({target})"
    if here == "core" and not target.startswith(tuple(rules["generated"]["core"])) and not is_test("src/" + inner):
        return f"core may include base contracts only ({target})"
    return None


def _vendor_breach(vendor, path, inner, target):
    def allowed(places):
        return any(inner == place or inner.startswith(place + "/") for place in places) or ("tests" in places and is_test(path))

    name = vendor["headers"][0].rstrip("/")
    if not allowed(vendor["in"]) and not (is_test(path) and _layer(inner) in ("core", "app")):
        return f"{name} belongs to {', '.join(vendor['in'])} only (<{target}>)"
    if path.endswith(".h") and not allowed(vendor["in_headers"]) and not is_test(path):
        return f"{name} must stay in .cc files here (<{target}>)"
    return None
