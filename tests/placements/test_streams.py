"""Streams through the parent to a child in another language and back: all four shapes, back-pressure, cancellation."""

import json
import subprocess
import threading

import grpc
import httpx
import pytest
from harness.contracts import contract
from harness.program import ROOT, Program
from harness.waiting import wait_for

RUNS = ["textstats"]

messages, stubs = contract("starling/textstats/v1/textstats.proto")
ACTIVE = 'rpc_server_active_calls{starling_service="textstats"}'


@pytest.fixture(scope="module")
def program():
    subprocess.run([ROOT / "examples/go-textstats/build.sh"], check=True, cwd=ROOT, timeout=600)
    placement = {"mode": "process", "command": [str(ROOT / "build/go-textstats/textstats")]}
    with Program({"placement": {"textstats": placement}}, ["--target", "textstats"]) as running:
        yield running


@pytest.fixture
def stub(program):
    with grpc.insecure_channel(program.grpc) as channel:
        yield stubs.TextStatsServiceStub(channel)


def active(program):
    return program.metrics()[ACTIVE]


def test_all_four_shapes_over_grpc(stub):
    assert stub.Analyze(messages.AnalyzeRequest(text="One two."), timeout=30).words == 2
    parts = stub.AnalyzeParagraphs(messages.AnalyzeRequest(text="One two.\n\nThree."), timeout=30)
    assert [part.stats.words for part in parts] == [2, 1]
    pieces = (messages.AnalyzePiecesRequest(piece=piece) for piece in ["One t", "wo three."])
    assert stub.AnalyzePieces(pieces, timeout=30).words == 3
    lines = (messages.AnalyzeLinesRequest(line=line) for line in ["one", "one two"])
    assert [part.stats.words for part in stub.AnalyzeLines(lines, timeout=30)] == [1, 2]


def test_each_line_is_answered_before_the_next_is_sent(stub):
    answers, answered = [], threading.Semaphore(0)

    def lines():
        for number in range(1, 4):
            assert len(answers) == number - 1
            yield messages.AnalyzeLinesRequest(line="word " * number)
            assert answered.acquire(timeout=10)

    for part in stub.AnalyzeLines(lines(), timeout=30):
        answers.append(part.stats.words)
        answered.release()
    assert answers == [1, 2, 3]


def test_a_client_that_cancels_ends_the_call_in_the_child(program, stub):
    gate = threading.Event()

    def lines():
        yield messages.AnalyzeLinesRequest(line="one")
        gate.wait(30)

    call = stub.AnalyzeLines(lines())
    assert next(call).stats.words == 1
    assert active(program) == 1
    call.cancel()
    wait_for(lambda: active(program) == 0, 5, "the call's end")
    gate.set()


def test_a_slow_reader_holds_up_its_own_stream_only(program, stub):
    """The reader of a large stream waits after the first event: the child is held, memory is bounded, others are served."""
    text = "\n\n".join(["word " * 20] * 50_000)
    body = json.dumps({"text": text}).encode()
    with httpx.stream("POST", program.url + "/text-stats/paragraphs", content=body, headers={"content-type": "application/json"}, timeout=60) as response:
        assert response.status_code == 200
        lines = response.iter_lines()
        first = next(line for line in lines if line.startswith("data: "))
        assert json.loads(first.removeprefix("data: "))["stats"]["words"] == 20
        memory = program.metrics()['process_memory_usage_bytes{process="main"}']
        for _ in range(20):
            assert stub.Analyze(messages.AnalyzeRequest(text="One two."), timeout=5).words == 2
        assert active(program) == 1, "the stream waits for its reader"
        assert program.metrics()['process_memory_usage_bytes{process="main"}'] - memory < 32 << 20
    # The reader has gone away in the middle: its call ends, in the child too.
    wait_for(lambda: active(program) == 0, 10, "the stream's end")
