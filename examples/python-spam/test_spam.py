"""The spam detector as a child: it follows the page, judges plain cases right, and its model is what train.py makes."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from child_conformance_kit.child import Child
from child_conformance_kit.contract import Contract

READS = ["examples/python-spam/*", "api/*", "tools/child_conformance*"]

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SERVER = [sys.executable, str(HERE / "server.py")]
METHOD = "starling.spam.v1.SpamService/DetectSpam"


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run([HERE / "build.sh"], env=os.environ | {"PYTHON": sys.executable}, check=True, timeout=900)


def test_it_follows_the_page():
    request = json.dumps({"texts": ["You have won a free cruise, call now!", "Lunch at noon as usual?"]})
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "child_conformance", "--proto-path", ROOT / "api", "--call", METHOD,
         "--request", request, "--bad-request", "{}", "--", *SERVER],
        capture_output=True, text=True, timeout=180, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_it_judges_plain_cases_in_order_and_returns_the_texts_unchanged():
    texts = ["Congratulations, you have won a cash prize! Click http://prize.example to claim now!",
             "I will be late for dinner, sorry. Start without me.",
             "",
             "Größe \u4f60\u597d \U0001f600"]
    sample = Contract([str(ROOT / "api")]).sample(METHOD, json.dumps({"texts": texts}))
    with Child(SERVER, "spam") as child:
        child.wait_ready(60)
        with child.channel() as channel:
            results = sample.method.call(channel, sample.requests, timeout=10)[0].results
    assert [result.text for result in results] == texts
    assert [result.is_spam for result in results[:2]] == [True, False]
    assert all(result.is_spam == (result.probability >= 0.5) and 0 <= result.probability <= 1 for result in results)


def test_started_by_hand_it_says_who_starts_it():
    environment = {key: value for key, value in os.environ.items() if key != "STARLING_SOCKET"}
    result = subprocess.run(SERVER, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "STARLING_SOCKET is not set" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_model_is_what_training_makes(tmp_path):
    """Same weights to four digits, and the accuracy that the README states."""
    result = subprocess.run([sys.executable, HERE / "train.py", "--out", tmp_path / "model.json"],
                            capture_output=True, text=True, timeout=120, check=True)
    trained = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    shipped = json.loads((HERE / "model.json").read_text(encoding="utf-8"))
    assert trained["terms"].keys() == shipped["terms"].keys()
    for term, (idf, weight) in shipped["terms"].items():
        assert trained["terms"][term] == pytest.approx([idf, weight], abs=1e-3)
    figures = json.loads(result.stdout)
    readme = (HERE / "README.md").read_text(encoding="utf-8")
    confusion = figures["test_confusion"]
    assert f"**{figures['test_accuracy']:.3f}**" in readme
    for label in ("ham", "spam"):
        assert f"| {label} | {confusion[label]['as_ham']} | {confusion[label]['as_spam']} |" in readme
