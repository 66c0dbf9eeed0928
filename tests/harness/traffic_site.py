"""A program with four versions of a model, an operator who may set traffic rules and a caller."""

import httpx
import pytest
from harness.keys import make_key
from harness.program import ROOT, Program, wait_for

ONNX = (ROOT / "src/backends/inference_openvino/testdata/sum_and_double.onnx").read_bytes()
TWO, TEN = b"\x00\x00\x00\x40", b"\x00\x00\x20\x41"  # little-endian floats
PACKAGE = """
task: tensors
runtime: openvino
file: model.onnx
inputs:
  - {{name: {ids}, datatype: INT64, shape: [-1, -1]}}
  - {{name: weights, datatype: FP32, shape: [-1, 2]}}
outputs:
  - {{name: sum, datatype: FP32, shape: [-1]}}
  - {{name: doubled, datatype: FP32, shape: [-1, 2]}}
instances: 1
"""


def write_versions(folder):
    """1 and 2 are the same; 3 multiplies by ten where it should double; 4 wants another name for an input, so it fails."""
    wrong = ONNX.replace(b"J\x04" + TWO, b"J\x04" + TEN)
    renamed = ONNX.replace(b"ids", b"idz")
    assert ONNX not in (wrong, renamed)
    for version, data in {"1": ONNX, "2": ONNX, "3": wrong, "4": renamed}.items():
        (folder / "sums" / version).mkdir(parents=True)
        (folder / "sums" / version / "model.onnx").write_bytes(data)
        (folder / "sums" / version / "model.yaml").write_text(PACKAGE.format(ids="idz" if version == "4" else "ids"))
    (folder / "sums" / "versions.yaml").write_text('all: true\naliases: {champion: "1"}\n')


class Site:
    """A program with the four versions, its operator and a caller without scopes."""

    def __init__(self, folder):
        write_versions(folder / "models")
        self.folder = folder
        self.key, operator = make_key("olga", "models.write")
        self.caller_key, caller = make_key("carl")
        self.config = {
            "auth": {"api_keys": [operator, caller]},
            "models": {
                "repository": [str(folder / "models")],
                "packages": [],
                "traffic": {"sqlite": {"path": str(folder / "traffic.db")}, "check_interval": "20ms"},
            },
        }

    def start(self):
        self.program = Program(self.config, ["--target", "models"])
        self.operator = httpx.Client(base_url=self.program.url, headers={"x-api-key": self.key}, timeout=30)
        self.caller = httpx.Client(base_url=self.program.url, headers={"x-api-key": self.caller_key}, timeout=30)
        # A model is ready with its first version; here all of them must be.
        wait_for(lambda: {model["state"] for model in self.caller.get("/models").json()["models"]} == {"MODEL_STATE_READY"}, what="all versions")
        return self.program

    def set(self, rule, alias="champion", **more):
        answer = self.operator.put(f"/models/sums/traffic/{alias}", json={"rule": rule} | more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, alias="champion"):
        return self.caller.get(f"/models/sums/traffic/{alias}").json()

    def arms(self):
        return {arm["version"]: arm for arm in self.get()["arms"]}

    def moves(self):
        moves = self.caller.get("/models/sums/traffic/champion/history").json()["moves"]
        return [(m["kind"].removeprefix("TRAFFIC_MOVE_KIND_"), m["who"], m["from_version"], m["to_version"]) for m in moves]

    def infer(self, key=None, alias="champion", model="sums"):
        body = {
            "inputs": [
                {"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": [1, 2, 3]},
                {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]},
            ]
        }
        if key is not None:
            body["parameters"] = {"sticky_key": key}
        return self.caller.post(f"/v2/models/{model}/" + (f"versions/{alias}/infer" if alias else "infer"), json=body)

    def version(self, key=None):
        answer = self.infer(key)
        assert answer.status_code == 200, answer.text
        return answer.json()["model_version"]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)
