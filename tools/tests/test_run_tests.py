"""The test driver fails when something fails, counts what ran, and ends with its line of totals."""

import importlib.util
import os
import re
import subprocess
import sys
import threading
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from test_driver import stage as stage_module
from test_driver import reads, stages, verdicts

READS = ["tools/run_tests", "tools/test_driver/*"]

TOOLS = Path(__file__).resolve().parents[1]


def forget_what_was_read():
    for known in vars(reads).values():
        getattr(known, "cache_clear", lambda: None)()


@pytest.fixture
def run_tests(monkeypatch, tmp_path, capsys):
    """Runs the driver with the given functions in place of the stages; returns exit status and output lines."""
    loader = SourceFileLoader("run_tests", str(TOOLS / "run_tests"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    loader.exec_module(module)
    monkeypatch.setattr(stage_module, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(module, "ROOT", tmp_path)

    monkeypatch.setattr(verdicts, "FOLDER", tmp_path / "verdicts")

    monkeypatch.delenv("CI", raising=False)

    def run(*functions, beside=(), arguments=()):
        monkeypatch.setattr(stages, "FIRST", list(functions))
        monkeypatch.setattr(stages, "BESIDE", [list(line) for line in beside] or [[]])
        forget_what_was_read()
        status = module.main(list(arguments))
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


def test_a_stage_says_what_its_commands_and_their_children_took_of_a_processor(run_tests):
    def burns(stage):
        loop = "import time\nwhile time.process_time() < 0.3: pass"
        stage.count(stage.run("sh", "-c", '"$0" -c "$1"; true', sys.executable, loop))

    _, lines = run_tests(works, burns)
    [took] = [re.search(r"([\d.]+) s of a processor", line)[1] for line in lines if line.startswith("burns")]
    assert 0.3 <= float(took) < 3


def test_lines_of_stages_run_beside_each_other(run_tests):
    barrier = threading.Barrier(2)

    def lint(stage):
        stage.count(barrier.wait(20) >= 0)

    def tools(stage):
        stage.count(barrier.wait(20) >= 0)

    status, lines = run_tests(works, beside=[[lint, breaks], [tools, works]])
    assert (status, lines[-1]) == (1, "4 passed, 1 failed")


TESTS = """
import pathlib

def test_one():
    with open(pathlib.Path(__file__).with_name("ran.ignored"), "a") as ran:
        ran.write("x")

def test_two():
    assert "good" in pathlib.Path(__file__).with_name("data.txt").read_text()
"""


class Project:
    """A tree with one test file, the data that it reads, a C++ source and a built program."""

    def __init__(self, run_tests, folder):
        self._run_tests, self.folder = run_tests, folder
        subprocess.run(["git", "init", "-q", folder], check=True)
        for name, text in {
            ".gitignore": "build\n*.ignored\n__pycache__\n", "tests/test_it.py": TESTS, "tests/data.txt": "good", "src/a.cc": "int a;", "build/release/a.cc.o": "1",
        }.items():  # fmt: skip
            self.write(name, text)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        # The past: what is written while tests run is another case.
        os.utime(path, (1e9, 1e9))

    def test(self, *arguments):
        """(did the tests run, last line)"""
        before = self._runs()

        def blackbox(stage):
            stages._pytest(stage, "tests")

        _, lines = self._run_tests(blackbox, arguments=arguments)
        assert any(line.startswith("2 of those that passed were not run again") for line in lines) == (self._runs() == before)
        return self._runs() > before, lines[-1]

    def _runs(self):
        ran = self.folder / "tests/ran.ignored"
        return len(ran.read_text()) if ran.exists() else 0


@pytest.fixture
def project(run_tests, tmp_path, monkeypatch):
    for module in (reads, stages, stage_module, verdicts):
        monkeypatch.setattr(module, "ROOT", tmp_path / "project")
    monkeypatch.setattr(stages, "PROCESSES", 0)
    monkeypatch.setattr(stages, "PYTEST", [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"])
    return Project(run_tests, tmp_path / "project")


def test_what_passed_and_reads_nothing_new_is_counted_and_not_run(project):
    assert project.test() == (True, "2 passed, 0 failed")
    assert project.test() == (False, "2 passed, 0 failed")
    # What the tests cannot see: a source whose program is the same.
    project.write("src/a.cc", "int b;")
    assert project.test() == (False, "2 passed, 0 failed")


@pytest.mark.parametrize("name, text", [("tests/test_it.py", TESTS + "#"), ("tests/data.txt", "good as well"), ("build/release/a.cc.o", "2")])
def test_what_reads_something_new_is_run(project, name, text):
    assert project.test() == (True, "2 passed, 0 failed")
    project.write(name, text)
    assert project.test() == (True, "2 passed, 0 failed")
    assert project.test()[0] is False


def test_all_and_ci_ask_for_no_verdict(project, monkeypatch):
    assert project.test() == (True, "2 passed, 0 failed")
    assert project.test("--all") == (True, "2 passed, 0 failed")
    monkeypatch.setenv("CI", "1")
    assert project.test() == (True, "2 passed, 0 failed")


def test_a_failure_is_never_kept(project):
    project.write("tests/data.txt", "bad")
    assert project.test() == (True, "1 passed, 1 failed")
    assert project.test() == (True, "1 passed, 1 failed")


def test_what_changes_while_tests_run_has_no_verdict(project):
    project.write("tests/test_it.py", TESTS.replace("ran.write", "pathlib.Path(__file__).touch(), ran.write"))
    assert project.test() == (True, "2 passed, 0 failed")
    assert project.test() == (True, "2 passed, 0 failed")


def test_a_file_that_says_what_it_reads_is_held_to_that(project):
    project.write("tests/test_it.py", 'READS = ["src/*"]\n' + TESTS)
    assert project.test()[0] is True
    project.write("build/release/a.cc.o", "2")
    assert project.test()[0] is False
    project.write("src/a.cc", "int b;")
    assert project.test()[0] is True


def test_a_file_that_says_which_services_its_programs_run_is_held_to_that(project):
    project.write("tests/test_it.py", 'RUNS = ["mine"]\n' + TESTS)
    for name, text in {"mine": "", "other": "", "adapts": "definition.adapters = {}"}.items():
        project.write(f"src/services/{name}/service.cc", text)
        for file in ("service", "config", "logic"):
            project.write(f"build/release/src/services/{name}/{file}.cc.o", "1")
    assert project.test()[0] is True
    project.write("build/release/src/services/other/logic.cc.o", "2")
    assert project.test()[0] is False
    # What is executed though the service is off, or could be.
    for executed in ("mine/logic", "other/service", "other/config", "adapts/logic"):
        project.write(f"build/release/src/services/{executed}.cc.o", "2")
        assert project.test()[0] is True, executed
    project.write("tests/test_it.py", 'READS = []\nRUNS = ["mine"]\n' + TESTS)
    assert project.test()[0] is True
    project.write("build/release/src/services/mine/logic.cc.o", "3")
    assert project.test()[0] is True
    project.write("tests/data.txt", "good too")
    assert project.test()[0] is False


def test_a_file_reads_the_tests_that_it_imports(project):
    project.write("tests/test_it.py", "from test_other import x\n" + TESTS)
    project.write("tests/test_other.py", "x = 1")
    forget_what_was_read()
    key = reads.of_pytest_file("tests/test_it.py", "release")
    project.write("tests/test_other.py", "x = 2")
    forget_what_was_read()
    assert reads.of_pytest_file("tests/test_it.py", "release") != key
