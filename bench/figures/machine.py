"""Where and when the figures were taken, and which processors each side gets."""

import datetime
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def cores():
    return sorted(os.sched_getaffinity(0))


def describe():
    """What a reader needs to judge the figures by."""
    return {
        "cpu": _field("/proc/cpuinfo", "model name"),
        "cores": len(cores()),
        "memory_gib": round(int(_field("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": os.uname().release,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("" if not _git("status", "--porcelain") else " with changes"),
        "load_before": os.getloadavg()[0],
    }


def _field(file, name):
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"


def _git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
