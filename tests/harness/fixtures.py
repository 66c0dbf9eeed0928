"""Shared by all black-box tests through the conftest.py at the top."""

import os

import pytest

from harness import one_tls_context
from harness.placements import PLACEMENTS, SERVICES, placed
from harness.program import Program

one_tls_context.install()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """A test file may say `RUNS = ["registry"]`: then every other service is off in each program that it starts, whoever starts it and
    whatever the configuration says, so that what these do cannot change its verdict (tools/test_driver/reads.py)."""
    runs = getattr(item.module, "RUNS", None)
    for service in SERVICES:
        mode = f"STARLING_PLACEMENT__{service.upper()}__MODE"
        if runs is None or service in runs:
            os.environ.pop(mode, None)
        else:
            os.environ[mode] = "off"
    shared = {"starling", "sentiment_placed"} & set(item.fixturenames)
    assert runs is None or not shared, f"{item.path} has RUNS, and the programs of the fixtures {shared} run other services too"


@pytest.fixture(scope="session")
def starling():
    """One program with the default configuration, for tests that change nothing in it."""
    with Program() as program:
        yield program


@pytest.fixture(scope="session", params=PLACEMENTS)
def sentiment_placed(request):
    """The sentiment service in every placement in turn."""
    with placed("sentiment", request.param, beside=["models"], models=["sentiment"]) as program:
        yield program
