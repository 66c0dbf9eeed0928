"""NVIDIA's perf_analyzer, from the last wheel of tritonclient in which it runs here."""

import os
import subprocess
import sys

import pytest
from harness.program import ROOT

REQUIREMENTS = ROOT / "tests/perf_analyzer/requirements.txt"


@pytest.fixture(scope="session")
def perf_analyzer():
    """A function of its arguments that gives what it printed; it must end well."""
    folder = ROOT / "build/perf_analyzer"
    done = folder / "done"
    if not done.exists() or done.read_bytes() != REQUIREMENTS.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [folder / "bin/pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", REQUIREMENTS]
        subprocess.run(install, check=True, timeout=600)
        done.write_bytes(REQUIREMENTS.read_bytes())
    [libraries] = folder.glob("lib/*/site-packages/nvidia/cuda_runtime/lib")

    def run(*arguments):
        command = [str(word) for word in (folder / "bin/perf_analyzer", *arguments)]
        done = subprocess.run(command, env=os.environ | {"LD_LIBRARY_PATH": str(libraries)}, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
