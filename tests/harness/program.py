"""The real program under test: started on free ports, stopped at the end, its log kept."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import yaml

from harness.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("STARLING_BINARY", ROOT / "build/release/starling"))
START_TIMEOUT_S = 60
# For tests that ask the sentiment service something, and not what its model would answer: starts in a fifth of the time.
TINY_SENTIMENT = "tests/harness/tiny_sentiment"


class Program:
    """`starling serve` with a configuration given as a dict. Addresses are read from what it prints."""

    def __init__(self, config=None, arguments=(), environment=None, wait_ready=True, binary=BINARY, models=None):
        """`models` are the folders of those that it loads, by their names where they lie in models/, if a test does not need all of these: they are
        most of what a start costs."""
        self.directory = tempfile.TemporaryDirectory(prefix="starling-test-")
        folder = Path(self.directory.name)
        self.config_file = folder / "config.yaml"
        config = _on_free_ports(config or {})
        if models is not None:
            config = _merge({"models": {"packages": [name if "/" in name else f"models/{name}" for name in models]}}, config)
        if binary == BINARY:
            config = _merge({"registry": {"data_directory": str(folder / "registry")}}, config)
        # In C: Python's own emitter takes half a second for 10,000 keys.
        self.config_file.write_text(yaml.dump(config, Dumper=yaml.CSafeDumper))
        self.log_file = folder / "log"
        self._log = open(self.log_file, "wb")
        self.process = subprocess.Popen(
            [str(binary), "serve", "--config", str(self.config_file), *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, **(environment or {})},
        )
        self.addresses = {}
        try:
            self._read_addresses()
            if wait_ready:
                self.wait_ready()
        except BaseException:
            self.kill()
            raise

    def _read_addresses(self):
        """One line a listener: `http   http://127.0.0.1:43121`, up to a line that starts with `Try`."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            line = self.process.stdout.readline().decode()
            if not line:
                raise AssertionError(f"starling ended with {self.process.wait()}:\n{self.log()}")
            match = re.match(r"\s*(http|grpc|admin)\s+(?:https?://)?(\S+)", line)
            if match:
                self.addresses[match[1]] = match[2]
            if line.strip().startswith("Try"):
                return
        raise AssertionError("starling printed no addresses")

    @property
    def url(self):
        return "http://" + self.addresses["http"]

    @property
    def admin_url(self):
        return "http://" + self.addresses["admin"]

    @property
    def grpc(self):
        return self.addresses["grpc"]

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"starling ended with {self.process.returncode}:\n{self.log()}")
            try:
                return httpx.get(self.url + "/readyz", timeout=5).status_code == 200
            except httpx.TransportError:
                return False

        wait_for(ready, START_TIMEOUT_S, "readiness")

    def log(self):
        return self.log_file.read_text(errors="replace")

    def log_lines(self):
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    def metrics(self):
        """Name with labels, as written, to value."""
        text = httpx.get(self.admin_url + "/metrics", timeout=30).text
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def status(self):
        return httpx.get(self.admin_url + "/admin/status", timeout=30).json()

    def terminate(self, timeout_s=20):
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout_s)
        self._close()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        self.process.stdout.close()
        self._log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            code = self.terminate()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("starling did not stop after SIGTERM:\n" + self.log()) from None
        log = self.log()
        assert "Sanitizer" not in log, log
        assert code == 0, f"starling ended with {code}:\n{log}"


def _on_free_ports(config):
    """Every listener on loopback with a port of the system's choice, unless the test says otherwise."""
    server = {"http": {"address": "127.0.0.1:0"}, "grpc": {"address": "127.0.0.1:0"}, "admin": {"address": "127.0.0.1:0"}}
    return {**config, "server": _merge(server, config.get("server", {}))}


def _merge(base, over):
    merged = dict(base)
    for key, value in over.items():
        merged[key] = _merge(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return merged
