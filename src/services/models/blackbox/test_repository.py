"""A repository of numbered versions, followed by polling: swaps under load, memory that returns, versions half-written."""

import base64
import os
import shutil
import struct
import threading

import httpx
import pytest
from harness.keys import make_key
from harness.program import ROOT, Program, wait_for

RUNS = ["models"]

ONNX = ROOT / "src/backends/inference_openvino/testdata/sum_and_double.onnx"
PACKAGE = """
task: tensors
runtime: openvino
file: model.onnx
inputs:
  - {name: ids, datatype: INT64, shape: [-1, -1]}
  - {name: weights, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: sum, datatype: FP32, shape: [-1]}
  - {name: doubled, datatype: FP32, shape: [-1, 2]}
instances: 1
"""


class Repository:
    def __init__(self, path):
        self.path = path
        path.mkdir()

    def model(self, name):
        (self.path / name).mkdir()
        (self.path / name / "model.yaml").write_text(PACKAGE)

    def publish(self, name, version):
        hidden = self.path / name / f".{version}"
        hidden.mkdir()
        shutil.copy(ONNX, hidden / "model.onnx")
        hidden.rename(self.path / name / str(version))

    def withdraw(self, name, version):
        hidden = self.path / name / f".{version}"
        (self.path / name / str(version)).rename(hidden)
        shutil.rmtree(hidden)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")


class Caller:
    def __init__(self, program, key):
        self.client = httpx.Client(base_url=program.url, headers={"x-api-key": key}, timeout=30)

    def infer(self, name="sums"):
        tensors = [
            {"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": base64.b64encode(struct.pack("<3q", 1, 2, 3)).decode()},
            {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": base64.b64encode(struct.pack("<2f", 1, 2)).decode()},
        ]
        return self.client.post(f"/models/{name}/infer", json={"inputs": tensors})

    def states(self):
        return {f"{m['name']}/{m['version']}": m["state"].removeprefix("MODEL_STATE_") for m in self.client.get("/models").json().get("models", [])}


def running(repository, wait_ready=True, **models):
    key, entry = make_key("test")
    settings = {"repository": [str(repository.path)], "packages": [], "mode": "poll", "poll_interval": "20ms"} | models
    program = Program({"auth": {"api_keys": [entry]}, "models": settings}, ["--target", "models"], wait_ready=wait_ready)
    return program, key


def test_runs_a_tensor_model_of_a_repository(repository):
    repository.model("sums")
    repository.publish("sums", 1)
    program, key = running(repository, mode="none")
    with program:
        caller = Caller(program, key)
        answer = caller.infer()
        assert answer.status_code == 200, answer.text
        assert answer.json()["version"] == "1"
        total, doubled = answer.json()["outputs"]
        assert struct.unpack("<f", base64.b64decode(total["data"])) == (6.0,)
        assert struct.unpack("<2f", base64.b64decode(doubled["data"])) == (2.0, 4.0)
        assert program.metrics()['starling_models_versions{state="ready"}'] == 1


@pytest.mark.parametrize("swaps", [20, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_swaps_under_load_lose_no_request(repository, swaps):
    repository.model("sums")
    repository.publish("sums", 1)
    program, key = running(repository)
    with program:
        over = threading.Event()
        failures, versions = [], set()

        def call():
            caller = Caller(program, key)
            while not over.is_set():
                answer = caller.infer()
                if answer.status_code != 200:
                    failures.append(answer.text)
                    return
                versions.add(answer.json()["version"])

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        wait_for(lambda: failures or "1" in versions, what="an answer of version 1")
        for version in range(2, swaps + 2):
            repository.publish("sums", version)
            wait_for(lambda version=version: failures or str(version) in versions, what=f"an answer of version {version}")
            assert not failures
            repository.withdraw("sums", version - 1)
        over.set()
        for caller in callers:
            caller.join()
        assert not failures
        assert len(versions) == swaps + 1


def resident_kib(program):
    with open(f"/proc/{program.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


@pytest.mark.parametrize("cycles", [40, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_memory_returns_when_models_are_unloaded(repository, cycles):
    repository.model("sums")
    program, key = running(repository)
    with program:
        caller = Caller(program, key)
        after_ten = 0
        for cycle in range(1, cycles + 1):
            repository.publish("sums", 1)
            wait_for(lambda: caller.states().get("sums/1") == "READY", what="the model")
            assert caller.infer().status_code == 200
            repository.withdraw("sums", 1)
            wait_for(lambda: caller.states() == {}, what="the end of the model")
            if cycle == 10:
                after_ten = resident_kib(program)
        assert resident_kib(program) <= after_ten * 1.02, f"{after_ten} KiB after cycle 10"


def test_half_written_versions_never_load(repository):
    repository.model("sums")
    repository.publish("sums", 1)
    program, key = running(repository)
    with program:
        caller = Caller(program, key)
        hidden = repository.path / "sums" / ".2"
        hidden.mkdir()
        (hidden / "model.onnx").write_bytes(ONNX.read_bytes()[:50])
        repository.model("other")
        repository.publish("other", 1)
        wait_for(lambda: caller.states().get("other/1") == "READY", what="a later model")
        assert set(caller.states()) == {"sums/1", "other/1"}
        # One that was put there without a rename fails alone, and the version before it goes on.
        os.rename(hidden, repository.path / "sums" / "2")
        wait_for(lambda: caller.states().get("sums/2") == "FAILED", what="the broken version")
        assert caller.infer().status_code == 200
        assert httpx.get(program.url + "/readyz").status_code == 200


TRITON = """
name: "sums"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  { name: "ids" data_type: TYPE_INT64 dims: [ -1 ] },
  { name: "weights" data_type: TYPE_FP32 dims: [ 2 ] }
]
output [ { name: "doubled" data_type: TYPE_FP32 dims: [ 2 ] } ]
instance_group [ { count: 1 kind: KIND_CPU } ]
optimization { graph { level: 1 } }
"""


def test_a_triton_repository_loads_unchanged(repository):
    (repository.path / "sums").mkdir()
    (repository.path / "sums" / "config.pbtxt").write_text(TRITON)
    repository.publish("sums", 1)
    program, key = running(repository, mode="none")
    with program:
        answer = Caller(program, key).infer()
        assert answer.status_code == 200, answer.text
        [doubled] = answer.json()["outputs"]
        assert struct.unpack("<2f", base64.b64decode(doubled["data"])) == (2.0, 4.0)
        assert "config.pbtxt:11: 'optimization' has no meaning here." in program.log()


def test_a_pickle_fails_its_model_alone_and_says_why(repository):
    for name in ("sums", "evil"):
        repository.model(name)
        repository.publish(name, 1)
    (repository.path / "evil" / "1" / "model.onnx").write_bytes(b"\x80\x04\x95\x00")
    program, key = running(repository, mode="none", wait_ready=False)
    with program:
        caller = Caller(program, key)
        wait_for(lambda: caller.states() == {"evil/1": "FAILED", "sums/1": "READY"}, what="both models")
        assert caller.infer().status_code == 200
        assert "could run code" in httpx.get(program.url + "/readyz").text
