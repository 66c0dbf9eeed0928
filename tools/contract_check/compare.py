"""What a newer state of contracts breaks for whoever uses an older one."""

from typing import NamedTuple

from contract_check import rules
from contract_check.contracts import FIELDS, METHODS, ONEOFS, SYNTAX, VALUES, Index, Item, Places

_REPEATED = 3
_MESSAGE_KINDS = (10, 11)  # group, message
_ACCESS = {0: "nobody", 1: "anyone", 2: "any named caller", 3: "callers with a scope", 4: "services"}
# Who could call before and still can: each level with those that are no stricter than it.
_NOT_STRICTER = {0: {0, 1, 2, 3, 4}, 1: {1}, 2: {1, 2}, 3: {1, 2, 3}, 4: {1, 2, 4}}


class Finding(NamedTuple):
    file: str
    line: int
    column: int
    sentence: str


class Comparison:
    """Compares two lists of FileDescriptorProto; `findings` holds what breaks, by file and line."""

    def __init__(self, old_files, new_files, option):
        self._option = option
        self._old, self._new, self._places = Index(old_files), Index(new_files), Places(new_files)
        self._first_file = {file.package: file.name for file in reversed(list(new_files))}
        self._syntaxes = {file.name: _syntax(file) for file in new_files}
        self._packages = {file.name: file.package for file in old_files}
        self._answers_only = self._only_in_answers()
        self.findings = []
        self._compare_named("message", self._old.messages, self._new.messages, self._message)
        self._compare_named("enum", self._old.enums, self._new.enums, self._enum)
        self._compare_named("service", self._old.services, self._new.services, self._service)
        self._extensions()
        self._syntax(old_files)
        self.findings.sort()

    def _only_in_answers(self):
        """Messages that no caller sends: a rule on them binds the service, so it may become stricter."""
        methods = [method for index in (self._old, self._new) for item in index.services.values() for method in item.proto.method]
        sent = self._new.reachable(method.input_type.lstrip(".") for method in methods)
        return self._new.reachable(method.output_type.lstrip(".") for method in methods) - sent

    def _add(self, item, path, sentence):
        line, column = self._places.find(item.file, (*item.path, *path))
        self.findings.append(Finding(item.file, line, column, sentence))

    def _compare_named(self, kind, old, new, compare):
        for name, item in old.items():
            if name not in new:
                # Nothing is left to point at but the file, or another one of its package.
                file = item.file if self._places.knows(item.file) else self._first_file.get(self._packages[item.file], item.file)
                self.findings.append(Finding(file, 1, 1, f"{kind} {name} is published and is no longer there."))
            elif new[name].file != item.file:
                self._add(new[name], (), f"{kind} {name} is published in {item.file}, which programs include by name.")
            else:
                compare(name, item.proto, new[name])

    # Messages

    def _message(self, name, old, new):
        numbers = {field.number: (i, field) for i, field in enumerate(new.proto.field)}
        names = {field.name: field.number for field in new.proto.field}
        for field in old.field:
            if field.number in numbers:
                i, now = numbers[field.number]
                self._field(f"{name}.{field.name}", (old, field), (new, now), (FIELDS, i))
            elif field.name in names:
                i, _ = numbers[names[field.name]]
                self._add(new, (FIELDS, i), f"field {name}.{field.name} had number {field.number} and has {names[field.name]} now.")
            else:
                self._add(new, (), f"field {name}.{field.name} = {field.number} is published and is no longer there.")
        before = {field.number for field in old.field}
        for i, field in enumerate(new.proto.field):
            if field.number not in before and field.name not in {field.name for field in old.field}:
                self._new_field(name, new, (FIELDS, i), field)
        self._oneofs(name, old, new)
        self._reserved(name, old, new)

    def _field(self, name, before, now, path):
        (old_message, old), (new, field) = before, now
        changes = [
            ("is called", old.name, field.name),
            ("is called in JSON", old.json_name, field.json_name),
            ("has the type", _type(old), _type(field)),
            ("is", _label(old), _label(field)),
            ("belongs to the oneof", _oneof(old_message, old), _oneof(new.proto, field)),
            ("has the default", old.default_value, field.default_value),
        ]
        for what, was, is_now in changes:
            if was != is_now:
                self._add(new, path, f"field {name} {what} {is_now or 'nothing'}; published was {was or 'nothing'}.")
                if what == "is called":
                    break  # its JSON name says the same again
        if name.rpartition(".")[0] not in self._answers_only:
            old_rules, new_rules = self._rules(old), self._rules(field)
            for change in rules.tightened(old_rules, new_rules):
                self._add(new, path, f"field {name} takes less than before: {change}.")

    def _new_field(self, message, new, path, field):
        if message in self._answers_only:
            return
        has_presence = field.type in _MESSAGE_KINDS and field.label != _REPEATED or field.HasField("oneof_index") or field.label == 2
        broken = "required" if field.label == 2 else rules.refuses_absent(self._rules(field), has_presence)
        if broken:
            self._add(new, path, f"field {message}.{field.name} is new, and its rule {broken} refuses callers who do not know it.")

    def _rules(self, field):
        return rules.flatten(self._option(field.options, "buf.validate.field"))

    def _oneofs(self, name, old, new):
        required = {oneof.name for oneof in old.oneof_decl if self._is_required(oneof)}
        for i, oneof in enumerate(new.proto.oneof_decl):
            if self._is_required(oneof) and oneof.name not in required and name not in self._answers_only:
                self._add(new, (ONEOFS, i), f"oneof {name}.{oneof.name} must be set now; published was without that rule.")

    def _is_required(self, oneof):
        rule = self._option(oneof.options, "buf.validate.oneof")
        return rule is not None and rule.required

    def _reserved(self, name, old, new):
        kept = [(part.start, part.end) for part in new.proto.reserved_range]
        freed = [part.start for part in old.reserved_range if not any(start <= part.start and part.end <= end for start, end in kept)]
        for what in [*freed, *sorted(set(old.reserved_name) - set(new.proto.reserved_name))]:
            self._add(new, (), f"{name} no longer reserves {what}, which an older contract has used.")

    # Enums

    def _enum(self, name, old, new):
        by_name = {value.name: (i, value.number) for i, value in enumerate(new.proto.value)}
        by_number = {value.number: (i, value.name) for i, value in enumerate(new.proto.value)}
        for value in old.value:
            if by_name.get(value.name, (0, None))[1] == value.number:
                continue
            if value.name in by_name:
                i, number = by_name[value.name]
                self._add(new, (VALUES, i), f"value {name}.{value.name} had number {value.number} and has {number} now.")
            elif value.number in by_number:
                i, now = by_number[value.number]
                self._add(new, (VALUES, i), f"value {name}.{value.name} = {value.number} is called {now} now, also in JSON.")
            else:
                self._add(new, (), f"value {name}.{value.name} = {value.number} is published and is no longer there.")

        self._reserved(name, old, new)

    # Services

    def _service(self, name, old, new):
        methods = {method.name: (i, method) for i, method in enumerate(new.proto.method)}
        for method in old.method:
            if method.name not in methods:
                self._add(new, (), f"method {name}.{method.name} is published and is no longer there.")
                continue
            i, now = methods[method.name]
            self._method(f"{name}.{method.name}", method, now, lambda sentence, path=(METHODS, i): self._add(new, path, sentence))

    def _method(self, name, old, new, add):
        for what, was, is_now in [
            ("takes", _taken(old.input_type, old.client_streaming), _taken(new.input_type, new.client_streaming)),
            ("answers", _taken(old.output_type, old.server_streaming), _taken(new.output_type, new.server_streaming)),
        ]:
            if was != is_now:
                add(f"method {name} {what} {is_now}; published was {was}.")
        routes = self._routes(new)
        for route in self._routes(old):
            if route not in routes:
                add(f"method {name} no longer has the route {route}; published routes stay (additional_bindings adds others).")
        was, is_now = self._access(old), self._access(new)
        if is_now[0] not in _NOT_STRICTER[was[0]] or was[0] == is_now[0] == 3 and was != is_now:
            add(f"method {name} may be called by {_who(is_now)}; published was {_who(was)}.")
        was, is_now = old.options.idempotency_level, new.options.idempotency_level
        if was not in (0, is_now) and is_now != 1:
            add(f"method {name} is no longer safe to repeat, and callers repeat it.")

    def _routes(self, method):
        rule = self._option(method.options, "google.api.http")
        return [_route(each) for each in [rule, *rule.additional_bindings]] if rule is not None else []

    def _access(self, method):
        options = self._option(method.options, "starling.options.v1.method")
        return (options.access, options.scope) if options is not None else (0, "")

    def _extensions(self):
        for key, item in self._old.extensions.items():
            name, now = item.proto.name, self._new.extensions.get(key)
            if now is None:
                self._add(item, (), f"option {name} = {key[1]} of {key[0].lstrip('.')} is published and is no longer there.")
            elif (item.proto.name, _type(item.proto), item.proto.label) != (now.proto.name, _type(now.proto), now.proto.label):
                self._add(now, (), f"option {name} = {key[1]} has another name or type; published was {_type(item.proto)}.")

    def _syntax(self, old_files):
        for old in old_files:
            now = self._syntaxes.get(old.name, _syntax(old))
            if now != _syntax(old):
                self._add(Item(old.name, (), old), (SYNTAX,), f"the syntax is {now}; published was {_syntax(old)}.")


