"""A program with a small tensor model, and who may ask it."""

import shutil

from harness.keys import make_key
from harness.program import ROOT, Program

MODEL = """name: sums
version: "1"
task: tensors
runtime: openvino
file: sum_and_double.onnx
inputs:
  - {name: ids, datatype: INT64, shape: [-1, -1]}
  - {name: weights, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: sum, datatype: FP32, shape: [-1]}
  - {name: doubled, datatype: FP32, shape: [-1, 2]}
"""


def write_model(folder):
    folder.mkdir()
    shutil.copy(ROOT / "src/backends/inference_openvino/testdata/sum_and_double.onnx", folder)
    (folder / "model.yaml").write_text(MODEL)
    return folder


def start(folder, placement="inline"):
    """A program that serves the model, with `.headers` of an operator and `.caller_headers` of a caller without scopes."""
    key, entry = make_key("operator", "admin")
    caller, caller_entry = make_key("caller")
    config = {
        "models": {"packages": [str(write_model(folder / "sums"))], "shared_memory_prefix": "starling-test-"},
        "auth": {"api_keys": [entry, caller_entry]},
        "placement": {"sentiment": {"mode": "off"}, "models": {"mode": placement}},
    }
    program = Program(config)
    program.headers = {"Authorization": f"Bearer {key}"}
    program.caller_headers = {"Authorization": f"Bearer {caller}"}
    return program
