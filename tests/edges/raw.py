"""A client that sends exactly the bytes a test wants, and reads what an HTTP/1.1 server says to them."""

import json
import socket


class Answer:
    def __init__(self, status, reason, headers, body):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    def json(self):
        return json.loads(self.body)


class Raw:
    """One connection to `address` ("127.0.0.1:8000"). `wrap` may put TLS around its socket."""

    def __init__(self, address, timeout_s=20, wrap=None):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap:
            self.socket = wrap(self.socket)
        self.received = b""

    def send(self, data):
        """What does not go out because the server has closed is no error: the answer tells."""
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.received += data
        return bool(data)

    def _until(self, end):
        while end not in self.received:
            assert self._more(), f"the connection ended after {self.received[-300:]!r}"
        found, _, self.received = self.received.partition(end)
        return found

    def _take(self, size):
        while len(self.received) < size:
            assert self._more(), f"the connection ended after {self.received[-300:]!r}"
        found, self.received = self.received[:size], self.received[size:]
        return found

    def answer(self, head=False):
        """The next answer; interim ones (1xx) too."""
        lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, *reason = lines[0].split(" ", 2)
        assert version == "HTTP/1.1", lines
        headers = {}
        for line in lines[1:]:
            name, value = line.split(": ", 1)
            assert name not in headers or name == "vary", f"{name} twice"
            headers[name] = headers[name] + ", " + value if name in headers else value
        status = int(status)
        if head or status < 200 or status in (204, 304):
            body = b""
        elif headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(self._until(b"\r\n"), 16):
                body += self._take(size)
                assert self._take(2) == b"\r\n"
            assert self._take(2) == b"\r\n"
        else:
            body = self._take(int(headers["content-length"]))
        return Answer(status, reason[0] if reason else "", headers, body)

    def rest(self):
        """All that still comes until the server closes."""
        while self._more():
            pass
        found, self.received = self.received, b""
        return found

    def ended(self):
        """The server has closed and said nothing more."""
        return self.rest() == b""

    def close(self):
        self.socket.close()

    def reset(self):
        import struct

        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def refused(program):
    """reason -> how often, of http.server.refused."""
    prefix = 'http_server_refused_total{reason="'
    return {name[len(prefix) : -2]: int(value) for name, value in program.metrics().items() if name.startswith(prefix)}
