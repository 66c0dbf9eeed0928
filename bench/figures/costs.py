"""What the ways to a model cost: one row for the model fraud, over REST in JSON, beside the same model asked in the plain way."""

import http.client
import json
import random
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from figures import machine
from figures.measure import Effort, in_turn
from figures.servers import BUILD, free_port, starling

CONNECTIONS = 8
FEATURES = 26
MODEL = machine.ROOT / "models/fraud/fraud.ubj"
TENSORS = {
    "inputs": [{"name": "features", "datatype": "FP32", "shape": [-1, FEATURES]}],
    "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 1]}],
}
STEPS = 3
# What is compared: a path below /v2/models, and whether requests say their priority.
WAYS = {
    "inline": ("trees", False),
    "priorities": ("ranked", True),
    "graph": ("three", False),
    "alias": ("mirrored/versions/stable", False),
    "shadow": ("mirrored/versions/shadowed", False),
    "process": ("child", False),
    "remote": ("remote", False),
    "remote_rest": ("remote-rest", False),
}


def measure(effort):
    """For each way the rounds of bench_load, whose processor time is that of all programs together."""
    short = Effort(effort.rounds, 1.2, 0.4)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        key, entry = _key()
        grpc_port = free_port()
        _package(folder / "there", "trees")
        there = stack.enter_context(starling("upstream", settings=_settings(entry, [folder / "there"], grpc_port)))
        ours = stack.enter_context(starling(settings=_ours(folder, entry, key, grpc_port, there.port)))
        _shadow(ours, key)
        bodies = {ranked: _bodies(folder / f"rows{ranked}.jsonl", {"parameters": {"priority": 1}} if ranked else {}) for ranked in (False, True)}
        pids = [ours.pid, there.pid]
        sides = {way: (path, bodies[ranked]) for way, (path, ranked) in WAYS.items()}
        results = in_turn(sides, short.rounds, lambda side: _load(ours, pids, key, *side, short))
    return {"ways": results, "connections": CONNECTIONS, "steps": STEPS}


def _bodies(file, more):
    numbers = random.Random(1)
    rows = [[round(numbers.gauss(0, 1), 4) for _ in range(FEATURES)] for _ in range(16)]
    inputs = [{"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, FEATURES], "data": row}]} | more for row in rows]
    file.write_text("".join(json.dumps(body) + "\n" for body in inputs), encoding="utf-8")
    return file


def _key():
    made = subprocess.run([BUILD / "starling", "make-api-key", "bench", "--scope", "models.write"], capture_output=True, text=True, check=True)
    key = next(word for word in made.stderr.split() if word.startswith("starling_"))
    hashed = next(line.split(": ", 1)[1].strip().strip("'\"") for line in made.stdout.splitlines() if "hash:" in line)
    return key, {"name": "bench", "hash": hashed, "scopes": ["models.write"]}


def _settings(entry, packages, grpc_port=0):
    off = {"mode": "off"}
    return {
        "server": {"grpc": {"address": f"127.0.0.1:{grpc_port}"}},
        "models": {"packages": [str(package) for package in packages]},
        "auth": {"api_keys": [entry]},
        "placement": {name: off for name in ("sentiment", "fraud", "churn", "images", "registry")},
    }


def _package(folder, name, **more):
    """JSON is YAML too."""
    folder.mkdir(parents=True)
    about = {"name": name, "version": "1", "task": "tensors"} | TENSORS | more
    if "runtime" not in more:
        about |= {"runtime": "xgboost", "file": str(MODEL)}
    (folder / "model.yaml").write_text(json.dumps(about), encoding="utf-8")


def _ours(folder, entry, key, grpc_port, http_port):
    _package(folder / "trees", "trees")
    _package(folder / "ranked", "ranked", batching={"priority_levels": 2, "default_priority": 2})
    steps = [{"name": f"step{number}", "model": "trees", "inputs": {"features": "request.features"}} for number in range(STEPS)]
    graph = {"graph": steps, "outputs": [TENSORS["outputs"][0] | {"from": f"step{STEPS - 1}.probabilities"}]}
    _package(folder / "three", "three", runtime="graph", **graph)
    for name, url in (("remote", f"grpc://127.0.0.1:{grpc_port}"), ("remote-rest", f"http://127.0.0.1:{http_port}")):
        _package(folder / name, name, runtime="remote", instances=2, runtime_options={"url": url, "model": "trees", "api_key_file": "key"})
        (folder / name / "key").write_text(key, encoding="utf-8")
    # The child is this program again, so that the way to it is all that differs.
    child = _settings(entry, [folder / "there"]) | {"server": {"http": {"address": ""}, "admin": {"address": ""}}}
    (folder / "child.json").write_text(json.dumps(child), encoding="utf-8")
    serve = f"exec {BUILD}/starling serve --config {folder}/child.json --set server.grpc.address=unix:$STARLING_SOCKET"
    _package(folder / "child", "child", runtime="process", instances=2, command=["sh", "-c", serve], runtime_options={"model": "trees"})
    mirrored = folder / "repository/mirrored"
    for version in ("1", "2"):
        (mirrored / version).mkdir(parents=True)
        (mirrored / version / "model.ubj").write_bytes(MODEL.read_bytes())
    (mirrored / "model.yaml").write_text(json.dumps({"task": "tensors", "runtime": "xgboost", "file": "model.ubj"} | TENSORS), encoding="utf-8")
    (mirrored / "versions.yaml").write_text(json.dumps({"all": True, "aliases": {"stable": "1", "shadowed": "1"}}), encoding="utf-8")
    names = ("trees", "ranked", "three", "remote", "remote-rest", "child")
    settings = _settings(entry, [folder / name for name in names])
    settings["models"] |= {"repository": [str(mirrored.parent)], "allow_commands": True, "traffic": {"sqlite": {"path": str(folder / "traffic.db")}}}
    return settings


def _shadow(server, key):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    rule = {"rule": {"shadow": {"version": "2", "percent": 100}}, "reason": "what it costs"}
    connection.request("PUT", "/models/mirrored/traffic/shadowed", json.dumps(rule), {"content-type": "application/json", "authorization": f"Bearer {key}"})
    response = connection.getresponse()
    text = response.read()
    if response.status != 200:
        raise RuntimeError(f"no rule: {response.status} {text[:300]!r}")


def _load(server, pids, key, path, bodies, effort):
    command = [BUILD / "bench/bench_load", "--connections", CONNECTIONS, "--seconds", effort.seconds, "--warmup", effort.warmup, "--timeout", 10]
    command += ["--url", server.url(f"/v2/models/{path}/infer"), "--body-file", bodies, "--header", f"authorization: Bearer {key}"]
    command += [word for pid in pids for word in ("--pid", pid)]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"bench_load failed: {done.stderr}")
    result = json.loads(done.stdout)
    if result["failures"] or set(result["statuses"]) - {"200"}:
        raise RuntimeError(f"{path} answers badly: {result}")
    return result
