"""The first requests of README.md, typed as they stand there."""

import os
import re

import pytest
from harness.documents import follow
from harness.go_programs import go_program
from harness.program import ROOT

pytestmark = pytest.mark.timeout(900)  # the first of them builds grpcurl and its neighbours


def test_the_first_requests(starling):
    path = f"{go_program('grpcurl').parent}:{os.environ['PATH']}"
    printed = follow("README.md", "## A first request", ROOT, {"PATH": path}, starling)
    assert re.findall(r'"sentiment": ?"(\w+)"', printed) == ["positive", "negative"], printed
    assert re.search(r"^neutral 0\.\d+$", printed, re.MULTILINE), printed
