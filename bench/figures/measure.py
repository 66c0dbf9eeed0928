"""One measurement, and many of them in turn."""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from figures.servers import BUILD

PATH = "/analyze-sentiment"


class Effort(NamedTuple):
    """How long the run takes: rounds of each comparison, and seconds of each measurement."""

    rounds: int
    seconds: float
    warmup: float


FULL = Effort(rounds=5, seconds=2.0, warmup=0.5)
QUICK = Effort(rounds=3, seconds=0.8, warmup=0.3)


def offer(server, bodies, effort, connections, rate=0, texts=1, processors=None, arrivals="even", turn=0):
    """What bench_load prints. `bodies` is a file of JSON lines."""
    command = [
        BUILD / "bench/bench_load", "--url", server.url(PATH), "--body-file", bodies, "--connections", connections, "--rate", rate,
        "--arrivals", arrivals, "--seconds", effort.seconds, "--warmup", effort.warmup, "--texts", texts, "--pid", server.pid, "--timeout", 5,
        "--turn", turn,
    ]  # fmt: skip
    if processors:
        command = ["taskset", "-c", processors, *command]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"bench_load failed: {done.stderr}")
    return json.loads(done.stdout)


def load(server, bodies, effort, connections, rate=0, texts=1, processors=None):
    """The same, where nothing may be refused."""
    result = offer(server, bodies, effort, connections, rate, texts, processors)
    if result["failures"] or set(result["statuses"]) - {"200"}:
        raise RuntimeError(f"{server.name} answers badly: {result}")
    return result


def in_turn(sides, rounds, measure):
    """{name: [result of each round]}; the sides take turns, so that a machine that drifts is unkind to all alike."""
    results = {name: [] for name in sides}
    for round_number in range(rounds):
        names = list(sides) if round_number % 2 == 0 else list(reversed(sides))
        for name in names:
            results[name].append(measure(sides[name]))
        print(".", end="", file=sys.stderr, flush=True)
    return results


class Figure(NamedTuple):
    """The median of the rounds with their least and greatest."""

    median: float
    low: float
    high: float


def figure(results, *path):
    values = []
    for result in results:
        for key in path:
            result = result[key]
        values.append(result)
    return Figure(statistics.median(values), min(values), max(values))


def ratio(over, under):
    return over.median / under.median if under.median else 0.0


def write_bodies(folder, name, texts, per_request):
    """A file with one request body a line, `per_request` texts in each."""
    groups = [texts[start : start + per_request] for start in range(0, len(texts) - per_request + 1, per_request)]
    file = Path(folder) / f"{name}.jsonl"
    file.write_text("".join(json.dumps({"texts": group}) + "\n" for group in groups), encoding="utf-8")
    return file


def same_answers(ours, theirs, bodies, tolerance):
    """Both sides must do the same work, or comparing them means nothing."""
    for body in bodies.read_text(encoding="utf-8").splitlines()[:20]:
        mine, other = ours.post(PATH, body)["results"], theirs.post(PATH, body)["results"]
        for a, b in zip(mine, other, strict=True):
            alike = a["text"] == b["text"] and a["sentiment"] == b["sentiment"] and abs(a["confidence"] - b["confidence"]) <= tolerance
            if not alike:
                raise RuntimeError(f"{ours.name} and {theirs.name} differ: {a} and {b}")
