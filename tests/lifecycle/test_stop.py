"""SIGTERM drains: what was sent is answered, what is long is given its time, and a second signal ends at once."""

import signal
import threading
import time

import grpc
import httpx
from grpc_health.v1 import health_pb2, health_pb2_grpc
from harness.contracts import contract
from harness.load import Ended, KeepAlive, Load
from harness.placements import only
from harness.program import Program
from harness.target import Target
from harness.waiting import wait_for

REMOTE = {"placement": only(sentiment={"mode": "remote", "targets": ["127.0.0.1:9"], "plaintext": True})}


def remote(target, **server):
    sentiment = {"mode": "remote", "targets": [target.address], "plaintext": True}
    return {"placement": only(sentiment=sentiment), "server": server}


def analyze(program):
    try:
        return httpx.post(program.url + "/analyze-sentiment", json={"texts": ["a"]}, timeout=30).status_code
    except httpx.TransportError:
        return "cut"

class OverGrpc:
    """One channel; its outcomes are status codes."""

    def __init__(self, address):
        messages, stubs = contract("starling/sentiment/v1/sentiment.proto")
        self._channel = grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)])
        self._stub = stubs.SentimentServiceStub(self._channel)
        self._request = messages.AnalyzeSentimentRequest(texts=["I love it."])

    def __call__(self):
        try:
            self._stub.AnalyzeSentiment(self._request, timeout=30)
            return "OK"
        except grpc.RpcError as error:
            # Nobody listens any more: the request was never sent.
            if error.code() == grpc.StatusCode.UNAVAILABLE and "connect" in error.details().lower():
                raise Ended from None
            return f"{error.code()}: {error.details()}"

    def close(self):
        self._channel.close()


def test_no_request_of_keep_alive_clients_is_cut():
    with Target() as target, Program(remote(target)) as program:
        with Load(lambda: KeepAlive(program.addresses["http"])) as load:
            load.wait_for_more(500)
            program.process.send_signal(signal.SIGTERM)
            load.wait_ended()
        assert program.process.wait(10) == 0
    assert set(load.outcomes) == {200}, load.outcomes


def test_no_call_over_grpc_is_cut():
    with Target() as target, Program(remote(target)) as program:
        with Load(lambda: OverGrpc(program.grpc)) as load:
            load.wait_for_more(500)
            program.process.send_signal(signal.SIGTERM)
            load.wait_ended()
        assert program.process.wait(10) == 0
    assert set(load.outcomes) == {"OK"}, load.outcomes


class Watching:
    """A watch of the program's health over gRPC, read in the background."""

    def __init__(self, program):
        self._channel = grpc.insecure_channel(program.grpc)
        self.statuses, self.ended = [], threading.Event()
        stub = health_pb2_grpc.HealthStub(self._channel)
        self._call = stub.Watch(health_pb2.HealthCheckRequest(service="starling.sentiment.v1.SentimentService"))
        threading.Thread(target=self._read, daemon=True).start()
        wait_for(lambda: self.statuses, what="the first status")

    def _read(self):
        try:
            for response in self._call:
                self.statuses.append(response.status)
        except grpc.RpcError:
            pass
        self.ended.set()


def test_watchers_hear_of_the_stop_and_hold_nothing_up():
    # A child that never serves gives the log a line.
    talks = {"mode": "process", "command": ["sh", "-c", "echo hello; exec cat"]}
    with Program({"placement": {**REMOTE["placement"], "spam": talks}}, wait_ready=False) as program:
        watch = Watching(program)
        wait_for(lambda: "hello" in program.log(), what="the child's line")
        assert watch.statuses == [health_pb2.HealthCheckResponse.SERVING]
        with httpx.stream("GET", program.admin_url + "/admin/logs?last=10") as tail:
            assert tail.status_code == 200
            lines = tail.iter_lines()
            assert "hello" in next(line for line in lines if line.startswith("data: "))
            began = time.monotonic()
            program.process.send_signal(signal.SIGTERM)
            # The grace of server.drain_timeout is for requests: it is 15 s here.
            assert program.process.wait(10) == 0
            assert time.monotonic() - began < 5
        assert watch.ended.wait(5)
        assert watch.statuses[-1] == health_pb2.HealthCheckResponse.NOT_SERVING


def test_a_second_signal_ends_at_once_and_the_first_gives_a_long_request_its_time():
    with Target() as target:
        release = threading.Event()
        target.answer = lambda call, context: release.wait(30) and None
        program = Program(remote(target))
        try:
            answers = []
            client = threading.Thread(target=lambda: answers.append(analyze(program)))
            client.start()
            wait_for(lambda: target.calls, what="the call at the target")
            program.process.send_signal(signal.SIGTERM)
            wait_for(lambda: "stopping" in program.log(), what="the stop")
            assert program.process.poll() is None
            program.process.send_signal(signal.SIGTERM)
            assert program.process.wait(2) == -signal.SIGTERM
            client.join(10)
            assert answers == ["cut"]
        finally:
            release.set()
            program.kill()


def test_the_drain_waits_for_a_long_request_and_no_longer_than_configured():
    with Target() as target:
        release = threading.Event()
        target.answer = lambda call, context: release.wait(30) and None
        with Program(remote(target)) as program:
            answers = []
            client = threading.Thread(target=lambda: answers.append(analyze(program)))
            client.start()
            wait_for(lambda: target.calls, what="the call at the target")
            program.process.send_signal(signal.SIGTERM)
            wait_for(lambda: "stopping" in program.log(), what="the stop")
            release.set()
            client.join(10)
            assert answers == [200]
            assert program.process.wait(10) == 0
        release.clear()
        target.calls.clear()
        with Program(remote(target, drain_timeout="300ms")) as program:
            client = threading.Thread(target=lambda: answers.append(analyze(program)))
            client.start()
            wait_for(lambda: target.calls, what="the call at the target")
            began = time.monotonic()
            assert program.terminate() == 0
            assert 0.3 <= time.monotonic() - began < 5
            client.join(10)
            assert answers[1] in ("cut", 503, 499)
            assert "server.drain_timeout is over" in program.log()
        release.set()


def test_a_signal_during_the_start_ends_it():
    program = Program(wait_ready=False)
    assert httpx.get(program.url + "/readyz").status_code == 503, "the model loads for longer than this takes"
    assert program.terminate() == 0


def test_until_it_is_ready_it_says_later():
    with Program(wait_ready=False) as program:
        answer = httpx.post(program.url + "/analyze-sentiment", json={"texts": ["a"]}, timeout=30)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert set(answer.json()) == {"error", "details"}
        assert httpx.get(program.url + "/livez").status_code == 200
