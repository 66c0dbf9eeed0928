"""A real S3-compatible server, Versity's gateway over a folder: it checks every signature, and has multipart uploads and pages."""

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from harness.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]
ACCESS_KEY, SECRET_KEY = "AKIDSTARLING", "the-secret-of-the-tests"
BUCKET = "artifacts"


@cache
def _built():
    subprocess.run([ROOT / "tests/s3/build.sh"], check=True, capture_output=True, timeout=1800)
    return ROOT / "build/s3/bin/versitygw"


def _files(folder):
    """Those below it; unlike rglob it bears that the gateway takes folders away meanwhile."""
    return [Path(parent) / name for parent, _, names in os.walk(folder) for name in names]


class S3:
    """Started by `with`, with one empty bucket; `url` is its endpoint."""

    def __init__(self, certificate=None):
        """`certificate` is the pair of files that Authority.issue() gives: then it speaks TLS."""
        self._certificate = certificate
        self._folder = Path(tempfile.mkdtemp(prefix="starling-s3-"))
        self.root = self._folder / "objects"
        (self.root / BUCKET).mkdir(parents=True)
        (self._folder / "facts").mkdir()
        self._server = None
        self.url = ""

    def config(self, **changes):
        """As the section `s3` of a service's settings."""
        return {"endpoint": self.url, "bucket": BUCKET, "access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY, **changes}

    def objects(self):
        """Path of each object in the bucket to its size."""
        bucket = self.root / BUCKET
        files = [path for path in _files(bucket) if ".sgwtmp" not in path.parts]
        return {str(path.relative_to(bucket)): path.stat().st_size for path in files}

    def parts(self):
        """Parts of multipart uploads that are neither complete nor aborted."""
        return _files(self.root / BUCKET / ".sgwtmp")

    def requests(self):
        """(verb, path, query) of each request that was answered, in order."""
        lines = (self._folder / "log").read_text(errors="replace").splitlines()
        return [tuple(field.strip() for field in line.split("|")[5:7]) + (line.split("|")[-1].strip(),) for line in lines if "| vgw |" in line]

    def pause(self):
        """Ends the server; resume() starts it again, with what it kept and on the same port."""
        self._server.terminate()
        self._server.wait(60)

    def resume(self):
        self._start(self.url.rsplit(":", 1)[1])

    def __enter__(self):
        self._start("0")
        return self

    def _start(self, port):
        environment = {**os.environ, "ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}
        tls = ["--cert", self._certificate[0], "--key", self._certificate[1]] if self._certificate else []
        command = [_built(), "--port", f"127.0.0.1:{port}", "--keep-alive", *tls, "posix", "--sidecar", self._folder / "facts", self.root]
        with open(self._folder / "log", "ab") as log:
            self._server = subprocess.Popen(command, cwd=self._folder, env=environment, stdout=log, stderr=log)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{wait_for(self._port, 60, 'the listener of S3')}"

    def _port(self):
        """It prints the port that was asked for, 0, so the one that it got is looked up among its sockets (proc(5), /proc/net/tcp)."""
        assert self._server.poll() is None, (self._folder / "log").read_text(errors="replace")
        process = Path(f"/proc/{self._server.pid}")
        own = set()
        for descriptor in (process / "fd").iterdir():
            try:
                own |= set(re.findall(r"socket:\[(\d+)\]", os.readlink(descriptor)))
            except FileNotFoundError:
                continue
        for line in (process / "net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in own:
                return int(fields[1].split(":")[1], 16)
        return None

    def __exit__(self, *_):
        self._server.terminate()
        self._server.wait(60)
        shutil.rmtree(self._folder, ignore_errors=True)
