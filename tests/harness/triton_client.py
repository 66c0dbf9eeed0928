"""A Python with NVIDIA's tritonclient, apart from the tests' own packages: it wants an older protobuf."""

import subprocess
import sys

import pytest
from harness.program import ROOT

REQUIREMENTS = ROOT / "tests/triton_clients/requirements.txt"


@pytest.fixture(scope="session")
def triton_python():
    folder = ROOT / "build/triton_clients"
    done = folder / "done"
    if not done.exists() or done.read_bytes() != REQUIREMENTS.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [folder / "bin/pip", "install", "--quiet", "--require-hashes", "-r", REQUIREMENTS]
        subprocess.run(install, check=True, timeout=600)
        done.write_bytes(REQUIREMENTS.read_bytes())
    return folder / "bin/python"
