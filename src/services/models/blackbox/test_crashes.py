"""kill -9, of the program and of whoever publishes, while versions come and are swapped: nothing half-written is ever loaded, and it starts
again with the newest version that was published."""

import random
import shutil
import struct
import subprocess
import sys
import threading
from base64 import b64decode
from pathlib import Path

import httpx
import pytest
from harness.program import wait_for

sys.path.insert(0, str(Path(__file__).parent))
from test_repository import ONNX, Caller, Repository, running  # noqa: E402

RUNS = ["models"]


class Publisher:
    def __init__(self, folder, first):
        source = folder.parent / "model.onnx"
        shutil.copy(ONNX, source)
        command = [sys.executable, Path(__file__).parent / "publisher.py", folder, source, str(first)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def begin(self):
        """Returns when the next version is half written; the rest of it goes on."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline().startswith("half")

    def finish(self):
        """Returns when it is there: its number."""
        word, version = self.process.stdout.readline().split()
        assert word == "published"
        return int(version)

    def kill(self):
        self.process.kill()
        self.process.communicate()


class Watcher:
    """Asks without end, and keeps what must not be: a wrong answer or a version that failed."""

    def __init__(self, program, key):
        self.faults, self.versions = [], set()
        self._over = threading.Event()
        self._caller = Caller(program, key)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._over.is_set():
            try:
                answer = self._caller.infer()
                states = self._caller.states()
            except httpx.TransportError:
                continue  # it was killed
            if answer.status_code == 200:
                [total, _] = answer.json()["outputs"]
                if struct.unpack("<f", b64decode(total["data"])) != (6.0,):
                    self.faults.append(answer.text)
                self.versions.add(int(answer.json()["version"]))
            elif answer.status_code not in (404, 503):
                self.faults.append(answer.text)
            self.faults += [f"{name} {state}" for name, state in states.items() if state == "FAILED"]

    def end(self):
        self._over.set()
        self._thread.join()


def published(folder):
    return sorted(int(version.name) for version in folder.iterdir() if version.name.isdigit())


@pytest.mark.parametrize("rounds", [6, pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(3600)])])
def test_killed_while_versions_are_published_and_swapped(tmp_path, rounds):
    repository = Repository(tmp_path / "repository")
    repository.model("sums")
    repository.publish("sums", 1)
    folder = repository.path / "sums"
    chance = random.Random(7)
    for _ in range(rounds):
        first = published(folder)[-1] + 1
        program, key = running(repository, poll_interval="10ms")
        publisher = watcher = None
        try:
            # What was published last is live again, whatever was cut short.
            caller = Caller(program, key)
            wait_for(lambda caller=caller, last=first - 1: caller.infer().json().get("version") == str(last), what=f"version {first - 1} live")
            publisher, watcher = Publisher(folder, first), Watcher(program, key)
            for _ in range(chance.randrange(1, 8)):
                publisher.begin()
                version = publisher.finish()
                wait_for(lambda watcher=watcher, version=version: watcher.faults or version in watcher.versions, what="a swap")
            publisher.begin()
            if chance.random() < 0.5:  # else it is half written, or a moment more
                publisher.finish()
                # Some moment of the swap: calls go on all through it.
                for _ in range(chance.randrange(0, 20)):
                    assert caller.infer().status_code == 200
            for victim in chance.sample([program.process, publisher.process], 2):
                victim.kill()
        finally:
            if publisher is not None:
                publisher.kill()
            program.kill()
            if watcher is not None:
                watcher.end()
        assert not watcher.faults
        assert max(watcher.versions) <= published(folder)[-1], "a version was live that was not published"


def test_a_version_that_was_cut_short_is_published_again_and_live(tmp_path):
    repository = Repository(tmp_path / "repository")
    repository.model("sums")
    repository.publish("sums", 1)
    folder = repository.path / "sums"
    publisher = Publisher(folder, 2)
    publisher.begin()
    publisher.kill()
    last = published(folder)[-1]
    # Wherever it stopped: half a file where the next version is written.
    cut = folder / f".{last + 1}"
    cut.mkdir(exist_ok=True)
    (cut / "model.onnx").write_bytes(ONNX.read_bytes()[:100])
    program, key = running(repository)
    with program:
        caller = Caller(program, key)
        assert caller.infer().json()["version"] == str(last)
        assert f"sums/{last + 1}" not in caller.states()
        again = Publisher(folder, last + 1)
        try:
            again.begin()
            assert again.finish() == last + 1
            wait_for(lambda: int(caller.infer().json()["version"]) == last + 1, what="the version that was cut short")
        finally:
            again.kill()
        assert "FAILED" not in caller.states().values()
