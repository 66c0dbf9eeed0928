"""One run of the child under test: started, watched and stopped as starling does it (sections 1 and 8)."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


class Broken(Exception):
    """A rule of the page does not hold; the text says which and how."""


def wait_until(condition, seconds, step=0.02):
    """Polls until `condition()` is true and returns its value; None when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            return None
        time.sleep(step)


def is_gone(pid):
    """True when no such process runs; one that nobody has waited for counts as gone."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


class Log:
    """Collects the lines of the child's output on a thread of its own."""

    def __init__(self, pipe):
        self._lines = []
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def _read(self, pipe):
        with pipe:
            for line in pipe:
                self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    def lines(self):
        return list(self._lines)

    def close(self):
        self._thread.join(timeout=1)


class Child:
    """Use as a context manager: the process group is killed and the folder removed at the end."""

    def __init__(self, command, service="sample", environment=None, folder=None):
        self.command = command
        self.folder = folder or tempfile.mkdtemp(prefix="child-")
        self._owns_folder = folder is None
        self._lifeline = None
        self.socket_path = os.path.join(self.folder, "socket")
        self.environment = child_environment(self.socket_path, service) | (environment or {})
        self.process = None
        self.log = None

    def __enter__(self):
        read_end, self._lifeline = os.pipe()
        try:
            self.process = subprocess.Popen(
                self.command, stdin=read_end, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env=self.environment, process_group=0)
        except OSError as error:
            raise Broken(f"the command does not start: {error}") from error
        finally:
            os.close(read_end)
        self.started = time.monotonic()
        self.log = Log(self.process.stdout)
        return self

    def __exit__(self, *_):
        self.cut_lifeline()
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.log.close()
        self.remove_folder()

    def remove_folder(self):
        if self._owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self):
        return self.process.pid

    def cut_lifeline(self):
        """What a child sees of its parent's end: end-of-file on standard input."""
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None

    def alive(self):
        return self.process.poll() is None

    def require_alive(self, after):
        if not self.alive():
            raise Broken(f"the process ended with {self.process.returncode} after {after}{self.last_words()}")

    def last_words(self):
        self.log.close() if not self.alive() else None
        tail = self.log.lines()[-3:]
        return "; its last lines: " + " | ".join(tail) if tail else ""

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, seconds):
        """The exit code, or None when the process still runs."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return None

    def connect(self):
        """A plain stream socket to the child, or None while it does not listen."""
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.connect(self.socket_path)
            return stream
        except OSError:
            stream.close()
            return None

    def wait_listening(self, seconds):
        def listening():
            if not self.alive():
                self.require_alive("its start")
            stream = self.connect()
            if stream:
                stream.close()
            return stream

        if not wait_until(listening, seconds):
            raise Broken(f"nobody listens on STARLING_SOCKET after {seconds:g} s{self.last_words()}")

    def wait_ready(self, seconds):
        """Until health says SERVING for the whole process; returns the seconds since the start."""
        self.wait_listening(seconds)
        answer = None

        def serving():
            nonlocal answer
            self.require_alive("it had begun to listen")
            answer = check_health(channel, "")
            return answer == "SERVING" or answer == "UNIMPLEMENTED"

        with self.channel() as channel:
            wait_until(serving, seconds)
        if answer != "SERVING":
            raise Broken(f"health of the process is {answer}, not SERVING, after {seconds:g} s{self.last_words()}")
        return time.monotonic() - self.started

    def channel(self):
        """A new connection of grpcio's own, with nothing limited on the caller's side."""
        return grpc.insecure_channel("unix:" + self.socket_path, options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 200),
        ])


def child_environment(socket_path, service):
    return os.environ | {
        "STARLING_SOCKET": socket_path,
        "STARLING_SERVICE": service,
        "STARLING_REPLICA": "0",
        "STARLING_STOP_TIMEOUT_MS": "10000",
        "STARLING_MAX_MESSAGE_BYTES": str(4 * 1024 * 1024),
    }


def check_health(channel, service, seconds=2):
    """SERVING, NOT_SERVING, ... or the name of the status code that came instead."""
    try:
        request = health_pb2.HealthCheckRequest(service=service)
        response = health_pb2_grpc.HealthStub(channel).Check(request, timeout=seconds)
        return health_pb2.HealthCheckResponse.ServingStatus.Name(response.status)
    except grpc.RpcError as error:
        return error.code().name
