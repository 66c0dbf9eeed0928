"""Waiting for a condition, never for time alone."""

import time


def wait_for(condition, timeout_s=20, what="the condition"):
    """Asks until `condition()` is true; a test never waits for time alone."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not hold within {timeout_s} s"
        time.sleep(0.02)
