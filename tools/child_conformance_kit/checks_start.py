"""Sections 1 and 2: the socket, and when the child counts as ready."""

import os
import pathlib
import re
import signal
import socket
import stat

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from .child import Broken, check_health, wait_until
from .kit import check, expect_status


@check("socket", 1, "creates the socket given in STARLING_SOCKET")
def socket_made(kit):
    with kit.child() as child:
        child.wait_listening(kit.start_timeout)
        if not stat.S_ISSOCK(os.stat(child.socket_path).st_mode):
            raise Broken("what lies at STARLING_SOCKET is no socket")


@check("ready", 2, "is SERVING in time, and then a real call succeeds at once")
def ready(kit):
    with kit.child() as child:
        seconds = child.wait_ready(kit.start_timeout)
        kit.works(child, "its health became SERVING")
        return f"after {seconds:.1f} s"


@check("stale-socket", 1, "replaces the socket file of a killed predecessor")
def stale_socket(kit):
    child = kit.child()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as predecessor:
        predecessor.bind(child.socket_path)
    with child:
        child.wait_ready(kit.start_timeout)
        child.signal(signal.SIGKILL)
        child.wait_exit(5)
        with kit.child(folder=child.folder) as successor:
            successor.wait_ready(kit.start_timeout)


@check("no-network", 1, "listens on no TCP or UDP port")
def no_network(kit):
    child = kit.shared()
    inodes = set(_sockets_of_group(child.pid))
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in pathlib.Path(f"/proc/{child.pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            listening = fields[3] == "0A" if table.startswith("tcp") else fields[2].endswith(":0000")
            if listening and fields[9] in inodes:
                raise Broken(f"it listens on {table} port {int(fields[1].rpartition(':')[2], 16)}")


def _sockets_of_group(group):
    """Inodes of all sockets held by processes of the group."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(process.name)) != group:
                continue
            for entry in (process / "fd").iterdir():
                match = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))
                if match:
                    yield match.group(1)
        except OSError:
            continue


@check("health-names", 2, 'health answers for "" and each contract; another name is NOT_FOUND')
def health_names(kit):
    with kit.shared().channel() as channel:
        for name in ["", *kit.services()]:
            answer = check_health(channel, name)
            if answer != "SERVING":
                raise Broken(f"health of '{name}' is {answer}, not SERVING")
        request = health_pb2.HealthCheckRequest(service="starling.no.such.Service")
        expect_status(lambda: health_pb2_grpc.HealthStub(channel).Check(request, timeout=2),
                      [grpc.StatusCode.NOT_FOUND], "health of an unknown service")


@check("health-watch", 2, "Watch gives the current state at once")
def health_watch(kit):
    with kit.shared().channel() as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=3)
        try:
            first = next(iter(watch))
        except (grpc.RpcError, StopIteration) as error:
            raise Broken(f"Watch gives nothing: {watch.code()}") from error
        finally:
            watch.cancel()
        if first.status != health_pb2.HealthCheckResponse.SERVING:
            raise Broken(f"Watch says {first.status}, not SERVING")


@check("health-again", 2, "health still answers after a hundred connections came and went")
def health_again(kit):
    child = kit.shared()
    for _ in range(100):
        stream = child.connect()
        if stream is None:
            raise Broken("it refuses a connection")
        stream.close()
    with child.channel() as channel:
        if not wait_until(lambda: check_health(channel, "") == "SERVING", 3):
            raise Broken("health does not answer any more")
