"""Many connections at once: slow ones hold nobody up, and those that break off leave nothing behind."""

import json
import multiprocessing
import os
import random
import resource
import socket
import statistics
import threading
import time
from contextlib import contextmanager

import httpx
import pytest
from edges.raw import Raw
from harness.load import KeepAlive, Load
from harness.placements import only
from harness.program import Program
from harness.waiting import wait_for

REQUEST = b'POST /analyze-sentiment HTTP/1.1\r\nHost: here\r\nContent-Length: 16\r\n\r\n{"texts": ["a"]}'
# Nobody is cut while the test looks, and nothing but the edge is there.
PATIENT = {
    "server": {"limits": {name: "1h" for name in ("handshake_timeout", "header_timeout", "body_timeout", "idle_timeout")}},
    "placement": only(textstats={"mode": "remote", "targets": ["127.0.0.1:9"], "plaintext": True}),
}


def _open(program):
    return sum(value for name, value in program.metrics().items() if name.startswith("http_server_open_connections"))


def _allow_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < count:
        pytest.skip("this machine allows too few open files")


def _be_a_crowd(address, count, stop):
    host, port = address.split(":")
    sockets = []
    for i in range(count):
        one = socket.create_connection((host, int(port)), timeout=20)
        sockets.append(one)
        if i % 3 == 1:
            one.sendall(b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
    slow, sent = sockets[2::3], 0
    # Each a byte a second, spread over the second as real clients would be.
    while not stop.wait(0.01):
        for one in slow[sent % 100 :: 100]:
            byte = sent // 100
            one.send(REQUEST[byte : byte + 1] if byte < 40 else b" ")
        sent += 1


@contextmanager
def _crowd(address, count):
    """A third silent, a third idle after a request, a third that sends its request a byte at a time; in a process of its own, so that
    it costs the client that is measured nothing."""
    fork = multiprocessing.get_context("fork")
    stop = fork.Event()
    process = fork.Process(target=_be_a_crowd, args=(address, count, stop))
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join(20)


def _p99_ms(program, seconds):
    durations = []
    with Raw(program.addresses["http"]) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            assert client.send(b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n").answer().status == 200
            durations.append((time.monotonic() - began) * 1000)
    return statistics.quantiles(durations, n=100)[98]


# A tenth of a millisecond is what a wake-up costs. In make test compilers and other tests run beside, and a wake-up may wait for one of them.
@pytest.mark.parametrize(("count", "rounds", "wake_up_ms"), [(600, 9, 2), pytest.param(5000, 41, 0.1, marks=pytest.mark.long)])
def test_slow_connections_leave_others_fine(count, rounds, wake_up_ms):
    """Beside a program without a crowd, in turns: what else this machine does befalls both, and no round decides alone."""
    _allow_files(count + 500)
    with Program(PATIENT) as alone, Program(PATIENT) as crowded:
        with _crowd(crowded.addresses["http"], count):
            wait_for(lambda: _open(crowded) >= count, what="the crowd")
            pairs = [(_p99_ms(alone, 0.2), _p99_ms(crowded, 0.2)) for _ in range(rounds)]
            assert _open(crowded) >= count
        ratio = statistics.median(there / here for here, there in pairs)
        here, there = (statistics.median(side) for side in zip(*pairs))
        print(f"{count} slow connections: p99 {here:.3f} ms without, {there:.3f} ms among them; ratio of a round {ratio:.2f}")
        assert ratio < 1.2 or there - here < wake_up_ms
        wait_for(lambda: _open(crowded) < 20, what="the end of the crowd")


def _files(program):
    return len(os.listdir(f"/proc/{program.process.pid}/fd"))


def _memory(program):
    return program.metrics()['process_memory_usage_bytes{process="main"}']


def _break_off(program, rng):
    """One connection that ends where nobody expects it: silent, within headers or body, queued, running, streaming."""
    kind = rng.randrange(6)
    client = Raw(program.addresses["admin" if kind == 5 else "http"])
    if kind == 1:
        client.send(REQUEST[: rng.randrange(1, len(REQUEST))])
    elif kind == 2:
        client.send(REQUEST * rng.randrange(1, 5))
    elif kind == 3:
        body = json.dumps({"texts": ["word " * 20] * rng.randrange(1, 32)}).encode()
        client.send(b"POST /analyze-sentiment HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    elif kind == 4:
        client.send(REQUEST).answer()
        client.send(b"POST /analyze-sentiment HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"te")
    elif kind == 5:
        client.send(b"GET /admin/logs HTTP/1.1\r\nHost: here\r\n\r\n")
    if rng.random() < 0.5:
        client.reset()
    else:
        client.close()


@pytest.mark.parametrize("count", [2000, pytest.param(10000, marks=pytest.mark.long)])
def test_random_disconnects_leak_nothing_and_disturb_nobody(count):
    rng = random.Random(4)
    with Program(models=["sentiment"]) as program:
        for _ in range(count // 4):
            _break_off(program, rng)
        _quiet(program)
        files, memory = _files(program), _memory(program)
        with Load(lambda: KeepAlive(program.addresses["http"]), clients=2) as others:
            for _ in range(count):
                _break_off(program, rng)
        _quiet(program)
        wait_for(lambda: _files(program) <= files + 5, what="closed files")
        grown = _memory(program) - memory
        print(f"{count} disconnects: {grown / 1e6:.1f} MB, {_files(program) - files} files; others: {others.outcomes}, the slowest {others.slowest:.2f} s")
        assert grown < 16e6
        assert set(others.outcomes) == {200} and others.slowest < 5
        assert httpx.post(program.url + "/analyze-sentiment", json={"texts": ["a"]}, timeout=30).status_code == 200


def _quiet(program):
    def nothing_left():
        metrics = program.metrics()
        active = sum(value for name, value in metrics.items() if name.startswith("rpc_server_active_calls"))
        return active == 0 and _open(program) <= 5

    wait_for(nothing_left, 60, "the end of all that was broken off")


def test_a_million_tiny_chunks(starling):
    """One byte each: the request is answered, in bounded time and memory, and others are served meanwhile."""
    text = b'{"texts": ["a"]' + b" " * 1000000 + b"}"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in text) + b"0\r\n\r\n"
    with Raw(starling.addresses["http"], timeout_s=60) as client:
        began = time.monotonic()
        sender = threading.Thread(target=client.send, args=(b"POST /analyze-sentiment HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,))
        sender.start()
        while sender.is_alive():
            assert httpx.get(starling.url + "/livez", timeout=5).status_code == 200
        answer = client.answer()
        sender.join()
        print(f"a million chunks: {time.monotonic() - began:.1f} s")
    assert answer.status == 200


@pytest.mark.parametrize("way", ["silent", "trickle"])
def test_connections_that_never_ask_are_ended(way):
    """The crowd goes by itself when its time is over."""
    limits = {"handshake_timeout": "500ms", "header_timeout": "500ms"}
    with Program({"server": {"limits": limits}}, arguments=["--target", "models"], models=[]) as program:
        clients = [Raw(program.addresses["http"]) for _ in range(200)]
        if way == "trickle":
            for client in clients:
                client.send(b"GET / HT")
        for client in clients:
            client.rest()
        wait_for(lambda: _open(program) < 10, what="their end")
        for client in clients:
            client.close()
