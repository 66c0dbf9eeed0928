"""The Open Inference Protocol: one row for an XGBoost model of 100 trees, ours beside MLServer and PyTriton with the same file."""

import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from figures import machine
from figures.measure import Effort, in_turn
from figures.servers import BUILD, RIVALS, Server, free_port, python_of, starling

CONNECTIONS = (1, 8, 32, 128)
FEATURES = 30
REST_PATH, GRPC_PATH = "/v2/models/trees/infer", "/inference.GRPCInferenceService/ModelInfer"
MATERIAL = machine.ROOT / "bench/open_inference"
# MLServer has binary tensors over gRPC alone.
KINDS = {"rest": ("ours", "mlserver", "pytriton"), "binary": ("ours", "pytriton"), "grpc": ("ours", "mlserver", "pytriton")}


def measure(effort):
    # 8 pairs of a server and a protocol, each at 4 numbers of connections: fewer and shorter rounds than elsewhere.
    short = Effort((effort.rounds + 1) // 2, 1.2, 0.4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([python_of("mlserver"), MATERIAL / "material.py", folder], check=True)
        workers = _best_workers(folder, short)
        with ExitStack() as stack:
            ours = stack.enter_context(_ours(folder))
            mlservers = {count: stack.enter_context(_mlserver(folder, count)) for count in set(workers.values())}
            try:
                pytriton = stack.enter_context(_pytriton(folder))
            except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                print(f"no PyTriton: {error}", file=sys.stderr)
                pytriton = None
            kinds = {}
            for kind, names in KINDS.items():
                sides = {"ours": ours, "mlserver": mlservers.get(workers.get(kind)), "pytriton": pytriton}
                some = {name: sides[name] for name in names if sides[name]}
                _same_answers(list(some.values()), kind, folder)
                kinds[kind] = {n: in_turn(some, short.rounds, _loader(folder, kind, n, short)) for n in CONNECTIONS}
            bare = [_bare(folder, short.seconds) for _ in range(short.rounds)]
    return {"kinds": kinds, "bare": bare, "workers": workers, "rounds": short.rounds, "seconds": short.seconds}


def _ours(folder):
    """With an API key, which it asks for and the others do not."""
    package = folder / "trees"
    package.mkdir()
    (package / "model.ubj").write_bytes((folder / "model.ubj").read_bytes())
    tensors = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [-1, FEATURES]}], "outputs": [{"name": "predictions", "datatype": "FP32", "shape": [-1, 1]}]}
    about = {"name": "trees", "version": "1", "task": "tensors", "runtime": "xgboost", "file": "model.ubj", **tensors}
    (package / "model.yaml").write_text(json.dumps(about), encoding="utf-8")  # JSON is YAML too
    made = subprocess.run([BUILD / "starling", "make-api-key", "bench"], capture_output=True, text=True, check=True)
    key = next(word for word in made.stderr.split() if word.startswith("starling_"))
    entry = next(line.split(": ", 1)[1].strip().strip("'\"") for line in made.stdout.splitlines() if "hash:" in line)
    grpc_port, off = free_port(), {"mode": "off"}
    settings = {
        "server": {"grpc": {"address": f"127.0.0.1:{grpc_port}"}},
        "models": {"packages": [str(package)]},
        "auth": {"api_keys": [{"name": "bench", "hash": entry}]},
        "placement": {"sentiment": off, "fraud": off, "churn": off},
    }
    server = starling(settings=settings)
    server.grpc_port, server.authorization = grpc_port, "Bearer " + key
    return server


