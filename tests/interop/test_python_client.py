"""The interop cases of the gRPC project: grpcio's client against our server, plain, over a Unix socket and over TLS."""

import grpc
import pytest
from interop.certificates import certificates
from interop.programs import InteropServer, messages

RUNS = []

pb, stubs = messages()

UNARY_REQUEST, UNARY_ANSWER = 271828, 314159
REQUEST_SIZES = [27182, 8, 1828, 45904]
ANSWER_SIZES = [31415, 9, 2653, 58979]
SPECIAL_MESSAGE = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
INITIAL = ("x-grpc-test-echo-initial", "test_initial_metadata_value")
TRAILING = ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab\x00\xff")


@pytest.fixture(scope="module", params=["tcp", "unix", "tls"])
def stub(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("interop")
    if request.param == "tls":
        files = certificates(folder)
        with InteropServer(tls=(files.certificate, files.key)) as server:
            credentials = grpc.ssl_channel_credentials(files.authority.read_bytes())
            with grpc.secure_channel(server.address, credentials) as channel:
                yield stubs.TestServiceStub(channel)
        return
    address = f"unix:{folder}/socket" if request.param == "unix" else "127.0.0.1:0"
    with InteropServer(address) as server, grpc.insecure_channel(server.address) as channel:
        yield stubs.TestServiceStub(channel)


def payload(size):
    return pb.Payload(body=bytes(size))


def asked(*sizes, **fields):
    return pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=size) for size in sizes], **fields)


def sizes(answers):
    return [len(answer.payload.body) for answer in answers]


def test_empty_unary(stub):
    from interop.proto import empty_pb2

    assert stub.EmptyCall(empty_pb2.Empty(), timeout=30) == empty_pb2.Empty()


def test_large_unary(stub):
    answer = stub.UnaryCall(pb.SimpleRequest(response_size=UNARY_ANSWER, payload=payload(UNARY_REQUEST)), timeout=30)
    assert answer.payload.body == bytes(UNARY_ANSWER)


def test_client_streaming(stub):
    requests = (pb.StreamingInputCallRequest(payload=payload(size)) for size in REQUEST_SIZES)
    assert stub.StreamingInputCall(requests, timeout=30).aggregated_payload_size == sum(REQUEST_SIZES) == 74922


def test_server_streaming(stub):
    assert sizes(stub.StreamingOutputCall(asked(*ANSWER_SIZES), timeout=30)) == ANSWER_SIZES


class Turns:
    """Requests of a stream, each sent when the test says so."""

    def __init__(self):
        import queue

        self._queue = queue.SimpleQueue()

    def send(self, request):
        self._queue.put(request)

    def end(self):
        self._queue.put(None)

    def __iter__(self):
        return iter(self._queue.get, None)


def test_ping_pong(stub):
    turns = Turns()
    call = stub.FullDuplexCall(iter(turns), timeout=30)
    for request_size, answer_size in zip(REQUEST_SIZES, ANSWER_SIZES, strict=True):
        turns.send(asked(answer_size, payload=payload(request_size)))
        assert len(next(call).payload.body) == answer_size
    turns.end()
    assert list(call) == []


def test_half_duplex(stub):
    requests = [asked(size) for size in ANSWER_SIZES]
    assert sizes(stub.HalfDuplexCall(iter(requests), timeout=30)) == ANSWER_SIZES


def test_empty_stream(stub):
    assert list(stub.FullDuplexCall(iter([]), timeout=30)) == []


@pytest.mark.parametrize("said", [True, False])
def test_client_compressed_unary(stub, said):
    """The server hears which of the client's messages are compressed, and refuses one that is not what the client says."""
    request = pb.SimpleRequest(expect_compressed=pb.BoolValue(value=said), response_size=UNARY_ANSWER, payload=payload(UNARY_REQUEST))
    right, wrong = (grpc.Compression.Gzip, grpc.Compression.NoCompression) if said else (grpc.Compression.NoCompression, grpc.Compression.Gzip)
    with pytest.raises(grpc.RpcError) as error:
        stub.UnaryCall(request, timeout=30, compression=wrong)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert len(stub.UnaryCall(request, timeout=30, compression=right).payload.body) == UNARY_ANSWER


