"""A reader that pauses, and a server that stops, seen with grpcio."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from harness.waiting import wait_for
from interop.programs import InteropServer, messages
from interop.proto import empty_pb2

RUNS = []

pb, stubs = messages()
MEGABYTE = 1 << 20


def resident_bytes(server):
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text())[1]) * 1024


def asking(count, size, interval_us=0):
    return pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=size, interval_us=interval_us, compressed=pb.BoolValue(value=False))] * count)


def test_a_slow_reader_pauses_its_own_stream_only():
    with InteropServer() as server, grpc.insecure_channel(server.address) as channel:
        stub = stubs.TestServiceStub(channel)
        stub.EmptyCall(empty_pb2.Empty(), timeout=30)
        before = resident_bytes(server)
        slow = [stub.StreamingOutputCall(asking(1000, MEGABYTE), timeout=60) for _ in range(8)]
        for call in slow:
            next(call)
        for _ in range(100):
            stub.EmptyCall(empty_pb2.Empty(), timeout=5)
        assert resident_bytes(server) < before + 64 * MEGABYTE, "8 GB were asked for"
        assert sum(len(next(slow[0]).payload.body) for _ in range(20)) == 20 * MEGABYTE, "it goes on when it is read"
        for call in slow:
            call.cancel()
        stub.EmptyCall(empty_pb2.Empty(), timeout=5)


def test_a_drain_finishes_what_has_begun():
    """Streams that are under way run to their end; the connection ends by GOAWAY, and calls after that find nobody."""
    with InteropServer() as server, grpc.insecure_channel(server.address) as channel, ThreadPoolExecutor(8) as pool:
        stub = stubs.TestServiceStub(channel)
        begun = threading.Semaphore(0)

        def stream():
            sizes = []
            for answer in stub.StreamingOutputCall(asking(15, 1000, interval_us=100_000), timeout=60):
                if not sizes:
                    begun.release()
                sizes.append(len(answer.payload.body))
            return sizes

        streams = [pool.submit(stream) for _ in range(8)]
        for _ in streams:
            assert begun.acquire(timeout=30)
        assert server.drain(), "nothing was cut"
        for one in streams:
            assert one.result(30) == [1000] * 15
        with pytest.raises(grpc.RpcError) as error:
            stub.EmptyCall(empty_pb2.Empty(), timeout=30)
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_server_that_restarts_is_found_again():
    with InteropServer() as first:
        address = first.address
        channel = grpc.insecure_channel(address, options=[("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200)])
        stub = stubs.TestServiceStub(channel)
        stub.EmptyCall(empty_pb2.Empty(), timeout=30)
    with InteropServer(address), channel:

        def answers():
            try:
                stub.EmptyCall(empty_pb2.Empty(), timeout=1)
            except grpc.RpcError:
                return False
            return True

        wait_for(answers, 20, "an answer from the second server")
