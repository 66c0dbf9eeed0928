"""The real model: ours, the bare runtime at its best batch, and FastAPI with the same model file."""

import json
import subprocess
import tempfile
from pathlib import Path

from figures import machine
from figures.measure import Effort, in_turn, load, same_answers, write_bodies
from figures.servers import BUILD, fastapi, starling

FOLDER = "fastapi_openvino"
PACKAGE = machine.ROOT / "models/sentiment"
CONNECTIONS = (1, 8, 32, 128)
SHARES_OF_RIVAL = (0.3, 0.7)
BATCHES = (1, 4, 8, 16, 32)
PER_REQUEST = 32


def texts():
    """The everyday sentences that the model's card is judged by."""
    lines = (machine.ROOT / "models/sentiment/everyday_test.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[1] for line in lines if not line.startswith("#") and "\t" in line]


def measure(effort):
    sentences = texts()
    with tempfile.TemporaryDirectory() as folder:
        single = write_bodies(folder, "single", sentences, 1)
        many = write_bodies(folder, "many", (sentences * 8)[: 8 * PER_REQUEST], PER_REQUEST)
        lines = Path(folder) / "texts"
        lines.write_text("".join(sentence + "\n" for sentence in sentences), encoding="utf-8")
        batch, instances = _best_batch(lines, effort)
        style = _best_style(single, effort)

        def run(connections, rate=0):
            return lambda server: load(server, single, effort, connections, rate)

        with starling() as ours, _rival(style) as rival:
            same_answers(ours, rival, single, 1e-3)
            sides = {"ours": ours, "rival": rival}
            closed = {n: in_turn(sides, effort.rounds, run(n)) for n in CONNECTIONS}
            capacity = min(one["requests_per_s"] for one in closed[32]["rival"])
            rates = [round(share * capacity) for share in SHARES_OF_RIVAL]
            opened = {rate: in_turn(sides, effort.rounds, run(128, rate)) for rate in rates}

            # An answer is 32 texts: time enough for many of them.
            long = effort._replace(seconds=2 * effort.seconds)

            def full(side):
                if side is None:
                    return _runtime(lines, batch, instances, long.seconds)
                return load(side, many, long, 4, texts=PER_REQUEST)

            batches = in_turn({"ours": ours, "rival": rival, "bare": None}, effort.rounds, full)
    return {"style": style, "batch": batch, "instances": instances, "closed": closed, "open": opened, "batches": batches}


def _runtime(lines, batch, instances, seconds):
    command = [BUILD / "bench/bench_runtime", PACKAGE / "sentiment.onnx", PACKAGE / "vocab.txt", lines, batch, instances, seconds]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True, timeout=120)
    return json.loads(done.stdout)


def _best_batch(lines, effort):
    """The batch and number of instances at which the runtime alone does most."""
    tried = {}
    for instances in {1, len(machine.cores())}:
        for batch in BATCHES:
            tried[batch, instances] = _runtime(lines, batch, instances, effort.seconds / 2)["texts_per_s"]
    return max(tried, key=tried.get)


def _rival(style):
    batching, workers, instances = style
    settings = {"MODEL": str(PACKAGE), "BATCHING": batching, "INSTANCES": str(instances)}
    return fastapi(FOLDER, workers, "FastAPI", environment=settings)


def _best_style(bodies, effort):
    """What serves FastAPI best at 32 clients: its own run for each request or micro-batches, one process or one for each core."""
    cores = len(machine.cores())
    short = Effort(1, effort.seconds / 2, effort.warmup)
    tried = {}
    for batching in ("each", "micro"):
        for workers, instances in {(1, cores), (cores, 1)}:
            style = (batching, workers, instances)
            with _rival(style) as rival:
                tried[style] = load(rival, bodies, short, 32)["requests_per_s"]
    return max(tried, key=tried.get)
