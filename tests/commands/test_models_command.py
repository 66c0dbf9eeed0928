"""`starling models`: the live state of a running server as a table, or as JSON."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import httpx
import pytest
from harness.keys import make_key
from harness.program import BINARY, ROOT, Program

RUNS = ["models", "registry"]


def models(*arguments, **environment):
    command = [BINARY, "models", *arguments]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env={**os.environ, **environment})


@pytest.fixture(scope="module")
def served():
    key, entry = make_key("ada")
    config = {"auth": {"api_keys": [entry]}, "models": {"packages": ["models/churn", "models/fraud"]}}
    with Program(config, ("--target", "models")) as program:
        row = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 17], "data": [0] * 17}]}
        for _ in range(3):
            assert httpx.post(f"{program.url}/v2/models/churn/infer", json=row, headers={"x-api-key": key}).status_code == 200
        yield program, key


def table(result):
    assert result.returncode == 0, result.stderr
    headings, *rows = [line.split() for line in result.stdout.splitlines()]
    return {row[0]: dict(zip(headings, row)) for row in rows}


def test_a_table_for_whoever_is_on_the_machine(served):
    program, _ = served
    rows = table(models("--server", program.admin_url))
    assert list(rows) == ["churn", "fraud"]
    churn = rows["churn"]
    assert {name: churn[name] for name in ("VERSION", "STATE", "ALIASES", "RUNTIME", "REQUESTS", "FAILURES", "REASON")} == {
        "VERSION": "1", "STATE": "ready", "ALIASES": "-", "RUNTIME": "xgboost", "REQUESTS": "3", "FAILURES": "0", "REASON": "-"}  # fmt: skip
    assert churn["MEMORY"].endswith("KiB") and churn["USED"].endswith("s")
    assert (rows["fraud"]["REQUESTS"], rows["fraud"]["USED"]) == ("0", "never")


def test_the_configuration_says_where_it_is(served):
    program, _ = served
    assert set(table(models("--set", "server.admin.address=" + program.addresses["admin"]))) == {"churn", "fraud"}


def test_json_for_programs(served):
    program, _ = served
    listed = json.loads(models("--json", "--server", program.addresses["admin"]).stdout)["models"]
    assert [(model["name"], model["state"], model.get("requests", 0)) for model in listed] == [
        ("churn", "MODEL_STATE_READY", 3), ("fraud", "MODEL_STATE_READY", 0)]  # fmt: skip


def test_from_elsewhere_with_a_key(served):
    program, key = served
    for address in (program.grpc, program.url):
        assert set(table(models("--server", address, STARLING_API_KEY=key))) == {"churn", "fraud"}
        refused = models("--server", address)
        assert refused.returncode == 1
        assert "refuses" in refused.stderr and "STARLING_API_KEY" in refused.stderr
    assert set(table(models("--server", program.grpc, "--api-key", key))) == {"churn", "fraud"}


def test_a_narrow_terminal_gets_lines_that_fit(served):
    program, _ = served
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 30, 0, 0))
    done = subprocess.run([BINARY, "models", "--server", program.admin_url], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=slave, timeout=60)
    os.close(slave)
    text = os.read(master, 10000).decode()
    os.close(master)
    assert done.returncode == 0
    lines = text.splitlines()
    assert lines[0].startswith("MODEL") and len(lines) == 3
    assert max(map(len, lines)) <= 30


@pytest.mark.parametrize("address", ["127.0.0.1:9", "unix:/nowhere/socket"])
@pytest.mark.parametrize("command", [["models"], ["traffic", "get"]])
def test_one_sentence_when_no_server_answers(command, address):
    result = subprocess.run([BINARY, command[0], "--server", address, *command[1:]], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(f"starling: no server answers at {address} (")
    assert "--server" in result.stderr and len(result.stderr.splitlines()) == 1


def test_an_address_without_a_port_and_a_server_without_models_say_so():
    assert "HOST:PORT" in models("--server", "localhost").stderr
    with Program({}, ("--target", "registry")) as program:
        assert "serves no models" in models("--server", program.admin_url).stderr