def test_client_compressed_streaming(stub):
    requests = [pb.StreamingInputCallRequest(expect_compressed=pb.BoolValue(value=True), payload=payload(size)) for size in [27182, 45904]]
    with pytest.raises(grpc.RpcError) as error:
        stub.StreamingInputCall(iter(requests), timeout=30)
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert stub.StreamingInputCall(iter(requests), timeout=30, compression=grpc.Compression.Gzip).aggregated_payload_size == 73086


@pytest.mark.parametrize("compressed", [True, False])
def test_server_compressed_unary(stub, compressed):
    request = pb.SimpleRequest(response_compressed=pb.BoolValue(value=compressed), response_size=UNARY_ANSWER, payload=payload(UNARY_REQUEST))
    assert stub.UnaryCall(request, timeout=30).payload.body == bytes(UNARY_ANSWER)


def test_server_compressed_streaming(stub):
    parameters = [pb.ResponseParameters(size=31415, compressed=pb.BoolValue(value=True)), pb.ResponseParameters(size=92653, compressed=pb.BoolValue(value=False))]
    assert sizes(stub.StreamingOutputCall(pb.StreamingOutputCallRequest(response_parameters=parameters), timeout=30)) == [31415, 92653]


def test_custom_metadata(stub):
    answer, call = stub.UnaryCall.with_call(
        pb.SimpleRequest(response_size=UNARY_ANSWER, payload=payload(UNARY_REQUEST)), timeout=30, metadata=[INITIAL, TRAILING]
    )
    assert len(answer.payload.body) == UNARY_ANSWER
    assert INITIAL in list(call.initial_metadata()) and TRAILING in list(call.trailing_metadata())
    stream = stub.FullDuplexCall(iter([asked(UNARY_ANSWER, payload=payload(UNARY_REQUEST))]), timeout=30, metadata=[INITIAL, TRAILING])
    assert sizes(stream) == [UNARY_ANSWER]
    assert INITIAL in list(stream.initial_metadata()) and TRAILING in list(stream.trailing_metadata())


@pytest.mark.parametrize("message", ["test status message", SPECIAL_MESSAGE, "100% of it"])
def test_status_code_and_message(stub, message):
    status = pb.EchoStatus(code=2, message=message)
    with pytest.raises(grpc.RpcError) as error:
        stub.UnaryCall(pb.SimpleRequest(response_status=status), timeout=30)
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.UNKNOWN, message)
    with pytest.raises(grpc.RpcError) as error:
        list(stub.FullDuplexCall(iter([asked(response_status=status)]), timeout=30))
    assert (error.value.code(), error.value.details()) == (grpc.StatusCode.UNKNOWN, message)


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK])
def test_every_status_code(stub, code):
    with pytest.raises(grpc.RpcError) as error:
        stub.UnaryCall(pb.SimpleRequest(response_status=pb.EchoStatus(code=code.value[0], message="m")), timeout=30)
    assert error.value.code() == code


def test_unimplemented(stub):
    from interop.proto import empty_pb2

    with pytest.raises(grpc.RpcError) as error:
        stub.UnimplementedCall(empty_pb2.Empty(), timeout=30)
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


def test_cancel_after_begin(stub):
    turns = Turns()
    call = stub.StreamingInputCall.future(iter(turns), timeout=30)
    call.cancel()
    turns.end()
    assert call.code() == grpc.StatusCode.CANCELLED


def test_cancel_after_first_response(stub):
    turns = Turns()
    call = stub.FullDuplexCall(iter(turns), timeout=30)
    turns.send(asked(31415, payload=payload(27182)))
    assert len(next(call).payload.body) == 31415
    call.cancel()
    with pytest.raises(grpc.RpcError):
        next(call)
    turns.end()
    assert call.code() == grpc.StatusCode.CANCELLED


def test_timeout_on_sleeping_server(stub):
    request = pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=1, interval_us=30_000_000)], payload=payload(27182))
    with pytest.raises(grpc.RpcError) as error:
        list(stub.FullDuplexCall(iter([request]), timeout=0.05))
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
