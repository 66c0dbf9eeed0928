"""NVIDIA's tritonclient, unchanged, as the judge: http, grpc and aio, JSON and binary, streams, shared memory."""

import subprocess

import pytest
from harness.open_inference import start
from harness.program import ROOT
from harness.triton_client import triton_python  # noqa: F401  (a fixture)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("placement", ["inline", "process"])
def test_tritonclient_works_unchanged(triton_python, placement, tmp_path):  # noqa: F811
    with start(tmp_path, placement) as program:
        command = [triton_python, ROOT / "tests/triton_clients/calls.py", program.addresses["http"], program.grpc,
                   program.headers["Authorization"]]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0 and "all right" in result.stdout, result.stdout + result.stderr
