"""What a test file says in RUNS holds in each program that it starts: tools/test_driver/reads.py builds on that."""

import os
import subprocess
from types import SimpleNamespace

import pytest
from harness.fixtures import pytest_runtest_setup
from harness.program import BINARY, ROOT, Program

RUNS = ["registry"]


def test_no_other_service_runs_whatever_the_configuration_says():
    with Program({"placement": {"sentiment": {"mode": "process"}}}) as program:
        assert [service["name"] for service in program.status()["services"]] == ["registry"]


def test_nor_in_a_program_that_the_harness_does_not_start():
    shown = subprocess.run([BINARY, "check-config", "--config", ROOT / "configs/all.yaml"], capture_output=True, text=True, check=True).stdout
    assert shown.partition("in the order of their start:\n")[2].split() == ["#", "registry", "inline"]


def test_the_shared_program_that_runs_everything_is_refused(monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    item = SimpleNamespace(module=SimpleNamespace(RUNS=[]), fixturenames=["tmp_path", "starling"], path="test_x.py")
    with pytest.raises(AssertionError, match="test_x.py has RUNS"):
        pytest_runtest_setup(item)
    item.module = SimpleNamespace()
    pytest_runtest_setup(item)
