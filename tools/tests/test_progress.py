"""Long work shows progress: a stage of the test run repeats what its command says last, in a terminal at once, elsewhere now and then."""

import sys

import pytest
from test_driver import stage

READS = ["tools/test_driver/*"]


@pytest.fixture
def running(tmp_path, monkeypatch):
    monkeypatch.setattr(stage, "LOGS", tmp_path)
    return stage.Stage("build")


SAYS = ["sh", "-c", "echo compiling a; echo compiling b >&2"]


def test_in_a_terminal_each_line_takes_the_place_of_the_one_before(running, monkeypatch, capsys):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert running.run(*SAYS)
    shown = capsys.readouterr().out.split("\r\033[K")
    assert [line.split(maxsplit=1) for line in shown if line] == [["build", "compiling a"], ["build", "compiling b"]]


def test_elsewhere_a_line_now_and_then(running, monkeypatch, capsys):
    assert running.run(*SAYS)
    assert capsys.readouterr().out == "", "less than half a minute"
    monkeypatch.setattr(stage, "_HEARTBEAT_S", 0)
    assert running.run(*SAYS)
    assert "build      ... compiling" in capsys.readouterr().out
    assert running.log_path.read_text().count("\ncompiling a\n") == 2
