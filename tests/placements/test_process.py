"""The placement `process`: children are started, watched, replaced and stopped, and nobody else notices."""

import os
import signal
import subprocess
import time

import httpx
import pytest
from harness.load import KeepAlive, Load
from harness.program import ROOT, TINY_SENTIMENT, Program
from harness.waiting import wait_for

PROBES = {"probe_interval": "100ms"}
CRASHING = ["sh", "-c", "echo loading the weights >&2; echo 'weights.bin: no such file' >&2; exit 3"]


def replicas(program, service="sentiment"):
    return next(entry["replicas"] for entry in program.status()["services"] if entry["name"] == service)


def serving(program, service="sentiment"):
    return [replica for replica in replicas(program, service) if replica["state"] == "serving"]


def alive(pid):
    """Whether a process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def analyze(program, **options):
    return httpx.post(program.url + "/analyze-sentiment", json={"texts": ["I love it."]}, timeout=30, **options)


@pytest.fixture(scope="module")
def alone():
    """Two services in children, one of them by a program in Go."""
    subprocess.run([ROOT / "examples/go-textstats/build.sh"], check=True, cwd=ROOT, timeout=600)
    textstats = {"mode": "process", "command": [str(ROOT / "build/go-textstats/textstats")]}
    with Program({"placement": {"sentiment": {"mode": "process", **PROBES}, "textstats": textstats}}, models=[TINY_SENTIMENT]) as program:
        yield program


def test_a_killed_child_is_503_at_once_and_comes_back(alone):
    wait_for(lambda: serving(alone), what="a serving child")
    [before] = replicas(alone)
    with httpx.Client() as client:
        assert client.get(alone.url + "/livez").status_code == 200
        os.kill(before["pid"], signal.SIGKILL)
        statuses, waits = [], []
        while not statuses or statuses[-1] != 200:
            began = time.monotonic()
            answer = client.post(alone.url + "/analyze-sentiment", json={"texts": ["I love it."]}, timeout=30)
            if answer.status_code != 200:
                # Until the new child serves, every answer is at once, and says when to come back.
                waits.append(time.monotonic() - began)
                assert answer.status_code == 503, answer.text
                assert int(answer.headers["retry-after"]) >= 1
                assert set(answer.json()) == {"error", "details"}
            statuses.append(answer.status_code)
            assert len(statuses) < 100000
    assert 503 in statuses
    # Half of them, as the processors have other work too. None of them has waited for the new child, which takes longer than all.
    assert sorted(waits)[len(waits) // 2] < 0.1
    [after] = wait_for(lambda: serving(alone), what="a new child")
    assert after["pid"] != before["pid"]
    assert int(after["restarts"]) == int(before["restarts"]) + 1
    assert after["last_failure"] == "was killed by signal 9 (Killed)"
    assert alone.metrics()['starling_child_restarts_total{starling_service="sentiment",starling_replica="0"}'] == int(after["restarts"])


def test_other_services_do_not_notice(alone):
    wait_for(lambda: serving(alone), what="a serving child")
    with Load(lambda: KeepAlive(alone.addresses["http"], "/text-stats", {"text": "One two."}), clients=4) as load:
        load.wait_for_more(200)
        killed = replicas(alone)[0]["pid"]
        os.kill(killed, signal.SIGKILL)
        load.wait_for_more(200)
        wait_for(lambda: [r for r in serving(alone) if r["pid"] != killed], what="a new child")
    assert set(load.outcomes) == {200}, load.outcomes


def test_a_hung_child_is_found_and_replaced(alone):
    wait_for(lambda: serving(alone), what="a serving child")
    [before] = serving(alone)
    os.kill(before["pid"], signal.SIGSTOP)
    after = wait_for(lambda: [r for r in serving(alone) if r["pid"] != before["pid"]], what="a new child")
    assert after[0]["last_failure"] == "did not answer 3 health checks in a row"
    assert not alive(before["pid"])
    assert analyze(alone).status_code == 200


def test_children_end_with_a_parent_that_is_killed():
    program = Program({"placement": {"sentiment": {"mode": "process", "replicas": 2}}}, wait_ready=False, models=[])
    try:
        wait_for(lambda: len(serving(program)) == 2, what="children")
        pids = [replica["pid"] for replica in serving(program)]
        assert all(map(alive, pids))
    finally:
        program.kill()
    wait_for(lambda: not any(map(alive, pids)), 2, "the children's end")


def test_a_hung_child_too_ends_with_its_parent():
    program = Program({"placement": {"sentiment": {"mode": "process"}}}, wait_ready=False, models=[])
    try:
        [child] = wait_for(lambda: serving(program), what="a child")
        os.kill(child["pid"], signal.SIGSTOP)
    finally:
        program.kill()
    wait_for(lambda: not alive(child["pid"]), 2, "the child's end")


def test_calls_spread_over_replicas_and_one_that_dies_costs_nobody_a_request():
    with Program({"placement": {"sentiment": {"mode": "process", "replicas": 2, **PROBES}}}, models=[TINY_SENTIMENT]) as program:
        wait_for(lambda: len(serving(program)) == 2, what="two children")
        busy = {replica["pid"]: cpu_seconds(replica["pid"]) for replica in serving(program)}
        with Load(lambda: KeepAlive(program.addresses["http"]), clients=8) as load:
            load.wait_for_more(500)
            # Both have worked for the callers.
            assert all(cpu_seconds(pid) > before for pid, before in busy.items())
            os.kill(serving(program)[0]["pid"], signal.SIGKILL)
            wait_for(lambda: len(serving(program)) == 2, what="a new child")
            load.wait_for_more(200)
        assert set(load.outcomes) == {200}, load.outcomes


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_child_that_cannot_start_says_its_last_words_to_the_operator():
    with Program({"placement": {"sentiment": {"mode": "process", "command": CRASHING}}}, wait_ready=False, models=[]) as program:
        wait_for(lambda: int(replicas(program)[0]["restarts"]) >= 2, what="two more tries")
        ready = httpx.get(program.url + "/readyz")
        assert ready.status_code == 503
        reason = ready.json()["services"]["sentiment"]["reason"]
        assert "exited with 3 before it was ready" in reason
        assert "weights.bin: no such file" in reason
        # Its callers are not told what only the operator should know.
        answer = analyze(program)
        assert answer.status_code == 503 and "retry-after" in answer.headers
        assert "weights" not in answer.text
        lines = [line for line in program.log_lines() if "next start in" in line["message"]]
        assert "weights.bin: no such file" in lines[0]["message"] and lines[0]["level"] == "warning"
        # Both of its lines stand in the log, under its name.
        said = [line for line in program.log_lines() if line.get("fields", {}).get("service") == "sentiment"]
        assert {"loading the weights", "weights.bin: no such file"} <= {line["message"] for line in said}


def test_the_delay_between_starts_grows_and_is_not_the_same_twice():
    with Program({"placement": {"sentiment": {"mode": "process", "command": CRASHING}}}, wait_ready=False, models=[]) as program:
        wait_for(lambda: len(delays(program)) >= 4, what="four tries")
    tries = delays(program)
    for number, delay in enumerate(tries[:4]):
        assert 100 * 2**number <= delay <= 200 * 2**number
    assert len({delay / 2**number for number, delay in enumerate(tries[:4])}) > 1


def delays(program):
    lines = [line["message"] for line in program.log_lines() if "next start in" in line["message"]]
    return [int(line.rsplit("next start in ", 1)[1].split()[0]) for line in lines]


def test_a_program_that_is_not_there_is_named():
    with Program({"placement": {"sentiment": {"mode": "process", "command": ["/no/such/program"]}}}, wait_ready=False, models=[]) as program:
        reason = wait_for(lambda: httpx.get(program.url + "/readyz").json()["services"]["sentiment"].get("reason"), what="a reason")
        assert reason == "its process could not be started: There is no program '/no/such/program', or it may not be executed"
