"""A program that serves what its registry's aliases say, and MLflow's client to set them."""

import shutil
import sys

import httpx
from harness.keys import make_key
from harness.program import ROOT, Program

sys.path.insert(0, str(ROOT / "src/services/registry/blackbox"))
import clients  # noqa: E402

SUMS = ROOT / "src/backends/inference_openvino/testdata/sum_and_double.onnx"
# As it was made for somewhere else: the registry's name and number are what counts.
SUMS_PACKAGE = """
name: sums-of-the-lab
version: "0.7"
task: tensors
runtime: openvino
file: files/model.onnx
inputs:
  - {name: ids, datatype: INT64, shape: [-1, -1]}
  - {name: weights, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: sum, datatype: FP32, shape: [-1]}
instances: 1
"""


def sums_package(folder):
    (folder / "files").mkdir(parents=True)
    (folder / "model.yaml").write_text(SUMS_PACKAGE)
    shutil.copy(SUMS, folder / "files/model.onnx")
    return folder


TARGET = ("--target", "models,registry")
ROW = {
    "inputs": [
        {"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": [1, 2, 3]},
        {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]},
    ]
}


class Served:
    """A program that follows its registry, MLflow's client for it, and a caller of its models."""

    def __init__(self, folder, follow=("*@champion",), placement=None, models=None, target=TARGET, **registry):
        key, entry = make_key("test", "models.write")
        self.config = {
            "auth": {"anonymous_scopes": ["registry.read", "registry.write"], "api_keys": [entry]},
            "models": {"packages": [], **(models or {}), "registry": {"follow": list(follow), "cache": str(folder / "cache"), **registry}},
            "registry": {"data_directory": str(folder / "registry")},
            "placement": placement or {},
        }
        self.key = key
        self.target = target
        self.program = None
        self.start()

    def start(self):
        self.program = Program(self.config, self.target)

    def __enter__(self):
        self.program.__enter__()
        return self

    def __exit__(self, *error):
        return self.program.__exit__(*error)

    def infer(self, model="sums", version="champion", request=None):
        path = f"/v2/models/{model}/versions/{version}/infer" if version else f"/v2/models/{model}/infer"
        return httpx.post(self.program.url + path, json=request or ROW, headers={"x-api-key": self.key}, timeout=30)

    def put_rule(self, rule, model="sums", alias="champion"):
        answer = httpx.put(f"{self.program.url}/models/{model}/traffic/{alias}", json={"rule": rule}, headers={"x-api-key": self.key})
        assert answer.status_code == 200, answer.text

    def answers(self, expected, **asked):
        answer = self.infer(**asked)
        return answer.status_code == 200 and answer.json()["model_version"] == expected

    def models(self):
        listed = httpx.get(self.program.url + "/models", headers={"x-api-key": self.key}).json()
        return {f"{m['name']}/{m['version']}": m for m in listed.get("models", [])}

    def states(self):
        return {name: model["state"].removeprefix("MODEL_STATE_") for name, model in self.models().items()}


def register(client, name, package):
    """A run that logs the folder, as a training script does; the number of the new version."""
    clients.mlflow.set_experiment("follow")
    with clients.mlflow.start_run() as run:
        clients.mlflow.log_artifacts(str(package), "model")
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    return client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id).version


def champion_of(served):
    """For Load: asks for the champion; outcomes are status codes with versions."""

    def connect():
        http = httpx.Client(base_url=served.program.url, headers={"x-api-key": served.key}, timeout=30)

        def send():
            answer = http.post("/v2/models/sums/versions/champion/infer", json=ROW)
            return (answer.status_code, answer.json().get("model_version"))

        send.close = http.close
        return send

    return connect


def history(served):
    answer = httpx.get(served.program.url + "/models/sums/traffic/champion/history", headers={"x-api-key": served.key})
    return [(m["kind"].removeprefix("TRAFFIC_MOVE_KIND_"), m["who"], m["from_version"], m["to_version"], m["reason"]) for m in answer.json().get("moves", [])]


def state(served, alias="champion"):
    """The rule of an alias with what was observed; {} if there is none."""
    answer = httpx.get(f"{served.program.url}/models/sums/traffic/{alias}", headers={"x-api-key": served.key})
    return answer.json() if answer.status_code == 200 else {}


def bad_package(folder):
    """It loads, and wants another name for an input."""
    sums_package(folder)
    (folder / "model.yaml").write_text(SUMS_PACKAGE.replace("name: ids", "name: idz"))
    (folder / "files/model.onnx").write_bytes(SUMS.read_bytes().replace(b"ids", b"idz"))
    return folder


def slow_package(folder, rounds=400):
    """The same answers, after `rounds` multiplications by an identity matrix of 4 MB."""
    import numpy
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    size = 1024
    identity = numpy.eye(size, dtype=numpy.float32)
    constants = {"wide": identity[:2], "same": identity, "of_ids": numpy.array([1]), "of_weights": numpy.array([1])}
    nodes = [helper.make_node("MatMul", ["weights", "wide"], ["chain0"])]
    nodes += [helper.make_node("MatMul", [f"chain{n}", "same"], [f"chain{n + 1}"]) for n in range(rounds)]
    nodes += [
        helper.make_node("ReduceSum", [f"chain{rounds}", "of_weights"], ["by_way"], keepdims=0),
        helper.make_node("ReduceSum", ["weights", "of_weights"], ["direct"], keepdims=0),
        helper.make_node("Sub", ["by_way", "direct"], ["nothing"]),
        helper.make_node("Cast", ["ids"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["numbers", "of_ids"], ["sum_of_ids"], keepdims=0),
        helper.make_node("Add", ["sum_of_ids", "nothing"], ["sum"]),
    ]
    inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", "length"]), helper.make_tensor_value_info("weights", TensorProto.FLOAT, ["batch", 2])]
    outputs = [helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["batch"])]
    graph = helper.make_graph(nodes, "slow_sum", inputs, outputs, [numpy_helper.from_array(value, name) for name, value in constants.items()])
    sums_package(folder)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "files/model.onnx")
    return folder
