"""NVIDIA's tritonclient, unchanged, as the judge: http, grpc and aio, JSON and binary, streams, shared memory."""

import os
import re
import shutil
import subprocess

import pytest
from harness.documents import follow
from harness.keys import make_key
from harness.open_inference import MODEL, start, write_model
from harness.program import ROOT, Program
from harness.triton_client import triton_python  # noqa: F401  (a fixture)

RUNS = ["models"]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("placement", ["inline", "process"])
def test_tritonclient_works_unchanged(triton_python, placement, tmp_path):  # noqa: F811
    with start(tmp_path, placement) as program:
        command = [triton_python, ROOT / "tests/triton_clients/calls.py", program.addresses["http"], program.grpc,
                   program.headers["Authorization"]]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0 and "all right" in result.stdout, result.stdout + result.stderr


@pytest.mark.timeout(900)
def test_a_text_model_takes_texts_and_answers_labels(triton_python):  # noqa: F811
    key, entry = make_key("caller")
    with Program({"models": {"packages": ["models/sentiment"]}, "auth": {"api_keys": [entry]}}, ["--target", "models"]) as program:
        command = [triton_python, ROOT / "tests/triton_clients/texts.py", program.addresses["http"], program.grpc, f"Bearer {key}"]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0 and "all right" in result.stdout, result.stdout + result.stderr


@pytest.mark.timeout(900)
def test_the_page_about_the_protocol(triton_python, tmp_path):  # noqa: F811
    """docs/open-inference.md: its first calls, as they stand there."""
    key, entry = make_key("me")
    config = {"models": {"packages": ["models/churn"]}, "auth": {"api_keys": [entry]}}
    environment = {"KEY": key, "PATH": f"{triton_python.parent}:{os.environ['PATH']}"}
    with Program(config, ["--target", "models"]) as program:
        printed = follow("docs/open-inference.md", "## Calling it", tmp_path, environment, program)
    assert '"name":"features","datatype":"FP32","shape":[-1,17]' in printed
    over_json, over_grpc = re.search(r'"data":\[(0\.\d+)\]', printed)[1], re.search(r"\[\[(0\.\d+)\]\]\n", printed)[1]
    assert float(over_json) == pytest.approx(float(over_grpc)) and 0.5 < float(over_json) < 1


@pytest.mark.timeout(900)
@pytest.mark.parametrize("placement", ["inline", "process"])
def test_tritonclient_loads_and_unloads(triton_python, placement, tmp_path):  # noqa: F811
    folder = tmp_path / "repository" / "sums"
    folder.parent.mkdir()
    write_model(folder)
    for version in ("1", ".2", ".3"):
        (folder / version).mkdir()
        shutil.copy(folder / "sum_and_double.onnx", folder / version)
    (folder / "sum_and_double.onnx").unlink()
    (folder / "model.yaml").write_text(MODEL.replace('version: "1"\n', ""))  # the folders' names are the versions
    key, entry = make_key("operator", "admin")
    config = {
        "models": {"packages": [], "repository": [str(folder.parent)], "mode": "explicit"},
        "auth": {"api_keys": [entry]},
        "placement": {"models": {"mode": placement}},
    }
    with Program(config, ["--target", "models"]) as program:
        command = [triton_python, ROOT / "tests/triton_clients/control.py", program.addresses["http"], program.grpc, f"Bearer {key}", folder]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0 and "all right" in result.stdout, result.stdout + result.stderr
