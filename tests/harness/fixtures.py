"""Shared by all black-box tests through the conftest.py at the top."""

import pytest

from harness import one_tls_context
from harness.placements import PLACEMENTS, placed
from harness.program import Program

one_tls_context.install()


@pytest.fixture(scope="session")
def starling():
    """One program with the default configuration, for tests that change nothing in it."""
    with Program() as program:
        yield program


@pytest.fixture(scope="session", params=PLACEMENTS)
def sentiment_placed(request):
    """The sentiment service in every placement in turn."""
    with placed("sentiment", request.param, beside=["models"]) as program:
        yield program
