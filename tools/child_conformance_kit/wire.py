"""gRPC written by hand on HTTP/2: calls that stay half-way, which no ordinary client lets one make."""

import dataclasses
import struct
import time

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from grpc_health.v1 import health_pb2

from .child import Broken

FRAME_HEADER_BYTES = 9  # RFC 9113, section 4.1
GOAWAY_FRAME = 7
HEALTH_CHECK = "/grpc.health.v1.Health/Check"


@dataclasses.dataclass
class Ended:
    """How the child ended a stream: its grpc-status, or a reset (status None)."""

    status: int | None
    body: bytes
    at: float


def frame(message):
    """A gRPC length-prefixed message, uncompressed."""
    return struct.pack(">BI", 0, len(message)) + message


class Connection:
    """One HTTP/2 connection to the child, used from one thread."""

    def __init__(self, child):
        self._socket = child.connect()
        if self._socket is None:
            raise Broken("the child refuses a new connection")
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self._bodies = {}
        self._statuses = {}
        self._ended = {}
        self._closed = False
        self._unread = b""
        self._h2.initiate_connection()
        self._flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def open(self, path, **metadata):
        """Sends the headers of a call and nothing else; returns its stream."""
        stream = self._h2.get_next_available_stream_id()
        headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
                   ("content-type", "application/grpc"), ("te", "trailers")]
        headers += [(name.replace("_", "-"), value) for name, value in metadata.items()]
        self._h2.send_headers(stream, headers)
        self._bodies[stream] = b""
        self._flush()
        return stream

    def finish(self, stream, messages):
        """Sends the rest of a call: all its messages and the end of the stream."""
        self._h2.send_data(stream, b"".join(frame(message) for message in messages), end_stream=True)
        self._flush()

    def reset(self, stream):
        self._h2.reset_stream(stream)
        self._flush()

    def wait_end(self, stream, seconds):
        """Until the child ends the stream; None when it does not in time or the connection is gone."""
        end = time.monotonic() + seconds
        while stream not in self._ended and not self._closed and self._receive(end - time.monotonic()):
            pass
        return self._ended.get(stream)

    def sync(self, seconds=3):
        """Returns when the child has seen all that was sent so far, by a health check behind it."""
        stream = self.open(HEALTH_CHECK)
        self.finish(stream, [health_pb2.HealthCheckRequest().SerializeToString()])
        if self.wait_end(stream, seconds) is None:
            raise Broken(f"a health check on a connection with waiting calls has no answer in {seconds} s")

    def _flush(self):
        try:
            self._socket.sendall(self._h2.data_to_send())
        except OSError:
            self._closed = True

    def _receive(self, seconds):
        if seconds <= 0:
            return False
        self._socket.settimeout(seconds)
        try:
            data = self._socket.recv(65536)
        except TimeoutError:
            return False
        except OSError:
            data = b""
        if not data:
            self._closed = True
            return False
        try:
            for event in self._h2.receive_data(self._without_goaway(data)):
                self._handle(event)
        except h2.exceptions.ProtocolError as error:
            raise Broken(f"the child breaks HTTP/2: {error}") from error
        self._flush()
        return True

    def _without_goaway(self, data):
        """h2 takes GOAWAY for the end of the connection; to a gRPC client it means: open no new stream here."""
        self._unread += data
        kept = b""
        while len(self._unread) >= FRAME_HEADER_BYTES:
            size = FRAME_HEADER_BYTES + int.from_bytes(self._unread[:3], "big")
            if len(self._unread) < size:
                break
            if self._unread[3] != GOAWAY_FRAME:
                kept += self._unread[:size]
            self._unread = self._unread[size:]
        return kept

    def _handle(self, event):
        if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
            headers = dict(event.headers)
            if "grpc-status" in headers:
                self._statuses[event.stream_id] = int(headers["grpc-status"])
        elif isinstance(event, h2.events.DataReceived):
            self._bodies[event.stream_id] += event.data
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._end(event.stream_id, self._statuses.get(event.stream_id))
        elif isinstance(event, h2.events.StreamReset):
            self._end(event.stream_id, self._statuses.get(event.stream_id))

    def _end(self, stream, status):
        self._ended.setdefault(stream, Ended(status, self._bodies.get(stream, b""), time.monotonic()))
