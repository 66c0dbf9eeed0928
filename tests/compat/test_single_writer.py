"""A service that keeps its state in files of its own runs once: two of it are refused, with the setting that is wrong."""

import subprocess

import httpx
import pytest
import yaml
from harness.program import BINARY, ROOT, Program

NOTES = BINARY.parent / "tests/compat/new/notes_new"


def settings(**placement):
    return {"placement": {"notes": {"mode": "process", **placement}}, "server": {name: {"address": "127.0.0.1:0"} for name in ("http", "grpc", "admin")}}


@pytest.mark.parametrize("replicas", [2, 256])
def test_replicas_of_a_single_writer_stop_the_start(tmp_path, replicas):
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings(replicas=replicas)))
    ended = subprocess.run([NOTES, "serve", "--config", config], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "Service notes keeps its state in files of its own, so placement.notes.replicas must be 1." in ended.stderr
    assert ended.stdout == "", "it listened"


def test_one_of_it_runs_and_is_not_replaced_beside_itself():
    with Program(settings(), binary=NOTES) as program:
        [service] = program.status()["services"]
        assert [replica["state"] for replica in service["replicas"]] == ["serving"]
        answer = httpx.post(program.admin_url + "/admin/services/notes/restart", timeout=30)
        assert answer.status_code == 400
        assert "two of it cannot run beside each other" in answer.json()["details"]
