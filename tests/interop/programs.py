"""The interop server on our transport, as a program under test."""

import os
import subprocess
from pathlib import Path

from harness.contracts import compile_protos
from harness.program import ROOT

BUILD = Path(os.environ.get("STARLING_BINARY", ROOT / "build/release/starling")).parent
PROTOS = ROOT / "tests"


def messages():
    """Stock Python modules: (messages, stubs)."""
    return compile_protos(PROTOS, "interop/proto/messages.proto")[0], compile_protos(PROTOS, "interop/proto/test.proto")[1]


class InteropServer:
    """`interop_server` on a free port, or on `address`. TLS with a certificate and its key."""

    def __init__(self, address="127.0.0.1:0", tls=()):
        self.process = subprocess.Popen(
            [BUILD / "tests/interop/interop_server", address, *tls], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.address = self.process.stdout.readline().strip()
        assert self.address, "interop_server did not start"

    @property
    def port(self):
        return self.address.rsplit(":", 1)[1]

    def drain(self):
        """Ends it; True if no call was cut."""
        self.process.stdin.close()
        said = self.process.stdout.read().strip()
        code = self.process.wait(30)
        self.process.stdout.close()
        assert code == 0, f"interop_server ended with {code}"
        return said == "drained"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.process.stdin.closed:
            self.drain()
