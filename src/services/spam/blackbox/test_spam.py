"""The spam service from outside: a child in Python behind the program's own edges."""

import subprocess

import httpx
import pytest
from harness.program import ROOT, Program

RUNS = ["spam"]

CHILD = [str(ROOT / "build/python-spam/venv/bin/python"), "examples/python-spam/server.py"]


@pytest.fixture(scope="module")
def program():
    subprocess.run([ROOT / "examples/python-spam/build.sh"], check=True, cwd=ROOT, timeout=900)
    with Program({"placement": {"spam": {"mode": "process", "command": CHILD}}}) as running:
        yield running


def test_judges_each_text(program):
    texts = ["WIN a free prize now, call this number to claim!!!", "See you at lunch tomorrow?"]
    response = httpx.post(program.url + "/detect-spam", json={"texts": texts}, timeout=30)
    assert response.status_code == 200, response.text
    results = response.json()["results"]
    assert [result["text"] for result in results] == texts
    assert [result["is_spam"] for result in results] == [True, False]
    assert all(0 <= result["probability"] <= 1 for result in results)


@pytest.mark.parametrize("body", [{}, {"texts": []}, {"texts": "text"}, {"texts": [1]}])
def test_its_violation_has_a_sentence_of_its_own(program, body):
    response = httpx.post(program.url + "/detect-spam", json=body, timeout=30)
    assert response.status_code == 400
    assert response.json() == {
        "error": "Invalid input format",
        "details": "'texts' must be a list of one to 1000 messages to judge.",
    }


def test_without_a_child_it_is_off():
    with Program() as running:
        assert httpx.post(running.url + "/detect-spam", json={"texts": ["a"]}).status_code == 404


