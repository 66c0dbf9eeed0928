"""tools/install_debian on a machine without root: what it says, and that it touches nothing when nothing is missing."""

import os
import subprocess
from pathlib import Path

import pytest

READS = ["tools/install_debian", "third_party/*"]

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def install(tmp_path):
    """Runs the tool where `missing` packages are not installed, nobody is root, and sudo does as `sudo` says."""

    def run(missing, sudo, *arguments):
        programs = {
            "dpkg-query": f'case " {" ".join(missing)} " in *" $3 "*) exit 1;; esac; printf installed',
            "id": "echo 1000",
            "sudo": sudo,
            "apt-get": 'echo "apt-get $*" >> "$CALLS"',
        }
        for name, body in programs.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
            (tmp_path / name).chmod(0o755)
        calls = tmp_path / "calls"
        calls.write_text("")
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls)}
        result = subprocess.run([ROOT / "tools/install_debian", *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return result, calls.read_text()

    return run


def test_nothing_missing_means_nothing_done(install):
    result, calls = install([], "exit 1")
    assert (result.returncode, result.stdout, result.stderr, calls) == (0, "", "", "")


def test_without_root_and_sudo_it_prints_the_one_command(install):
    result, calls = install(["ccache", "ninja-build"], "exit 1")
    assert result.returncode == 1
    assert calls == ""
    command = result.stderr.splitlines()[-1].strip()
    assert command.startswith("apt-get update && apt-get install -y --no-install-recommends ")
    assert set(command.split("--no-install-recommends ")[1].split()) == {"ccache", "ninja-build"}


def test_with_sudo_it_installs_what_is_missing_and_no_more(install):
    result, calls = install(["ccache"], '[ "$1" = -n ] && exit 0; exec "$@"')
    assert result.returncode == 0, result.stderr
    assert calls.splitlines() == ["apt-get update -q", "apt-get install -y -q --no-install-recommends ccache"]


def test_what_only_tests_need_is_asked_for_by_tests(install):
    assert install(["clang-19"], "exit 1", "--list")[0].stdout.split() == []
    assert install(["clang-19"], "exit 1", "--tests", "--list")[0].stdout.split() == ["clang-19"]
