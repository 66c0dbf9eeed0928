"""The load generator against a server whose times are known."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from harness.program import BINARY, ROOT

RUNS = []

LOAD = BINARY.parent / "bench/bench_load"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"

pytestmark = pytest.mark.skipif(not LOAD.exists(), reason="build/release/bench/bench_load is not built")


@contextmanager
def server(answer):
    """Answers each request of each connection with the bytes that answer(number of the request) returns; None: never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        numbers, lock = iter(range(10**9)), threading.Lock()

        def serve(connection):
            # The generator drops its connections at the end of its time, in the middle of what they were doing.
            with connection, suppress(ConnectionResetError, BrokenPipeError):
                while connection.recv(65536):
                    with lock:
                        reply = answer(next(numbers))
                    if reply is not None:
                        connection.sendall(reply)
                        if b"connection: close" in reply:
                            return

        def accept():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        listener.shutdown(socket.SHUT_RDWR)


def load(url, *arguments):
    command = [LOAD, "--url", url, "--warmup", "0", *map(str, arguments)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60).stdout)


def test_closed_loop_counts_every_answer_under_its_status():
    with server(lambda number: BUSY if number % 4 == 3 else OK) as url:
        result = load(url, "--connections", 3, "--seconds", 1)
    good, busy = result["statuses"]["200"]["count"], result["statuses"]["503"]["count"]
    assert good > 20 and abs(good - 3 * busy) <= 3
    assert result["requests_per_s"] == good
    assert result["offered"] == good + busy
    assert result["failures"] == {}


def test_an_open_loop_may_look_seldom_and_says_what_that_adds():
    with server(lambda number: OK) as url:
        result = load(url, "--connections", 8, "--rate", 200, "--seconds", 1, "--turn", 0.02)
    assert result["offered"] == 200 and result["statuses"]["200"]["count"] == 200
    assert result["latency_us"]["p50"] > 20000, "an answer is seen a turn later at the earliest"
    assert 5000 < result["lag_us"]["p50"] < 30000


def test_open_loop_keeps_its_rate_and_counts_the_wait_for_a_stalled_server():
    """The server stands still for 500 ms of 1 s: a closed loop would see one slow answer, an open one sees all that were due."""
    stalled_until = []

    def answer(number):
        if number == 50:
            stalled_until.append(time.monotonic() + 0.5)
            while time.monotonic() < stalled_until[0]:
                threading.Event().wait(0.01)
        return OK

    with server(answer) as url:
        result = load(url, "--connections", 4, "--rate", 100, "--seconds", 2)
    assert result["offered"] == result["statuses"]["200"]["count"] == 200
    # 50 of 200 were due in the stall and waited 250 ms in the middle.
    assert result["latency_us"]["p90"] > 100_000
    assert result["latency_us"]["max"] > 450_000
    assert result["latency_us"]["p50"] < 100_000


def test_open_loop_drops_what_may_not_wait():
    with server(lambda number: None) as url:
        result = load(url, "--connections", 2, "--rate", 200, "--seconds", 1, "--max-waiting", 5, "--timeout", 0.5)
    assert result["offered"] == 200
    assert result["requests_per_s"] == 0
    assert result["failures"]["timeout"] >= 2
    assert result["dropped"] > 150
    assert result["offered"] == result["dropped"] + result["failures"]["timeout"] + result["unanswered"]


def test_connections_that_the_server_ends_are_opened_again():
    with server(lambda number: LAST) as url:
        result = load(url, "--connections", 2, "--rate", 50, "--seconds", 1)
    assert result["statuses"]["200"]["count"] == 50
    assert result["reconnects"] >= 49
    assert result["failures"] == {}


def test_poisson_arrivals_have_the_same_rate():
    with server(lambda number: OK) as url:
        result = load(url, "--connections", 8, "--rate", 300, "--seconds", 2, "--arrivals", "poisson")
    assert 450 < result["offered"] < 750
    assert result["statuses"]["200"]["count"] == result["offered"]


def test_the_cost_of_a_process_and_its_children_is_measured():
    burn = "import os, time\nos.fork()\nend = time.monotonic() + 30\nwhile time.monotonic() < end: pass"
    with server(lambda number: OK) as url, subprocess.Popen(["/usr/bin/python3", "-c", burn]) as process:
        try:
            result = load(url, "--connections", 1, "--rate", 10, "--seconds", 2, "--pid", process.pid)
        finally:
            for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                os.kill(int(child), signal.SIGKILL)
            process.kill()
    # Two processes that never rest, on a machine that may have other work.
    assert result["server_cpu_s"] > 0.2
    assert result["server_peak_rss_bytes"] > 2 * 2**20
    assert result["server_cpu_us_per_answer"] > 1000


@contextmanager
def grpc_server(answer):
    """Answers /x.Y/Z by gRPC's own server with what answer(message, context) returns."""
    import grpc

    handler = grpc.unary_unary_rpc_method_handler(answer)
    pool = ThreadPoolExecutor(4)
    program = grpc.server(pool)
    program.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("x.Y", {"Z": handler})])
    port = program.add_insecure_port("127.0.0.1:0")
    program.start()
    yield f"http://127.0.0.1:{port}/x.Y/Z"
    program.stop(None).wait()
    pool.shutdown()


def test_grpc_calls_carry_message_and_metadata_and_count_by_outcome(tmp_path):
    import grpc

    seen = []

    def answer(message, context):
        seen.append((message, dict(context.invocation_metadata())["authorization"]))
        if message == b"\nbad":
            context.abort(grpc.StatusCode.INTERNAL, "no")
        return message * 1000  # 40 kB: more than one frame

    bodies = [b"\ngood" * 8, b"\nbad"]
    for number, body in enumerate(bodies):
        (tmp_path / str(number)).write_bytes(body)
    files = [word for number in range(2) for word in ("--body", tmp_path / str(number))]
    with grpc_server(answer) as url:
        result = load(url, "--grpc", *files, "--connections", 3, "--seconds", 1, "--header", "Authorization: Bearer key")
    good, bad = result["statuses"]["200"]["count"], result["statuses"]["500"]["count"]
    assert good > 20 and abs(good - bad) <= 3
    assert result["failures"] == {}
    assert set(seen) == {(body, "Bearer key") for body in bodies}


def test_a_grpc_server_that_is_gone_is_a_failure(tmp_path):
    (tmp_path / "body").write_bytes(b"x")
    with server(lambda number: OK) as url:
        result = load(url, "--grpc", "--body", tmp_path / "body", "--seconds", 0.3)
    assert result["requests_per_s"] == 0 and result["failures"].get("malformed", 0) > 0
