"""The kit passes a child that follows the page, and finds each of the faults that a child can have."""

import pathlib
import subprocess
import sys

import pytest

READS = ["tools/child_conformance*", "api/*"]

KIT = pathlib.Path(__file__).resolve().parent
TOOL = KIT.parent / "child_conformance"
TESTDATA = KIT / "testdata"

# The fault and the check that must find it.
FAULTS = {
    "makes-no-socket": "socket",
    "never-serves": "ready",
    "serves-before-ready": "ready",
    "fears-stale-socket": "stale-socket",
    "listens-on-tcp": "no-network",
    "knows-no-names": "health-names",
    "knows-all-names": "health-names",
    "has-no-watch": "health-watch",
    "answers-anything": "unknown-method",
    "accepts-garbage": "malformed",
    "dies-of-garbage": "malformed",
    "has-no-limit": "oversized",
    "has-few-threads": "waiting",
    "takes-few-calls": "parallel",
    "dies-of-cancel": "abandoned-stream",
    "gives-no-details": "bad-request",
    "fears-metadata": "metadata",
    "forgets-trace": "trace-in-log",
    "logs-no-level": "log-lines",
    "cuts-log-lines": "log-lines",
    "logs-user-text": "no-user-text",
    "ignores-sigterm": "stop-idle",
    "exits-with-1": "stop-idle",
    "waits-for-watchers": "stop-idle",
    "cuts-calls": "stop-drains",
    "cancels-calls": "stop-drains",
    "never-loses-patience": "stop-timeout",
    "outlives-parent": "orphaned",
}


def run_kit(child, *options):
    command = [sys.executable, str(TOOL), "--proto-path", str(TESTDATA), "--start-timeout", "10",
               "--call", "starling.kit.v1.EchoService/Echo", "--request", '{"text": "a line for the echo"}',
               "--call", "starling.kit.v1.EchoService/Repeat", "--request", '{"text": "a line for the echo"}',
               "--bad-request", "{}", *options, "--", sys.executable, *child]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def faulty(fault):
    return [str(TESTDATA / "faulty_child.py"), fault]


def broken_checks(result):
    return [line.split()[0] for line in result.stdout.splitlines() if " BROKEN " in line]


def test_a_child_that_follows_the_page_passes():
    result = run_kit(faulty("none"))
    assert broken_checks(result) == [], result.stdout
    assert result.returncode == 0, result.stdout + result.stderr
    assert "26 of 26 rules hold" in result.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault):
    short = ["--start-timeout", "2"] if fault in ("makes-no-socket", "never-serves") else []
    result = run_kit(faulty(fault), "--only", FAULTS[fault], *short)
    assert broken_checks(result) == [FAULTS[fault]], result.stdout + result.stderr
    assert result.returncode == 1


def test_a_child_without_deadlines_is_found():
    result = run_kit([str(TESTDATA / "timeless_child.py")], "--only", "deadline")
    assert broken_checks(result) == ["deadline"], result.stdout
    assert "still open" in result.stdout


def test_a_command_that_does_not_exist_breaks_the_first_rule():
    command = [sys.executable, str(TOOL), "--proto-path", str(TESTDATA), "--call", "starling.kit.v1.EchoService/Echo",
               "--request", "{}", "--only", "socket", "--", str(TESTDATA / "no-such-program")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "does not start" in result.stdout


@pytest.mark.parametrize("options, sentence", [
    (["--call", "starling.kit.v1.EchoService/Shout", "--request", "{}"], "no method"),
    (["--call", "starling.kit.v1.EchoService/Echo", "--request", '{"words": 1}'], "does not fit"),
])
def test_a_sample_that_does_not_fit_the_contract_is_a_plain_sentence(options, sentence):
    command = [sys.executable, str(TOOL), "--proto-path", str(TESTDATA), *options, "--", "true"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
