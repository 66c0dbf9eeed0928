"""Section 8: how the child ends."""

import os
import signal
import subprocess
import sys
import threading
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from .child import Broken, is_gone, wait_until
from .kit import check
from .wire import Connection

# What has to be gone within 2 s is given time to be scheduled, and to be seen.
_GONE_S = 4


class Watcher:
    """Listens to Watch on a thread of its own, as the parent does; `stopping` is set at NOT_SERVING or the end."""

    def __init__(self, child):
        self._channel = child.channel()
        self._call = health_pb2_grpc.HealthStub(self._channel).Watch(health_pb2.HealthCheckRequest())
        self.serving = threading.Event()
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        if not self.serving.wait(3):
            raise Broken("Watch does not say SERVING")

    def _read(self):
        try:
            for response in self._call:
                serving = response.status == health_pb2.HealthCheckResponse.SERVING
                (self.serving if serving else self.stopping).set()
        except grpc.RpcError:
            pass
        self.stopping.set()

    def close(self):
        self._call.cancel()
        self._channel.close()
        self._thread.join(timeout=2)


def _expect_exit(child, seconds, what):
    begun = time.monotonic()
    code = child.wait_exit(seconds)
    if code is None:
        raise Broken(f"{what}: still there after {seconds:g} s")
    if code != 0:
        raise Broken(f"{what}: it exits with {code}, not 0{child.last_words()}")
    return f"after {time.monotonic() - begun:.2f} s"


@check("stop-idle", 8, "SIGTERM: tells the watchers and exits with 0 at once when nothing runs")
def stop_idle(kit):
    with kit.child() as child:
        child.wait_ready(kit.start_timeout)
        kit.works(child, "its start")
        watcher = Watcher(child)
        try:
            child.signal(signal.SIGTERM)
            note = _expect_exit(child, 3, "SIGTERM while only a health watch is open")
            if not watcher.stopping.wait(1):
                raise Broken("a watcher never hears of the end")
            return note
        finally:
            watcher.close()


@check("stop-drains", 8, "SIGTERM: a running call goes on to its end, then exit with 0")
def stop_drains(kit):
    sample = kit.samples[0]
    with kit.child() as child:
        child.wait_ready(kit.start_timeout)
        watcher = Watcher(child)
        try:
            with Connection(child) as connection:
                stream = connection.open(sample.method.path)
                connection.sync()
                child.signal(signal.SIGTERM)
                if not watcher.stopping.wait(3):
                    raise Broken("health does not become NOT_SERVING within 3 s of SIGTERM")
                early = connection.wait_end(stream, 0.3)  # long enough for a hasty child to cut the call
                if early is not None:
                    raise Broken(f"a call that had begun before SIGTERM is cut: {_describe(early)}")
                connection.finish(stream, [request.SerializeToString() for request in sample.requests])
                ended = connection.wait_end(stream, 10)
            if ended is None or ended.status != 0 or not ended.body:
                raise Broken(f"a call that had begun before SIGTERM is cut: {_describe(ended)}")
            return _expect_exit(child, 5, "SIGTERM, and the last call has ended")
        finally:
            watcher.close()


def _describe(ended):
    if ended is None:
        return "no answer"
    return "its stream is reset" if ended.status is None else f"it ends with status {ended.status}"


@check("stop-timeout", 8, "SIGTERM: exits with 0 by STARLING_STOP_TIMEOUT_MS though a call still runs")
def stop_timeout(kit):
    with kit.child(environment={"STARLING_STOP_TIMEOUT_MS": "1000"}) as child:
        child.wait_ready(kit.start_timeout)
        with Connection(child) as connection:
            connection.open(kit.samples[0].method.path)
            connection.sync()
            child.signal(signal.SIGTERM)
            return _expect_exit(child, 5, "SIGTERM with 1000 ms to stop and a call that never ends")


@check("lifeline", 8, "end-of-file on standard input: gone within 2 s, though a call runs")
def lifeline(kit):
    with kit.child() as child:
        child.wait_ready(kit.start_timeout)
        with Connection(child) as connection:
            connection.open(kit.samples[0].method.path)
            connection.sync()
            begun = time.monotonic()
            child.cut_lifeline()
            if child.wait_exit(_GONE_S) is None:
                raise Broken(f"it runs on {_GONE_S} s after the end of standard input")
            return f"after {time.monotonic() - begun:.2f} s"


# A parent of its own, which holds the lifeline and can be killed: prints the child's id, then waits for its own end.
PARENT = """
import os, subprocess, sys, time
read_end, write_end = os.pipe()
child = subprocess.Popen(sys.argv[1:], stdin=read_end, stdout=sys.stderr, process_group=0)
print(child.pid, flush=True)
os.close(read_end)
child.wait()
"""


@check("orphaned", 8, "a parent killed with SIGKILL takes it along within 2 s")
def orphaned(kit):
    child = kit.child()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *kit.command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=child.environment)
    pid = int(parent.stdout.readline() or 0)
    try:
        if not wait_until(lambda: child.connect() or parent.poll() is not None, kit.start_timeout):
            raise Broken("nobody listens on STARLING_SOCKET")
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        if not wait_until(lambda: is_gone(pid), _GONE_S):
            raise Broken(f"it runs on {_GONE_S} s after its parent was killed")
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
        if pid and not is_gone(pid):
            os.kill(pid, signal.SIGKILL)
        child.remove_folder()
