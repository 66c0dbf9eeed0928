"""What passed is not run again as long as nothing that it reads has changed.

build/verdicts/ holds one small file for each key of reads.py: how many cases passed, and how many seconds they took. It is asked only when
`use` is set; a run that does not ask keeps its verdicts all the same.
"""

import json
import time

from test_driver.stage import ROOT

FOLDER = ROOT / "build" / "verdicts"
_KEPT_DAYS = 30

use = False


def passed(key):
    """How many cases passed when this key did, or None."""
    try:
        return json.loads((FOLDER / key).read_text())["passed"] if use else None
    except FileNotFoundError:
        return None


def keep(key, name, cases, seconds):
    """The cases of `name` passed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / key).write_text(json.dumps({"name": name, "passed": cases, "seconds": round(seconds, 2)}))


def seconds():
    """How long each test took when it was last kept, by its name."""
    kept = sorted(FOLDER.glob("*"), key=lambda path: path.stat().st_mtime)
    entries = [json.loads(path.read_text()) for path in kept]
    return {entry["name"]: entry["seconds"] for entry in entries}


def forget_old():
    """Verdicts of long ago."""
    for path in FOLDER.glob("*"):
        if path.stat().st_mtime < time.time() - _KEPT_DAYS * 86400:
            path.unlink()
