"""Programs of the gRPC project and its neighbours, written in Go, as judges of ours: built once by tests/interop/go/build.sh."""

import subprocess
from functools import cache

from harness.program import ROOT


@cache
def _built():
    subprocess.run([ROOT / "tests/interop/go/build.sh"], check=True, capture_output=True, timeout=900)
    return ROOT / "build/interop/bin"


def go_program(name):
    """The path of `grpcurl`, or of `client` or `server` of the interop tests."""
    return _built() / name


def grpcurl(*arguments, stdin=None, timeout=30):
    """Runs grpcurl over plain HTTP/2; (exit status, output, errors)."""
    result = subprocess.run(
        [go_program("grpcurl"), "-plaintext", *arguments], input=stdin, capture_output=True, text=True, timeout=timeout, check=False
    )
    return result.returncode, result.stdout, result.stderr
