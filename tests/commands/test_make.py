"""What people type: `make help`, `make run` and `make clean`; and that the machine that tests types `make test`."""

import os
import re
import shutil
import signal
import subprocess
import time

import httpx
import pytest
import yaml
from harness.program import BINARY, ROOT

PATIENCE_S = 60


def test_help_lists_every_target_with_a_sentence():
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = dict(re.findall(r"^make (\S+) +(\S.*)$", printed, re.MULTILINE))
    assert {"run", "build", "test", "clean", "help"} <= listed.keys()


def test_clean_removes_what_was_built_and_nothing_else(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in ("build/release", "third_party/.cache", "src"):
        (tmp_path / folder).mkdir(parents=True)
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True, timeout=30)
    assert {path.name for path in tmp_path.iterdir()} == {"Makefile", "third_party", "src"}
    assert (tmp_path / "third_party/.cache").is_dir()


def test_ci_types_make_test_and_nothing_else(tmp_path):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    typed = tmp_path / "typed"
    make = tmp_path / "make"
    make.write_text(f'#!/bin/sh\necho "$PWD $* CI=$CI" >> {typed}\nexit 7\n')
    make.chmod(0o755)
    done = subprocess.run([tmp_path / ".ci/run"], cwd="/", env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=30)
    assert typed.read_text() == f"{tmp_path} test CI=1\n"
    assert done.returncode == 7, "its verdict is that of make"


@pytest.mark.skipif(BINARY != ROOT / "build/release/starling", reason="make run is about the release build")
def test_a_second_run_serves_within_two_seconds(tmp_path):
    """Once is enough: other tests run beside this one. The first run makes sure that all is built."""
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"server": {name: {"address": "127.0.0.1:0"} for name in ("http", "grpc", "admin")}}))
    run_once(config)
    deadline, took = time.monotonic() + PATIENCE_S, []
    while not took or min(took) >= 2 and time.monotonic() < deadline:
        took.append(run_once(config))
    assert min(took) < 2, took


def run_once(config):
    """Seconds until `make run` answers over HTTP. It ends as with Ctrl-C in a terminal."""
    started = time.monotonic()
    process = subprocess.Popen(
        ["make", "run", f"CONFIG={config}"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )  # fmt: skip
    try:
        printed = []
        for line in process.stdout:
            printed.append(line)
            if "Ctrl-C stops" in line:
                break
        url = re.search(r"^ +http +(\S+)$", "".join(printed), re.MULTILINE)[1]
        assert httpx.get(url + "/livez", timeout=5).status_code == 200
        took = time.monotonic() - started
        assert any(line.startswith("  curl http://") for line in printed), "it prints a first request to try"
        return took
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)
        process.stdout.close()