def _syntax(file):
    return file.syntax or "proto2"


def _type(field):
    names = {1: "double", 2: "float", 3: "int64", 4: "uint64", 5: "int32", 6: "fixed64", 7: "fixed32", 8: "bool", 9: "string", 12: "bytes",
             13: "uint32", 15: "sfixed32", 16: "sfixed64", 17: "sint32", 18: "sint64"}  # fmt: skip
    return field.type_name.lstrip(".") or names[field.type]


def _label(field):
    if field.label == _REPEATED:
        return "repeated"
    return "optional" if field.proto3_optional else "required" if field.label == 2 else "singular"


def _oneof(message, field):
    """Not that which protoc makes up for an optional field."""
    return message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") and not field.proto3_optional else ""


def _taken(type_name, streaming):
    return ("a stream of " if streaming else "") + type_name.lstrip(".")


def _route(rule):
    kind = rule.WhichOneof("pattern")
    verb, path = (rule.custom.kind, rule.custom.path) if kind == "custom" else (str(kind).upper(), getattr(rule, kind) if kind else "")
    body = f" with body {rule.body}" if rule.body else ""
    return f"{verb} {path}{body}" + (f" answering {rule.response_body}" if rule.response_body else "")


def _who(access):
    level, scope = access
    return f"callers with the scope {scope}" if level == 3 else _ACCESS.get(level, f"access {level}")
