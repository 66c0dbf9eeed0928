"""A PostgreSQL server of Debian's package in a folder of its own, behind a Unix socket only."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.waiting import wait_for


def _programs():
    """The folder of the newest server that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise RuntimeError("PostgreSQL is not installed: third_party/debian-test.txt names the package")
    return versions[-1].parent


class Postgres:
    """Started by `with`; `url` is how libpq finds it."""

    def __init__(self):
        # The path of a Unix socket is short, and the server does not run as root.
        self._folder = tempfile.mkdtemp(prefix="starling-pg-")
        self._as = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            account = pwd.getpwnam("postgres")
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._server = None
        self.url = f"postgresql://postgres@/postgres?host={self._folder}"

    def __enter__(self):
        programs, data = _programs(), f"{self._folder}/data"
        common = {"cwd": self._folder, "stdout": subprocess.DEVNULL, **self._as}
        subprocess.run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
                       check=True, **common)
        log = open(f"{self._folder}/log", "wb")  # noqa: SIM115 - the server's, for as long as it lives
        options = {"listen_addresses": "", "unix_socket_directories": self._folder, "fsync": "off", "max_connections": "50"}
        command = [programs / "postgres", "-D", data]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        self._server = subprocess.Popen(command, stderr=log, **common)
        log.close()
        self._wait(programs)
        return self

    def _wait(self, programs):
        def ready():
            if self._server.poll() is not None:
                raise RuntimeError(Path(f"{self._folder}/log").read_text(encoding="utf-8"))
            return subprocess.run([programs / "pg_isready", "-h", self._folder], stdout=subprocess.DEVNULL, check=False).returncode == 0

        wait_for(ready, 60)

    def __exit__(self, *_):
        self._server.send_signal(signal.SIGINT)
        self._server.wait(60)
        shutil.rmtree(self._folder, ignore_errors=True)
