"""Servers under test: started on free ports of loopback, stopped at the end of the section that started them."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures.machine import ROOT

BUILD = ROOT / "build/release"
RIVALS = ROOT / "bench/rivals"
START_TIMEOUT_S = 120


class Server:
    """A running process that answers on `port`; `pid` and its children are what it costs."""

    def __init__(self, name, command, port, ready_path, cwd=ROOT, processors=None, environment=None):
        self.name, self.port = name, port
        self.log = tempfile.TemporaryFile()
        pinned = ["taskset", "-c", processors, *command] if processors else command
        self.process = subprocess.Popen(
            [str(word) for word in pinned],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            self._wait_ready(ready_path)
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self):
        return self.process.pid

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def post(self, path, body):
        """The decoded answer, which must be a 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status != 200:
            raise RuntimeError(f"{self.name} answers {response.status}: {text[:200]!r}")
        return json.loads(text)

    def _wait_ready(self, path):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}: {self.tail()}")
            if answers(self.port, path):
                return
            time.sleep(0.01)
        raise RuntimeError(f"{self.name} was not ready after {START_TIMEOUT_S} s: {self.tail()}")

    def tail(self):
        self.log.seek(0)
        return self.log.read()[-2000:].decode(errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def answers(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status == 200
    connection.close()
    return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def starling(name="Starling", binary="starling", settings=None, processors=None):
    """Our program with these settings over the default ones; `binary` is relative to the build."""
    port = free_port()
    config = {"server": {"http": {"address": f"127.0.0.1:{port}"}, "grpc": {"address": ""}, "admin": {"address": "127.0.0.1:0"}}}
    config = _merge(config, settings or {})
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(config, file)  # JSON is YAML too
        file.flush()
        return Server(name, [BUILD / binary, "serve", "--config", file.name], port, "/readyz", processors=processors)


def fastapi(folder, workers, name=None, processors=None, environment=None):
    """A rival of bench/rivals in its own virtual environment, made now if need be."""
    port = free_port()
    command = [
        python_of(folder), "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", port, "--workers", workers,
        "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    return Server(name or folder, command, port, "/openapi.json", RIVALS / folder, processors, environment)


def floor(threads, processors=None):
    """What only moves the bytes: the bound of what any server can do on these sockets."""
    port = free_port()
    return Server("the floor", [BUILD / "bench/bench_floor", port, threads], port, "/", processors=processors)


def python_of(folder, interpreter=None):
    """The interpreter of the rival's own environment, with exactly what its requirements.txt pins."""
    home = ROOT / "build/rivals" / folder
    wanted = (RIVALS / folder / "requirements.txt").read_text(encoding="utf-8")
    stamp = home / "requirements.stamp"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"making build/rivals/{folder}", file=sys.stderr)
        subprocess.run([interpreter or _python(), "-m", "venv", "--clear", home], check=True)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        requirements = ["--require-hashes", "-r", RIVALS / folder / "requirements.txt"]
        subprocess.run([home / "bin/python", *install, *requirements], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return home / "bin/python"


def _python():
    """The wheels are pinned for Python 3.11, Debian 12's own, which is what the tests' environment is made with."""
    return Path(os.path.realpath(ROOT / "build/venv/bin/python")) if (ROOT / "build/venv/bin/python").exists() else "python3.11"


def _merge(base, over):
    merged = dict(base)
    for key, value in over.items():
        merged[key] = _merge(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return merged
