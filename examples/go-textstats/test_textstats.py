"""The Go child: its own tests pass, it follows the page, and each call shape gives the right figures."""

import json
import pathlib
import subprocess
import sys
import threading

import pytest

from child_conformance_kit.child import Child
from child_conformance_kit.contract import Contract
from harness.documents import follow

READS = ["examples/go-textstats/*", "docs/other-languages.md", "api/*", "tools/child_conformance*", "tools/with_go", "third_party/*"]

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SERVER = str(ROOT / "build" / "go-textstats" / "textstats")
SERVICE = "starling.textstats.v1.TextStatsService"
TEXT = "Good morning. The weather is fine today, is it not?"

# From nothing the first test fetches and compiles grpc-go, and perhaps Go itself.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run([HERE / "build.sh", "--test"], check=True, timeout=900)


@pytest.fixture(scope="module")
def contract():
    return Contract([str(ROOT / "api")])


@pytest.fixture(scope="module")
def channel():
    with Child([SERVER], "textstats") as child:
        child.wait_ready(10)
        with child.channel() as channel:
            yield channel


def test_it_follows_the_page():
    samples = {
        "Analyze": {"text": TEXT, "top_words": 3},
        "AnalyzeParagraphs": {"text": "A first paragraph.\n\nA second paragraph."},
        "AnalyzePieces": [{"piece": "Good mor"}, {"piece": "ning everyone."}],
        "AnalyzeLines": [{"line": "One line here."}, {"line": "Another line here."}],
    }
    options = []
    for method, request in samples.items():
        options += ["--call", f"{SERVICE}/{method}", "--request", json.dumps(request)]
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "child_conformance", "--proto-path", ROOT / "api", *options,
         "--bad-request", '{"top_words": 1}', "--", SERVER],
        capture_output=True, text=True, timeout=180, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "26 of 26 rules hold" in result.stdout


@pytest.mark.long
def test_the_page_says_how_to_check_it():
    """docs/other-languages.md, as it stands there, with a Python of its own."""
    printed = follow("docs/other-languages.md", "## 10. Check it", ROOT)
    assert "rules hold" in printed and "broken" not in printed, printed


def call(contract, channel, method, request):
    sample = contract.sample(f"{SERVICE}/{method}", json.dumps(request))
    return sample.method.call(channel, sample.requests, timeout=10)


def test_unary(contract, channel):
    [stats] = call(contract, channel, "Analyze", {"text": TEXT, "top_words": 2})
    assert (stats.characters, stats.words, stats.sentences) == (51, 10, 2)
    assert stats.reading_seconds == pytest.approx(10 * 60 / 238)
    assert [(top.word, top.count) for top in stats.top_words] == [("is", 2), ("fine", 1)]


def test_server_stream(contract, channel):
    parts = call(contract, channel, "AnalyzeParagraphs", {"text": "One two.\n\n\n\nThree.\r\n\r\nFour five six."})
    assert [(part.number, part.stats.words) for part in parts] == [(1, 2), (2, 1), (3, 3)]


def test_client_stream_counts_a_word_that_is_cut_once(contract, channel):
    [stats] = call(contract, channel, "AnalyzePieces", [{"piece": TEXT[:8]}, {"piece": TEXT[8:30]}, {"piece": TEXT[30:]}])
    [whole] = call(contract, channel, "Analyze", {"text": TEXT, "top_words": 10})
    assert stats.SerializeToString(deterministic=True) == whole.SerializeToString(deterministic=True)


def test_both_streams_answer_each_line_before_the_next_is_sent(contract, channel):
    method = contract.method(f"{SERVICE}/AnalyzeLines")
    answers, answered = [], threading.Semaphore(0)

    def lines():
        for number in range(1, 4):
            assert len(answers) == number - 1
            yield method.request_class(line="word " * number)
            answered.acquire(timeout=10)

    for part in method.stub(channel)(lines(), timeout=30):
        answers.append((part.number, part.stats.words))
        answered.release()
    assert answers == [(1, 1), (2, 2), (3, 3)]
