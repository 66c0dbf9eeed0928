"""SIGTERM drains: what was sent is answered, what is long is given its time, and a second signal ends at once."""

import signal
import threading
import time

import grpc
import httpx
import pytest
from harness.contracts import contract
from harness.load import Ended, KeepAlive, Load
from harness.program import Program
from harness.waiting import wait_for

SLOW = {"texts": ["A long text that keeps the model busy for a while. " * 300] * 256}


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
    with Program() as program:
        with Load(lambda: KeepAlive(program.addresses["http"])) as load:
            load.wait_for_more(500)
            program.process.send_signal(signal.SIGTERM)
            load.wait_ended()
        assert program.process.wait(10) == 0
    assert set(load.outcomes) == {200}, load.outcomes


def test_no_call_over_grpc_is_cut():
    with Program() as program:
        with Load(lambda: OverGrpc(program.grpc)) as load:
            load.wait_for_more(500)
            program.process.send_signal(signal.SIGTERM)
            load.wait_ended()
        assert program.process.wait(10) == 0
    assert set(load.outcomes) == {"OK"}, load.outcomes
