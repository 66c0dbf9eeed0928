"""NVIDIA's tritonclient, unchanged, as the judge: http, grpc and aio, JSON and binary, streams, shared memory."""

import subprocess
import sys

import pytest
from harness.program import ROOT
from harness.open_inference import start

REQUIREMENTS = ROOT / "tests/triton_clients/requirements.txt"


@pytest.fixture(scope="session")
def python():
    """With what the client needs, apart from the tests' own packages: it wants an older protobuf."""
    folder = ROOT / "build/triton_clients"
    done = folder / "done"
    if not done.exists() or done.read_bytes() != REQUIREMENTS.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [folder / "bin/pip", "install", "--quiet", "--require-hashes", "-r", REQUIREMENTS]
        subprocess.run(install, check=True, timeout=600)
        done.write_bytes(REQUIREMENTS.read_bytes())
    return folder / "bin/python"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("placement", ["inline", "process"])
def test_tritonclient_works_unchanged(python, placement, tmp_path):
    with start(tmp_path, placement) as program:
        command = [python, ROOT / "tests/triton_clients/calls.py", program.addresses["http"], program.grpc,
                   program.headers["Authorization"]]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0 and "all right" in result.stdout, result.stdout + result.stderr
