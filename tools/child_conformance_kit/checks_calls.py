"""Sections 3 and 6: calls, good and bad."""

from concurrent import futures

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

from .child import Broken
from .kit import NotApplicable, check, expect_status
from .wire import Connection

PARALLEL = 64
WAITING = 16


@check("samples", 3, "answers each sample call with OK")
def samples(kit):
    with kit.shared().channel() as channel:
        for sample in kit.samples:
            try:
                answers = sample.method.call(channel, sample.requests, timeout=30)
            except grpc.RpcError as error:
                raise Broken(f"{sample.method.path}: {error.code().name} {error.details()}") from error
            if not answers:
                raise Broken(f"{sample.method.path}: the stream of answers is empty")
    return f"{len(kit.samples)} calls"


@check("unknown-method", 3, "a method or service that it does not have is UNIMPLEMENTED")
def unknown_method(kit):
    with kit.shared().channel() as channel:
        for path in (f"/{kit.samples[0].method.service}/NoSuchMethod", "/starling.no.such.Service/Method"):
            expect_status(lambda path=path: channel.unary_unary(path)(b"", timeout=3),
                          [grpc.StatusCode.UNIMPLEMENTED], path)
    kit.works(kit.shared(), "unknown methods")


@check("malformed", 3, "bytes that are no message get an error; the process stays")
def malformed(kit):
    child = kit.shared()
    for sample in kit.samples:
        good = sample.requests[0].SerializeToString()
        for garbage in (b"\xff\xff\xff", b"\x0a\xff\xff\xff\xff\x0f", good[:-1] + b"\xff"):
            if _parses(sample.method.request_class, garbage):
                continue
            _expect_error_for_bytes(child, sample.method, garbage)
    stream = child.connect()
    stream.sendall(b"GET / HTTP/1.1\r\n\r\n" + bytes(range(256)))
    stream.close()
    kit.works(child, "malformed bytes")


def _parses(message_class, data):
    try:
        message_class.FromString(data)
        return True
    except Exception:  # protobuf's DecodeError has moved between its versions
        return False


def _expect_error_for_bytes(child, method, garbage):
    codes = [grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN]
    with child.channel() as channel:
        expect_status(lambda: list(channel.stream_stream(method.path)(iter([garbage]), timeout=5)), codes,
                      f"{method.path} with bytes that are no message")


@check("oversized", 3, "a message over the limit is RESOURCE_EXHAUSTED; the process stays")
def oversized(kit):
    child = kit.shared()
    method = kit.samples[0].method
    with child.channel() as channel:
        large = bytes(4 * 1024 * 1024 + 1)
        expect_status(lambda: list(channel.stream_stream(method.path)(iter([large]), timeout=10)),
                      [grpc.StatusCode.RESOURCE_EXHAUSTED], "a message of 4 MiB and a byte")
    kit.works(child, "a message over the limit")


@check("waiting", 3, f"{WAITING} calls that wait for their callers stop nobody else")
def waiting(kit):
    child = kit.shared()
    path = kit.samples[0].method.path
    with Connection(child) as connection:
        streams = [connection.open(path) for _ in range(WAITING)]
        connection.sync()
        kit.works(child, f"{WAITING} calls have begun and not sent their message", seconds=3)
        for stream in streams:
            connection.reset(stream)
    kit.works(child, f"{WAITING} calls were cancelled")


@check("parallel", 3, f"{PARALLEL} calls at once on four connections are all answered")
def parallel(kit):
    sample = kit.samples[0]
    channels = [kit.shared().channel() for _ in range(4)]

    def one(index):
        sample.method.call(channels[index % 4], sample.requests, timeout=30)

    try:
        with futures.ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(one, range(PARALLEL)))
    except grpc.RpcError as error:
        raise Broken(f"{sample.method.path}: {error.code().name} {error.details()}") from error
    finally:
        for channel in channels:
            channel.close()


@check("abandoned-stream", 4, "a stream whose reader goes away disturbs nothing")
def abandoned_stream(kit):
    streaming = [sample for sample in kit.samples if sample.method.server_streaming]
    if not streaming:
        raise NotApplicable("no sample answers with a stream")
    child = kit.shared()
    for sample in streaming:
        with child.channel() as channel:
            call = sample.method.start(channel, sample.requests, timeout=10)
            try:
                next(iter(call))
            except (grpc.RpcError, StopIteration) as error:
                raise Broken(f"{sample.method.path}: no first answer: {call.code()}") from error
            call.cancel()
    kit.works(child, "an abandoned stream")


@check("bad-request", 6, "a violated field is INVALID_ARGUMENT with google.rpc.BadRequest details")
def bad_request(kit):
    if kit.bad_request is None:
        raise NotApplicable("no --bad-request given")
    sample = kit.bad_request
    with kit.shared().channel() as channel:
        error = expect_status(lambda: sample.method.call(channel, sample.requests, timeout=10),
                              [grpc.StatusCode.INVALID_ARGUMENT],
                              json_format.MessageToJson(sample.requests[0], indent=None))
    details = dict(error.trailing_metadata()).get("grpc-status-details-bin")
    if details is None:
        raise Broken("the error carries no grpc-status-details-bin")
    status = status_pb2.Status.FromString(details)
    if status.code != grpc.StatusCode.INVALID_ARGUMENT.value[0]:
        raise Broken(f"code {status.code} inside the details differs from grpc-status")
    violations = error_details_pb2.BadRequest()
    if not any(detail.Unpack(violations) for detail in status.details) or not violations.field_violations:
        raise Broken("no google.rpc.BadRequest with a field violation in the details")
    for violation in violations.field_violations:
        if not violation.field or not violation.description:
            raise Broken("a field violation without field or description")
    return f"field '{violations.field_violations[0].field}'"
