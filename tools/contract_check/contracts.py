"""Contracts as protoc understands them: compiled from .proto files, or read back from their published state."""

import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import google.api
import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from grpc_tools import protoc

# Numbers of fields in descriptor.proto, of which the places of things in a file are made (SourceCodeInfo.Location.path).
MESSAGES, ENUMS, SERVICES, EXTENSIONS, SYNTAX = 4, 5, 6, 7, 12
FIELDS, NESTED, NESTED_ENUMS, ONEOFS = 2, 3, 4, 8
VALUES, METHODS = 2, 2


# Contracts of ours, and others' protocols whose clients hold us to names and numbers. api/buf is the vocabulary of both.
CONTRACTS = ("starling/*/v1/*.proto", "inference/*.proto", "grpc/*/*/*.proto")


class ContractError(Exception):
    """A contract that protoc refuses, or a published state that cannot be read."""


class Item(NamedTuple):
    """A message, enum, service or extension, with the place of it."""

    file: str
    path: tuple
    proto: object


class Compiler:
    """Compiles all CONTRACTS under a folder; options are readable on what it gives."""

    def __init__(self, api):
        self.api = Path(api)
        self.names = sorted(str(path.relative_to(self.api)) for pattern in CONTRACTS for path in self.api.glob(pattern))
        if not self.names:
            raise ContractError(f"there is no {' or '.join(CONTRACTS)} under {api}")
        raw = self._compile()
        self._pool = descriptor_pool.DescriptorPool()
        for file in raw.file:
            self._pool.Add(file)
        # The message class of this pool knows the contracts' own options; the one that Python brings does not.
        self._file_class = message_factory.GetMessageClass(self._pool.FindMessageTypeByName("google.protobuf.FileDescriptorProto"))
        self.files = {file.name: self._file_class.FromString(file.SerializeToString()) for file in raw.file if file.name in self.names}

    def _compile(self):
        include = [self.api, Path(list(google.api.__path__)[0]).parent.parent, Path(grpc_tools.__file__).parent / "_proto"]
        if not (self.api / "starling/options").exists():
            include.append(Path(__file__).resolve().parents[2] / "api")
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "set"
            flags = [f"--descriptor_set_out={out}", "--include_imports", "--include_source_info", *(f"-I{path}" for path in include)]
            sys.stdout.flush()
            # descriptor.proto too: a contract with options imports it, one without may not.
            if protoc.main(["protoc", *flags, *self.names, "google/protobuf/descriptor.proto"]) != 0:
                raise ContractError("protoc refuses the contracts; see above")
            return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())

    def option(self, options, name):
        """The value of a custom option, for example `google.api.http`, or None."""
        try:
            extension = self._pool.FindExtensionByName(name)
        except KeyError:
            return None
        return options.Extensions[extension] if options.HasExtension(extension) else None

    def read(self, text, origin):
        """A published state, as `published_text` wrote it."""
        file = self._file_class()
        try:
            return text_format.Parse(text, file, descriptor_pool=self._pool)
        except text_format.ParseError as error:
            raise ContractError(f"{origin}:{error}") from error


def published(file):
    """What is kept of a contract: everything but comments and places."""
    copy = type(file)()
    copy.CopyFrom(file)
    copy.ClearField("source_code_info")
    return copy


def published_text(file):
    """That in protobuf's text format."""
    return "# Written by tools/check_contracts --publish; do not edit.\n" + text_format.MessageToString(published(file))


class Index:
    """Everything that several files declare, by full name."""

    def __init__(self, files):
        self.messages, self.enums, self.services, self.extensions = {}, {}, {}, {}
        for file in files:
            prefix = file.package + "." if file.package else ""
            for i, message in enumerate(file.message_type):
                self._add_message(file.name, (MESSAGES, i), prefix, message)
            for i, enum in enumerate(file.enum_type):
                self.enums[prefix + enum.name] = Item(file.name, (ENUMS, i), enum)
            for i, service in enumerate(file.service):
                self.services[prefix + service.name] = Item(file.name, (SERVICES, i), service)
            for i, extension in enumerate(file.extension):
                self.extensions[extension.extendee, extension.number] = Item(file.name, (EXTENSIONS, i), extension)

    def _add_message(self, file, path, prefix, message):
        name = prefix + message.name
        self.messages[name] = Item(file, path, message)
        fields = {field.type_name: (*path, FIELDS, i) for i, field in enumerate(message.field)}
        for i, nested in enumerate(message.nested_type):
            # The entry of a map is written nowhere: its place is that of the map.
            place = fields[f".{name}.{nested.name}"] if nested.options.map_entry else (*path, NESTED, i)
            self._add_message(file, place, name + ".", nested)
        for i, enum in enumerate(message.enum_type):
            self.enums[f"{name}.{enum.name}"] = Item(file, (*path, NESTED_ENUMS, i), enum)

    def reachable(self, roots):
        """The full names of messages that a message named in `roots` holds, those included."""
        found, todo = set(), list(roots)
        while todo:
            name = todo.pop()
            if name in found or name not in self.messages:
                continue
            found.add(name)
            todo += [field.type_name.lstrip(".") for field in self.messages[name].proto.field if field.type_name]
        return found


class Places:
    """Turns a path inside a file into line and column."""

    def __init__(self, files):
        self._places = {
            file.name: {tuple(location.path): (location.span[0] + 1, location.span[1] + 1) for location in file.source_code_info.location}
            for file in files
        }

    def knows(self, file):
        return file in self._places

    def find(self, file, path):
        """Of the thing itself, or of the nearest one around it."""
        places = self._places.get(file, {})
        path = tuple(path)
        while path and path not in places:
            path = path[:-1]
        return places.get(path, (1, 1)) if path else (1, 1)
