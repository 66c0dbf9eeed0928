"""Placements that cannot be: the start is refused with one sentence that says what to change."""

import subprocess

import pytest
import yaml
from harness.program import BINARY, ROOT


def refused(tmp_path, placement, *arguments):
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"placement": placement, "server": {name: {"address": "127.0.0.1:0"} for name in ("http", "grpc", "admin")}}))
    result = subprocess.run([BINARY, "serve", "--config", config, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1, result
    return result.stderr.strip()


@pytest.mark.parametrize(
    "placement, words",
    [
        ({"sentiment": {"mode": "inlined"}}, ["config.yaml:", "placement.sentiment.mode", "inline"]),
        ({"sentimental": {"mode": "inline"}}, ["config.yaml:", "sentimental", "sentiment"]),
        ({"sentiment": {"mode": "remote"}}, ["placement.sentiment.targets must name its addresses"]),
        ({"sentiment": {"mode": "remote", "targets": ["somewhere"]}}, ["'somewhere' is no target: write host:port"]),
        ({"sentiment": {"mode": "remote", "targets": ["a:1"], "tls": {"ca_file": "no/such.pem"}}}, ["no/such.pem"]),
        ({"sentiment": {"mode": "process", "replicas": 0}}, ["config.yaml:", "placement.sentiment.replicas"]),
        ({"spam": {"mode": "inline"}}, ["Service spam is a program in another language", "placement.spam.mode"]),
        ({"spam": {"mode": "process"}}, ["placement.spam.command"]),
        ({"models": {"mode": "off"}}, ["needs models, which does not run here: set placement.models.mode to inline, or set placement.models.mode to remote and"]),
    ],
)
def test_a_wrong_placement_is_refused_with_a_sentence(tmp_path, placement, words):
    error = refused(tmp_path, placement)
    assert error.count("\n") <= 3, error
    for word in words:
        assert word in error


def test_a_target_that_is_no_service_is_named(tmp_path):
    assert "There is no service 'nothing'" in refused(tmp_path, {}, "--target", "nothing")


def test_a_target_whose_need_is_not_there_is_named_with_what_to_do(tmp_path):
    assert refused(tmp_path, {}, "--target", "sentiment").endswith(
        "Service sentiment needs models, which does not run here: name it in --target, or set placement.models.mode to remote and "
        "placement.models.targets to where it runs."
    )
    follow = ["--target", "models", "--set", 'models.registry.follow=["*@champion"]', "--set", f"models.registry.cache={tmp_path}"]
    words = refused(tmp_path, {}, *follow)
    assert "Service models needs registry (because of models.registry.follow), which does not run here: name it in --target, or " in words
    assert words.endswith(", or leave models.registry.follow empty.")


@pytest.mark.parametrize("placement, target, words", [
    ({}, "textstats", "Service 'textstats' is a target and is off: set placement.textstats.mode to process, and its command, or to remote."),
    ({"sentiment": {"mode": "off"}}, "sentiment", "Service 'sentiment' is a target and is off: set placement.sentiment.mode."),
])  # fmt: skip
def test_a_target_that_is_off_is_named(tmp_path, placement, target, words):
    assert words in refused(tmp_path, placement, "--target", target)
