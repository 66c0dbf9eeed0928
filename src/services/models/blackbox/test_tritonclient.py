"""NVIDIA's tritonclient, unchanged, as the judge: http, grpc and aio, JSON and binary, streams, shared memory."""

import shutil
import subprocess

import pytest
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
