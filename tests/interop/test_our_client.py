"""The interop cases of the gRPC project with our channel as the client: against grpc-go's server, and grpcio's, which packs its answers."""

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import grpc
import pytest
from harness.go_programs import go_program
from harness.waiting import wait_for
from interop.programs import BUILD, InteropServer, messages
from interop.proto import empty_pb2

pytestmark = pytest.mark.timeout(900)  # the first of them builds grpcurl and its neighbours

RUNS = []

pb, stubs = messages()

CASES = [
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "cancel_after_begin",
    "cancel_after_first_response",
    "timeout_on_sleeping_server",
    "status_code_and_message",
    "special_status_message",
    "unimplemented_method",
    "unimplemented_service",
]


def run_client(address, case):
    result = subprocess.run([BUILD / "tests/interop/interop_client", address, case], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return listener.getsockname()[1]


def reachable(address):
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def go_server():
    port = free_port()
    process = subprocess.Popen([go_program("server"), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: reachable(("127.0.0.1", port)), 20, "grpc-go's server")
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("case", CASES)
def test_against_go(go_server, case):
    run_client(go_server, case)


class PythonService(stubs.TestServiceServicer):
    """As the interop tests describe it; keeps the metadata it was sent."""

    def __init__(self):
        self.metadata = []

    def _answers(self, request):
        for parameters in request.response_parameters:
            yield pb.StreamingOutputCallResponse(payload=pb.Payload(body=bytes(parameters.size)))

    def EmptyCall(self, request, context):
        self.metadata = [tuple(item) for item in context.invocation_metadata()]
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        if request.response_status.code:
            context.abort(grpc.StatusCode.UNKNOWN, request.response_status.message)
        return pb.SimpleResponse(payload=pb.Payload(body=bytes(request.response_size)))

    def StreamingInputCall(self, requests, context):
        return pb.StreamingInputCallResponse(aggregated_payload_size=sum(len(request.payload.body) for request in requests))

    def StreamingOutputCall(self, request, context):
        return self._answers(request)

    def FullDuplexCall(self, requests, context):
        for request in requests:
            yield from self._answers(request)


@pytest.fixture(scope="module")
def python_server():
    service = PythonService()
    server = grpc.server(ThreadPoolExecutor(4), compression=grpc.Compression.Gzip)
    stubs.add_TestServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", service
    server.stop(None)


@pytest.mark.parametrize("case", CASES)
def test_against_python_with_packed_answers(python_server, case):
    run_client(python_server[0], case)


def test_custom_metadata_reaches_the_server(python_server):
    address, service = python_server
    run_client(address, "empty_unary")
    assert ("x-grpc-test-echo-initial", "test_initial_metadata_value") in service.metadata
    assert ("x-grpc-test-echo-trailing-bin", b"\xab\xab\xab") in service.metadata


@pytest.mark.parametrize("case", CASES)
def test_against_ourselves(case):
    with InteropServer() as server:
        run_client(server.address, case)
