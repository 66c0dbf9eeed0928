"""One tiny model in each format that OpenVINO reads, served; and what can run code refused, with the reason."""

import pickle

import httpx
import pytest
from harness.keys import make_key
from harness.model_formats import WRITERS, saved_model
from harness.program import Program
from harness.waiting import wait_for

READS = ["tests/harness/*"]
RUNS = ["models"]

PACKAGE = """
name: {name}
version: "1"
task: tensors
runtime: openvino
file: {file}
inputs: [{{name: x, datatype: FP32, shape: [-1, 2]}}]
outputs: [{{name: y, datatype: FP32, shape: [-1, 2]}}]
instances: 1
"""


def test_every_format_answers(tmp_path):
    packages = []
    for name, write in WRITERS.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "model.yaml").write_text(PACKAGE.format(name=name, file=write(folder)))
        packages.append(str(folder))
    key, entry = make_key("caller")
    with Program({"models": {"packages": packages}, "auth": {"api_keys": [entry]}}, ["--target", "models"]) as program:
        for name in WRITERS:
            body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [3, 2], "data": [1, 2, 3, 4, 5, -6.5]}]}
            answer = httpx.post(f"{program.url}/v2/models/{name}/infer", json=body, headers={"x-api-key": key}, timeout=30)
            assert answer.status_code == 200, (name, answer.text)
            assert answer.json()["outputs"][0]["data"] == [2, 4, 6, 8, 10, -13], name


class Evil:
    def __reduce__(self):
        return eval, ("open('/tmp/should-not-be-there', 'w')",)


def python_graph(folder):
    (folder / "graph").mkdir()
    (folder / "graph" / "saved_model.pb").write_bytes(saved_model("EagerPyFunc"))
    return "graph"


def written(name, content):
    def write(folder):
        (folder / name).write_bytes(content)
        return name

    return write


CODE = {
    "pickle": (written("model.onnx", pickle.dumps(Evil())), "a Python pickle"),
    "old-pickle": (written("model.tflite", pickle.dumps(Evil(), protocol=0)), "a Python pickle"),
    "pytorch": (written("model.pt", b"PK\x03\x04"), "PyTorch"),
    "keras": (written("model.h5", b"\x89HDF\r\n\x1a\n"), "Keras"),
    "py-function": (python_graph, "py_function"),
}


@pytest.mark.parametrize("name", CODE)
def test_what_can_run_code_is_refused_with_the_reason(tmp_path, name):
    write, why = CODE[name]
    (tmp_path / "model.yaml").write_text(PACKAGE.format(name=name, file=write(tmp_path)))
    with Program({"models": {"packages": [str(tmp_path)]}}, ["--target", "models"], wait_ready=False) as program:
        page = wait_for(lambda: "failed to load" in (text := httpx.get(program.url + "/readyz").text) and text, 20, "a reason")
        assert why in page and "could run code" in page
