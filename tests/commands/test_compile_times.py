"""Compile time is a feature: what our common file costs, in processor seconds without the compiler's cache."""

import re
import subprocess

import pytest
from harness.program import ROOT


@pytest.mark.long
def test_the_common_file_compiles_in_under_five_seconds():
    printed = subprocess.run(["tools/compile_times", "--every", "23"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=1500).stdout
    print(printed)
    files, median, under = re.search(r"^(\d+) files: median ([\d.]+) s, .* (\d+) of them under 5 s$", printed, re.MULTILINE).groups()
    assert int(files) > 20
    assert float(median) < 5
    assert int(under) > int(files) / 2
