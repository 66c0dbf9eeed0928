"""Settings from file, environment and flags: which one wins, what a wrong one is answered with, and that page and schema say what holds."""

import json
import os
import socket
import subprocess

import httpx
import jsonschema
import pytest
import yaml
from harness.program import BINARY, ROOT, Program


FREE = [f"--set=server.{name}.address=127.0.0.1:0" for name in ("http", "grpc", "admin")]
# One service that loads nothing.
REMOTE = ["--set=placement.textstats.mode=remote", "--set=placement.textstats.targets=[127.0.0.1:9]", "--set=placement.textstats.plaintext=true"]


def starling(*arguments, **environment):
    return subprocess.run(
        [BINARY, *map(str, arguments)], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        env={**os.environ, **environment},
    )  # fmt: skip


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "starling.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def effective(*arguments, **environment):
    result = starling("check-config", *arguments, **environment)
    assert result.returncode == 0, result.stderr
    return yaml.safe_load(result.stdout)


def test_environment_wins_over_the_file_and_flags_over_both(config):
    file = config("sentiment: {max_texts: 11, max_text_bytes: 1KiB, model: filed}\n")
    held = effective("--config", file, "--set", "sentiment.max_texts=33", STARLING_SENTIMENT__MAX_TEXTS="22", STARLING_SENTIMENT__MODEL="named")
    assert held["sentiment"] == {"model": "named", "max_texts": 33, "max_text_bytes": "1KiB"}


def test_what_holds_says_where_it_was_set(config):
    file = config("sentiment:\n  max_texts: 11\n")
    shown = starling("check-config", "--config", file, "--set", "sentiment.model=flagged", STARLING_MODELS__MAX_TEXTS="5").stdout
    assert f"max_texts: 11  # {file}:2" in shown
    assert "model: flagged  # --set sentiment.model" in shown
    assert "max_texts: 5  # environment STARLING_MODELS__MAX_TEXTS" in shown


def test_a_flag_reaches_the_running_service():
    with Program({"sentiment": {"max_texts": 9}}, ["--set", "sentiment.max_texts=1"], wait_ready=False, models=[]) as program:
        response = httpx.post(program.url + "/analyze-sentiment", json={"texts": ["a", "b"]})
        assert response.status_code == 400
        assert "at most 1" in response.json()["details"]


WRONG = [
    ("sentiment:\n  max_text: 5\n", "{file}:2: unknown setting 'sentiment.max_text'; did you mean 'max_texts'?"),
    ("servr: {}\n", "{file}:1: unknown setting 'servr'; did you mean 'server'?"),
    ("sentiment:\n  max_texts: 0\n", "{file}:2: 'sentiment.max_texts' must be 1 to 100000, not '0'"),
    ("server:\n  threads: many\n", "{file}:2: 'server.threads' must be a whole number, not 'many'"),
    ("placement:\n  sentiment:\n    mode: inlin\n", "{file}:3: 'placement.sentiment.mode' must be one of"),
    ("placement:\n  sentimnt: {}\n", "{file}:2: unknown setting 'placement.sentimnt'; did you mean 'sentiment'?"),
    ("models:\n  registry:\n    follow: [*@champion]\n", "{file}:3: the referenced anchor is not defined; a text that begins with * must stand in quotes"),
    ("server:\n  http: [\n", "{file}:"),
]


@pytest.mark.parametrize("command", ["serve", "check-config"])
@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_a_wrong_setting_stops_the_start_with_its_place(config, command, text, sentence):
    file = config(text)
    result = starling(command, "--config", file)
    assert result.returncode == 1
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert lines[0] == "starling: the configuration is wrong:"
    assert any(line.startswith(sentence.format(file=file)) for line in lines[1:]), result.stderr


def test_all_that_is_wrong_is_said_at_once(config):
    file = config("sentiment:\n  max_texts: 0\n  modl: x\n")
    result = starling("serve", "--config", file, "--set", "server.threads=x", STARLING_SERVER__INSECUR="1")
    assert len(result.stderr.splitlines()) == 5, result.stderr
    assert "--set server.threads: " in result.stderr
    assert "environment STARLING_SERVER__INSECUR: " in result.stderr


def test_a_missing_file_and_an_unknown_target_are_told():
    assert "/nowhere/starling.yaml: No such file or directory" in starling("serve", "--config", "/nowhere/starling.yaml").stderr
    assert f"{ROOT / 'configs'}: Is a directory" in starling("serve", "--config", ROOT / "configs").stderr
    result = starling("serve", "--target", "sentimet")
    assert result.returncode == 1
    assert "There is no service 'sentimet'; did you mean 'sentiment'?" in result.stderr


def test_a_configuration_is_checked_for_a_target(config):
    file = config("placement: {sentiment: {mode: off}}\n")
    assert starling("check-config", "--config", file).returncode == 0
    assert "Service 'sentiment' is a target and is off" in starling("check-config", "--config", file, "--target", "sentiment").stderr
    assert "#   models       inline" in starling("check-config", "--config", file, "--target", "models").stdout


@pytest.mark.parametrize("listener", ["http", "grpc", "admin"])
def test_an_address_that_cannot_be_taken_is_told_with_its_setting(listener):
    def refused(address):
        addresses = {"http": "127.0.0.1:0", "grpc": "127.0.0.1:0", "admin": "127.0.0.1:0", listener: address}
        result = starling("serve", "--target", "textstats", *REMOTE, *(f"--set=server.{name}.address={where}" for name, where in addresses.items()))
        assert (result.returncode, result.stdout) == (1, "")
        return result.stderr

    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = refused(address)
    assert said == (
        f"starling: server.{listener}: Cannot listen on {address}: the address is in use. Stop the program that listens there, or set "
        f"server.{listener}.address to another; port 0 is a free one.\n"
    )
    assert refused("80") == f'starling: server.{listener}: "80" is no address: it must look like 127.0.0.1:8000, [::1]:8000 or unix:/path.\n'
    assert refused("unix:/nowhere/x") == f"starling: server.{listener}: Cannot listen on unix:/nowhere/x: No such file or directory.\n"


def test_a_model_folder_that_is_not_there_is_told_with_where_it_was_looked_for(tmp_path):
    result = subprocess.run([BINARY, "serve", "--target", "models", *FREE], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "There is no model package in 'models/sentiment'" in result.stderr and f"It was looked for from {tmp_path} on." in result.stderr


def test_the_reference_page_is_what_the_program_prints():
    printed = starling("print-config-reference").stdout
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert page == printed, "write it anew: build/release/starling print-config-reference > docs/configuration.md"


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(starling("print-config-schema").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_a_stock_validator_takes_every_configuration_that_the_program_takes(validator):
    for file in (ROOT / "configs").glob("*.yaml"):
        validator.validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        validator.validate(effective("--config", file))


@pytest.mark.parametrize("text", [text for text, _ in WRONG[:-2]])
def test_a_stock_validator_refuses_what_the_program_refuses(validator, text):
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(yaml.safe_load(text))
