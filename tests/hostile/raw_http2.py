"""An HTTP/2 client without manners: frames are written as they are wanted, and what comes back is only looked at."""

import socket
import time

from hpack import Decoder, Encoder
from hyperframe.frame import Frame, GoAwayFrame, HeadersFrame, RstStreamFrame, SettingsFrame, WindowUpdateFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ENHANCE_YOUR_CALM = 11
CHECK = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/grpc.health.v1.Health/Check"),
    (":authority", "localhost"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]
EMPTY_MESSAGE = bytes(5)


def get(path):
    return [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "localhost")]


class RawHttp2:
    def __init__(self, address, settings=None, preface=PREFACE):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.encoder, self.decoder = Encoder(), Decoder()
        self.received = bytearray()
        self.frames = []
        self.ended = False
        self.socket.sendall(preface)
        if preface == PREFACE:
            self.send(SettingsFrame(settings=settings or {}))

    def send(self, *frames):
        """False once the server has closed the connection."""
        return self.send_bytes(b"".join(frame.serialize() for frame in frames))

    def send_bytes(self, data):
        """Reads while it writes, so that neither side waits for the other."""
        view = memoryview(data)
        deadline = time.monotonic() + 20
        while view and not self.ended:
            assert time.monotonic() < deadline, "the server neither reads nor closes"
            self.read(wait_s=0)
            self.socket.settimeout(0.2)
            try:
                view = view[self.socket.send(view) :]
            except TimeoutError:
                continue
            except OSError:
                self.drain_after_close()
        return not self.ended

    def drain_after_close(self):
        self.read(wait_s=1)
        self.ended = True

    def headers(self, stream, fields, flags=("END_HEADERS", "END_STREAM")):
        return HeadersFrame(stream, self.encoder.encode(fields), flags=list(flags))

    def read(self, wait_s):
        """What has arrived, waiting for at most `wait_s` if that is nothing."""
        self.socket.settimeout(wait_s or 0.0001)
        try:
            while not self.ended:
                data = self.socket.recv(1 << 16)
                self.ended = not data
                self.received += data
                self.socket.settimeout(0.0001)
        except TimeoutError:
            pass
        except OSError:
            self.ended = True
        while len(self.received) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(bytes(self.received[:9])))
            if len(self.received) < 9 + length:
                break
            frame.parse_body(memoryview(bytes(self.received[9 : 9 + length])))
            del self.received[: 9 + length]
            if isinstance(frame, HeadersFrame):
                frame.fields = dict(self.decoder.decode(frame.data))
            self.frames.append(frame)

    def wait_for(self, condition, timeout_s=20):
        """Reads until `condition(frame)` holds for one, and returns it; None if the connection ends before."""
        deadline = time.monotonic() + timeout_s
        while True:
            for frame in self.frames:
                if condition(frame):
                    return frame
            if self.ended:
                return None
            assert time.monotonic() < deadline, f"nothing of the kind among {self.frames}"
            self.read(wait_s=0.2)

    def wait_end(self, timeout_s=20):
        """The error code of the server's GOAWAY, or None if it closed without one."""
        deadline = time.monotonic() + timeout_s
        while not self.ended:
            assert time.monotonic() < deadline, "the server does not end the connection"
            self.read(wait_s=0.2)
        codes = [frame.error_code for frame in self.frames if isinstance(frame, GoAwayFrame)]
        return codes[-1] if codes else None

    def resets(self):
        return [frame for frame in self.frames if isinstance(frame, RstStreamFrame)]

    def open_window(self, stream, size):
        return self.send(WindowUpdateFrame(stream, window_increment=size))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
