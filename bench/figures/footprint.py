"""Starting, and doing nothing."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from figures.servers import BUILD, free_port

IDLE_S = 1.0


def measure(effort):
    """Seconds from exec to the first 200 of /readyz, and resident memory a second later; without models, and with the sentiment model."""
    return {
        "without_models": [_start({"models": {"packages": []}}) for _ in range(2 * effort.rounds)],
        "with_the_model": [_start({}) for _ in range(effort.rounds)],
    }


def _start(settings):
    port = free_port()
    config = {"server": {"http": {"address": f"127.0.0.1:{port}"}, "grpc": {"address": "127.0.0.1:0"}, "admin": {"address": "127.0.0.1:0"}}}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump({**config, **settings}, file)
        file.flush()
        command = [BUILD / "starling", "serve", "--config", file.name]
        began = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                while not _ready(port):
                    if process.poll() is not None or time.monotonic() > began + 60:
                        raise RuntimeError(f"starling did not start with {settings}")
                    time.sleep(0.001)
                ready_s = time.monotonic() - began
                time.sleep(IDLE_S)
                memory = _memory(process.pid)
            finally:
                os.kill(process.pid, signal.SIGTERM)
    return {"ready_s": ready_s, **memory}


def _ready(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _memory(pid):
    fields = {}
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name in ("VmRSS", "RssAnon", "RssFile"):
            fields[name] = int(value.split()[0]) * 1024
    return {"rss_bytes": fields["VmRSS"], "anonymous_bytes": fields["RssAnon"], "file_bytes": fields["RssFile"]}
