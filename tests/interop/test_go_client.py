"""The interop cases of the gRPC project: grpc-go's client against our server."""

import os
import subprocess

import pytest
from harness.go_programs import go_program
from interop.programs import InteropServer

pytestmark = pytest.mark.timeout(900)  # the first of them builds grpcurl and its neighbours

RUNS = []

CASES = [
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "timeout_on_sleeping_server",
    "cancel_after_begin",
    "cancel_after_first_response",
    "status_code_and_message",
    "special_status_message",
    "custom_metadata",
    "unimplemented_method",
    "unimplemented_service",
]


@pytest.fixture(scope="module")
def server():
    with InteropServer() as server:
        yield server


def run_client(port, case, *arguments):
    result = subprocess.run(
        [go_program("client"), "--server_host=127.0.0.1", f"--server_port={port}", f"--test_case={case}", *arguments],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "GRPC_GO_LOG_SEVERITY_LEVEL": "info"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stderr


@pytest.mark.parametrize("case", CASES)
def test_case(server, case):
    assert "done" in run_client(server.port, case).lower()


def test_many_calls_one_after_the_other(server):
    run_client(server.port, "rpc_soak", "--soak_iterations=200", "--soak_overall_timeout_seconds=50", "--soak_per_iteration_max_acceptable_latency_ms=5000")
