"""gRPC C++ as judge: each side of bench/hop against the other side of ours. The programs check every answer."""

import subprocess
from contextlib import contextmanager

import pytest
from interop.programs import BUILD

RUNS = []

HOP = BUILD / "bench/hop"
pytestmark = pytest.mark.skipif("asan" in str(BUILD), reason="benchmarks are not built with sanitizers")


@contextmanager
def serving(program, *arguments):
    process = subprocess.Popen([HOP / program, "server", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(20)


def call(program, *arguments):
    result = subprocess.run([HOP / program, "client", *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


@pytest.fixture(params=["127.0.0.1:0", "unix"])
def address(request, tmp_path):
    return f"unix:{tmp_path}/socket" if request.param == "unix" else request.param


@pytest.mark.parametrize("style", ["sync", "callback"])
def test_its_clients_call_us(address, style):
    with serving("hop_ours", address) as server:
        call("hop_grpcpp", server, style, "8", "0.2")


@pytest.mark.parametrize("style", ["sync", "callback"])
def test_we_call_its_servers(address, style):
    with serving("hop_grpcpp", address, style) as server:
        call("hop_ours", server, "8", "0.2")