def _mlserver(folder, workers):
    port, grpc_port, metrics_port = free_port(), free_port(), free_port()
    home = folder / f"mlserver{workers}"
    home.mkdir(exist_ok=True)
    settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": grpc_port, "metrics_port": metrics_port, "parallel_workers": workers, "debug": False}
    model = {"name": "trees", "implementation": "mlserver_xgboost.XGBoostModel", "parameters": {"uri": str(folder / "model.ubj")}}
    (home / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (home / "model-settings.json").write_text(json.dumps(model), encoding="utf-8")
    # More threads for one row only wait for each other.
    environment = {"OMP_NUM_THREADS": "1"}
    command = [python_of("mlserver").parent / "mlserver", "start", home]
    return _rival("MLServer", command, port, grpc_port, home, environment)


def _pytriton(folder):
    # Its part inside Triton is linked with Debian's libpython3.11, which needs the standard library of the same version.
    python = python_of("pytriton", "/usr/bin/python3.11")
    port, grpc_port = free_port(), free_port()
    environment = {"MODEL": str(folder / "model.ubj"), "HTTP_PORT": str(port), "GRPC_PORT": str(grpc_port), "METRICS_PORT": str(free_port()), "OMP_NUM_THREADS": "1"}
    return _rival("PyTriton", [python, RIVALS / "pytriton/app.py"], port, grpc_port, folder, environment)


def _rival(name, command, port, grpc_port, home, environment):
    server = Server(name, command, port, "/v2/models/trees/ready", home, environment=environment)
    server.grpc_port, server.authorization = grpc_port, ""
    return server


def _best_workers(folder, effort):
    """For each protocol the number of processes that serves MLServer best at 32 connections: none beside the server, or one for each core."""
    kinds = [kind for kind, names in KINDS.items() if "mlserver" in names]
    tried = {kind: {} for kind in kinds}
    for workers in {0, len(machine.cores())}:
        with _mlserver(folder, workers) as server:
            for kind in kinds:
                _answers(server, kind, folder)  # its first ones take long
                tried[kind][workers] = max(_load(server, folder, kind, 32, effort)["requests_per_s"] for _ in range(2))
    return {kind: max(rates, key=rates.get) for kind, rates in tried.items()}


def _loader(folder, kind, connections, effort):
    return lambda server: _load(server, folder, kind, connections, effort)


def _load(server, folder, kind, connections, effort):
    command = [BUILD / "bench/bench_load", "--connections", connections, "--seconds", effort.seconds, "--warmup", effort.warmup, "--pid", server.pid, "--timeout", 10]
    command += ["--url", server.url(REST_PATH) if kind != "grpc" else f"http://127.0.0.1:{server.grpc_port}{GRPC_PATH}"]
    if kind == "rest":
        command += ["--body-file", folder / "rest.jsonl"]
    else:
        command += [word for file in sorted(folder.glob(f"{kind}.[0-9]*")) for word in ("--body", file)]
    if kind == "grpc":
        command.append("--grpc")
    if kind == "binary":
        command += ["--content-type", "application/octet-stream", "--header", (folder / "binary.header").read_text(encoding="utf-8")]
    if server.authorization:
        command += ["--header", "authorization: " + server.authorization]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"bench_load failed: {done.stderr}")
    result = json.loads(done.stdout)
    if result["failures"] or set(result["statuses"]) - {"200"}:
        raise RuntimeError(f"{server.name} answers badly over {kind}: {result}")
    return result


def _same_answers(servers, kind, folder):
    answers = [_answers(server, kind, folder) for server in servers]
    for server, other in zip(servers[1:], answers[1:]):
        if any(abs(a - b) > 1e-5 * max(1, abs(a)) for a, b in zip(answers[0], other, strict=True)):
            raise RuntimeError(f"{servers[0].name} and {server.name} differ over {kind}: {answers[0]} and {other}")


def _answers(server, kind, folder):
    files = sorted(folder.glob(f"{kind}.[0-9]*"))
    if kind == "grpc":
        where, what = f"127.0.0.1:{server.grpc_port}", files
    elif kind == "rest":
        where, what = server.url(REST_PATH), [folder / "rest.jsonl"]
    else:
        where, what = server.url(REST_PATH), [(folder / "binary.header").read_text(encoding="utf-8"), *files]
    command = [python_of("mlserver"), MATERIAL / "ask.py", kind, where, server.authorization, *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{server.name} does not answer over {kind}: {done.stderr}")
    return json.loads(done.stdout)


def _bare(folder, seconds):
    command = [BUILD / "bench/bench_trees", folder / "model.ubj", folder / "rows.txt", len(machine.cores()), seconds]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)
