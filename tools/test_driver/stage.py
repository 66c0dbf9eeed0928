"""One stage of the test run: its commands go to a log, its counts to the summary."""

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build" / "test-logs"
_HEARTBEAT_S = 30


class Case(NamedTuple):
    name: str
    group: str  # what JUnit calls the class
    ok: bool
    seconds: float


def junit_cases(path):
    """The test cases of a JUnit file that ran; none when the file is not there."""
    if not path.exists():
        return []
    found = []
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        if case.find("skipped") is None and case.get("status") not in ("notrun", "disabled"):
            ok = case.find("failure") is None and case.find("error") is None and case.get("status") != "fail"
            found.append(Case(case.get("name"), case.get("classname") or "", ok, float(case.get("time") or 0)))
    return found


class Stage:
    """Runs commands one after the other and counts. A stage that could not even start its tests counts as one failure."""

    def __init__(self, name):
        self.name = name
        self.started = time.time()
        self.passed = self.failed = 0
        self.cpu_s = 0.0  # of a processor, by the commands and whatever they waited for
        self.unchanged = 0  # of `passed`: not run, because nothing that they read has changed since they passed
        self.log_path = LOGS / f"{name}.log"
        self.results = LOGS / name
        shutil.rmtree(self.results, ignore_errors=True)
        self.results.mkdir(parents=True)
        self.log_path.write_text("")
        self._last_shown = time.monotonic()

    def count(self, ok):
        """Counts one thing that holds or does not; returns `ok`."""
        self.passed += bool(ok)
        self.failed += not ok
        return ok

    def count_unchanged(self, passed):
        self.passed += passed
        self.unchanged += passed

    def count_junit(self, path, names=None):
        """Adds the test cases of a JUnit file, all or those that `names` accepts. Returns how many ran."""
        cases = [case for case in junit_cases(path) if not names or names(case.name)]
        for case in cases:
            self.count(case.ok)
        return len(cases)

    def run(self, *command, **environment):
        """True when the command ends with 0. Its output goes to the log; the last line shows as progress."""
        with open(self.log_path, "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(map(str, command))}\n")
            log.flush()
            process = subprocess.Popen(
                list(map(str, command)), cwd=ROOT, env=dict(os.environ, **environment), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            )  # fmt: skip
            for line in process.stdout:
                log.write(line)
                self._show(line.strip())
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_s += usage.ru_utime + usage.ru_stime
            self.status = process.returncode
            return process.returncode == 0

    def _show(self, line):
        if sys.stdout.isatty():
            print(f"\r\033[K{self.name:<10} {line[:90]}", end="", flush=True)
        elif time.monotonic() - self._last_shown > _HEARTBEAT_S:
            self._last_shown = time.monotonic()
            print(f"{self.name:<10} ... {line[:110]}", flush=True)
