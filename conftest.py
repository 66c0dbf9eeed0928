"""Fixtures of every black-box test in the tree: the real binary on free ports."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "tests"))

from harness.fixtures import *  # noqa: E402,F401,F403
