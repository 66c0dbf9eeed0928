"""The contract of the child: methods and messages, compiled from .proto files when the kit starts."""

import dataclasses
import json
import pathlib
import tempfile

import google.api
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc
import grpc_tools


class ContractError(Exception):
    """The contract or a sample does not make sense: the kit can't run, whatever the child does."""


@dataclasses.dataclass
class Method:
    """One method: its gRPC path, the classes of its messages and its shape."""

    service: str
    name: str
    request_class: type
    response_class: type
    client_streaming: bool
    server_streaming: bool

    @property
    def path(self):
        return f"/{self.service}/{self.name}"

    def stub(self, channel):
        """The grpcio callable of this method's shape; requests and responses are messages."""
        shape = ("stream" if self.client_streaming else "unary") + "_" + (
            "stream" if self.server_streaming else "unary")
        return getattr(channel, shape)(
            self.path,
            request_serializer=self.request_class.SerializeToString,
            response_deserializer=self.response_class.FromString,
        )

    def start(self, channel, requests, **options):
        """Begins the call with a list of requests (one, unless the client streams)."""
        return self.stub(channel)(iter(requests) if self.client_streaming else requests[0], **options)

    def call(self, channel, requests, **options):
        """Makes the whole call and returns the list of responses; raises grpc.RpcError."""
        if self.server_streaming:
            return list(self.start(channel, requests, **options))
        return [self.start(channel, requests, **options)]


@dataclasses.dataclass
class Sample:
    """A method and requests that it must answer with OK."""

    method: Method
    requests: list


def _include_paths(proto_paths):
    common = pathlib.Path(list(google.api.__path__)[0]).parent.parent
    return [*proto_paths, str(common), str(pathlib.Path(grpc_tools.__file__).parent / "_proto")]


def _files_with_services(proto_paths):
    for root in proto_paths:
        for path in sorted(pathlib.Path(root).rglob("*.proto")):
            if "service " in path.read_text(encoding="utf-8"):
                yield str(path.relative_to(root))


def compile_protos(proto_paths):
    """Compiles every file with a service under `proto_paths` into a FileDescriptorSet with all imports."""
    files = list(_files_with_services(proto_paths))
    if not files:
        raise ContractError(f"no .proto file with a service under {', '.join(proto_paths)}")
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set"
        arguments = ["protoc", f"--descriptor_set_out={out}", "--include_imports"]
        arguments += [f"-I{path}" for path in _include_paths(proto_paths)]
        if protoc.main(arguments + files) != 0:
            raise ContractError("protoc refused the contract (see above)")
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


class Contract:
    """All methods found under the given folders, by full name "package.Service/Method"."""

    def __init__(self, proto_paths):
        pool = descriptor_pool.DescriptorPool()
        self._pool = pool
        self._methods = {}
        for file in compile_protos(proto_paths).file:
            pool.Add(file)
        for name in self._service_names(proto_paths):
            for method in pool.FindServiceByName(name).methods:
                self._methods[f"{name}/{method.name}"] = Method(
                    service=name,
                    name=method.name,
                    request_class=message_factory.GetMessageClass(method.input_type),
                    response_class=message_factory.GetMessageClass(method.output_type),
                    client_streaming=method.client_streaming,
                    server_streaming=method.server_streaming,
                )

    def _service_names(self, proto_paths):
        for file in _files_with_services(proto_paths):
            yield from (service.full_name for service in self._pool.FindFileByName(file).services_by_name.values())

    def method(self, name):
        if name not in self._methods:
            known = ", ".join(sorted(self._methods))
            raise ContractError(f"no method '{name}' in the contract; there are: {known}")
        return self._methods[name]

    def sample(self, name, request):
        """`request` is JSON or @file: one message, or a list of them when the client streams."""
        method = self.method(name)
        return Sample(method, self.messages(method, request))

    @staticmethod
    def messages(method, request):
        text = pathlib.Path(request[1:]).read_text(encoding="utf-8") if request.startswith("@") else request
        try:
            values = json.loads(text)
            values = values if isinstance(values, list) else [values]
            return [json_format.ParseDict(value, method.request_class()) for value in values]
        except (ValueError, json_format.ParseError) as error:
            raise ContractError(f"the request for {method.service}/{method.name} does not fit: {error}") from error


def strings_in(message):
    """Every string inside a message, however deep: what must not appear in a log."""
    def walk(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    return list(walk(json_format.MessageToDict(message)))
