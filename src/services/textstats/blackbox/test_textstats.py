"""Streams across a child: text statistics by a program in Go, in all four call shapes."""

import json
import subprocess

import grpc
import httpx
import pytest
from harness.contracts import contract
from harness.program import ROOT, Program

RUNS = ["textstats"]

TEXT = "One short sentence. Another one follows!\n\nA second paragraph stands here."


@pytest.fixture(scope="module")
def program():
    subprocess.run([ROOT / "examples/go-textstats/build.sh"], check=True, cwd=ROOT, timeout=900)
    placement = {"mode": "process", "replicas": 2, "command": [str(ROOT / "build/go-textstats/textstats")]}
    with Program({"placement": {"textstats": placement}}) as running:
        yield running


def test_unary_over_http(program):
    response = httpx.post(program.url + "/text-stats", json={"text": TEXT}, timeout=30)
    assert response.status_code == 200, response.text
    assert response.json()["words"] == 11


def test_a_server_stream_is_an_event_stream(program):
    with httpx.stream("POST", program.url + "/text-stats/paragraphs", json={"text": TEXT}, timeout=30) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        events = [json.loads(line.removeprefix("data: ")) for line in response.iter_lines() if line.startswith("data: ")]
    assert [event["stats"]["words"] for event in events] == [6, 5]


def test_client_and_bidirectional_streams_over_grpc(program):
    messages, stubs = contract("starling/textstats/v1/textstats.proto")
    with grpc.insecure_channel(program.grpc) as channel:
        stub = stubs.TextStatsServiceStub(channel)
        pieces = (messages.AnalyzePiecesRequest(piece=piece) for piece in ["One sh", "ort ", "sentence."])
        assert stub.AnalyzePieces(pieces, timeout=30).words == 3
        lines = (messages.AnalyzeLinesRequest(line=line) for line in ["one two", "three"])
        assert [part.stats.words for part in stub.AnalyzeLines(lines, timeout=30)] == [2, 1]
