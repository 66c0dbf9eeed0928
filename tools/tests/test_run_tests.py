"""The test driver fails when something fails, counts what ran, and ends with its line of totals."""

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from test_driver import stage as stage_module
from test_driver import stages

TOOLS = Path(__file__).resolve().parents[1]


@pytest.fixture
def run_tests(monkeypatch, tmp_path, capsys):
    """Runs the driver with the given functions in place of the stages; returns exit status and output lines."""
    loader = SourceFileLoader("run_tests", str(TOOLS / "run_tests"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    loader.exec_module(module)
    monkeypatch.setattr(stage_module, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(module, "ROOT", tmp_path)

    def run(*functions):
        monkeypatch.setattr(stages, "ALL", list(functions))
        status = module.main([])
        return status, capsys.readouterr().out.splitlines()

    return run


def works(stage):
    stage.count(stage.run("true"))


def breaks(stage):
    stage.count(stage.run("sh", "-c", "echo why it broke; exit 3"))


def test_all_pass(run_tests):
    status, lines = run_tests(works, works)
    assert (status, lines[-1]) == (0, "2 passed, 0 failed")


def test_a_failure_shows_its_output_and_fails_the_run(run_tests):
    status, lines = run_tests(works, breaks)
    assert (status, lines[-1]) == (1, "1 passed, 1 failed")
    assert any("why it broke" in line for line in lines)


def test_a_failed_build_ends_what_needs_it(run_tests):
    def build(stage):
        breaks(stage)

    def unit(stage):
        raise AssertionError("must not run")

    status, lines = run_tests(build, unit)
    assert (status, lines[-1]) == (1, "0 passed, 1 failed")
    assert any(line.startswith("unit") and "not run" in line for line in lines)


def test_nothing_run_is_a_failure(run_tests):
    assert run_tests(lambda stage: None)[0] == 1


def test_cases_of_junit_files_are_counted(run_tests):
    def unit(stage):
        path = stage.results / "cases.xml"
        path.write_text(
            '<testsuites><testsuite><testcase name="a" status="run"/><testcase name="b" status="notrun"/>'
            '<testcase name="c"><failure message="no"/></testcase><testcase name="d"><skipped/></testcase></testsuite></testsuites>'
        )
        assert stage.count_junit(path) == 2

    assert run_tests(unit)[1][-1] == "1 passed, 1 failed"
