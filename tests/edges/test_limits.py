"""Each limit of one client: its setting, its answer and its count."""

import json

import h2.connection
import h2.events
import httpx
import pytest
from edges.raw import Raw, refused
from harness.program import TINY_SENTIMENT, Program
from harness.waiting import wait_for

LIMITS = {
    "max_target_bytes": 200,
    "max_header_bytes": 2000,
    "max_headers": 20,
    "max_body_bytes": 20000,
    "max_json_depth": 10,
    "max_connections": 30,
    "handshake_timeout": "600ms",
    "header_timeout": "500ms",
    "body_timeout": "500ms",
    "idle_timeout": "700ms",
    "write_timeout": "500ms",
}
HEAD = b"POST /analyze-sentiment HTTP/1.1\r\nHost: here\r\n"


@pytest.fixture(scope="module")
def small():
    """A program whose limits are all small; little is asked of its model."""
    with Program({"server": {"limits": LIMITS}}, models=[TINY_SENTIMENT]) as program:
        yield program


class Counted:
    """Within it, http.server.refused rises for `reason`."""

    def __init__(self, program, reason):
        self.program, self.reason = program, reason

    def __enter__(self):
        self.before = refused(self.program)[self.reason]

    def __exit__(self, kind, *_):
        if kind is None:
            wait_for(lambda: refused(self.program)[self.reason] > self.before, what=f"a count of {self.reason}")


def _refusal(program, request, status):
    with Raw(program.addresses["http"]) as client:
        client.send(request)
        answer = client.answer()
        assert answer.status == status
        assert set(answer.json()) == {"error", "details"}
        assert client.ended()
        return answer


@pytest.mark.parametrize(
    ("reason", "status", "request_bytes"),
    [
        ("target_too_long", 414, b"GET /" + b"a" * 200 + b" HTTP/1.1\r\nHost: here\r\n\r\n"),
        ("target_too_long", 414, b"GET /?" + b"a" * 10000000),
        ("header_too_large", 431, b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"a" * 2000 + b"\r\n\r\n"),
        ("header_too_large", 431, b"GET / HTTP/1.1\r\nHost: here\r\n" + b"a" * 10000000),
        ("too_many_headers", 431, b"GET / HTTP/1.1\r\nHost: here\r\n" + b"X: y\r\n" * 20 + b"\r\n"),
        ("body_too_large", 413, HEAD + b"Content-Length: 20001\r\n\r\n"),
        ("body_too_large", 413, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b" " * 1024 + b"\r\n" + (b"400\r\n" + b" " * 1024 + b"\r\n") * 20),
        ("header_too_large", 431, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"e" * 10000 + b"\r\na\r\n0\r\n\r\n"),
        ("header_timeout", 408, b"GET / HTTP/1.1\r\nHos"),
        ("body_timeout", 408, HEAD + b"Content-Length: 5\r\n\r\nab"),
        ("body_timeout", 408, HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"),
    ],
)  # fmt: skip
def test_requests(small, reason, status, request_bytes):
    with Counted(small, reason):
        _refusal(small, request_bytes, status)


@pytest.mark.parametrize(("reason", "start"), [("header_timeout", b"GET / HTTP/1.1\r\nX: "), ("body_timeout", HEAD + b"Content-Length: 1000\r\n\r\n")])
def test_a_piece_now_and_then_prolongs_nothing(small, reason, start):
    with Counted(small, reason), Raw(small.addresses["http"], timeout_s=0.05) as client:
        client.send(start)

        def refusal():
            client.send(b" ")
            try:
                client._more()
            except TimeoutError:
                pass
            return client.received

        assert wait_for(refusal, 10, "a refusal").startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(("reason", "piece", "expected"), [("body_timeout", b" ", b"408"), ("body_too_large", b" " * 16000, b"413")])
def test_bodies_over_http_2(small, reason, piece, expected):
    connection = h2.connection.H2Connection()
    connection.initiate_connection()
    fields = [(":method", "POST"), (":path", "/analyze-sentiment"), (":scheme", "http"), (":authority", "here")]
    connection.send_headers(1, fields)
    with Counted(small, reason), Raw(small.addresses["http"], timeout_s=0.05) as client:

        def status():
            connection.send_data(1, piece)
            client.send(connection.data_to_send())
            try:
                client._more()
            except TimeoutError:
                return None
            events = connection.receive_data(client.received)
            client.received = b""
            answers = [event for event in events if isinstance(event, h2.events.ResponseReceived)]
            return dict(answers[0].headers)[b":status"] if answers else None

        assert wait_for(status, 10, "an answer") == expected


def test_depth_of_json(small):
    with Counted(small, "invalid_input"):
        for depth, status in ((5, 200), (20, 400), (9000, 400)):
            body = b'{"texts": ["a"], "x": ' + b"[" * depth + b"]" * depth + b"}"
            answer = httpx.post(small.url + "/analyze-sentiment", content=body)
            assert answer.status_code == status
        assert "10 levels" in httpx.post(small.url + "/analyze-sentiment", content=b'{"x":' + b"[" * 20).json()["details"]


def test_connections(small):
    address = small.addresses["http"]
    with Counted(small, "too_many_connections"):
        clients, turned_away = [], None
        for _ in range(60):
            client = Raw(address)
            client.send(b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n")
            answer = client.answer()
            clients.append(client)
            if answer.status == 503:
                turned_away = answer
                assert client.ended()
                break
        assert turned_away.headers["retry-after"] and set(turned_away.json()) == {"error", "details"}
        assert len(clients) >= 30
        for client in clients:
            client.close()
    wait_for(lambda: httpx.get(small.url + "/livez").status_code == 200, what="room for a connection")


def test_silent_and_idle_connections_are_closed(small):
    with Counted(small, "handshake_timeout"), Raw(small.addresses["http"]) as client:
        assert client.ended()
    with Counted(small, "idle_timeout"), Raw(small.addresses["http"]) as client:
        assert client.send(b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n").answer().status == 200
        assert client.ended()


def test_who_takes_no_answer_is_cut(small):
    with Counted(small, "write_timeout"), Raw(small.addresses["admin"]) as client:
        client.send(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n" * 2000)
        wait_for(lambda: refused(small)["write_timeout"] > 0, what="the cut")


def test_the_deadline_of_a_request(starling):
    texts = json.dumps({"texts": ["word " * 2000] * 256})
    answer = httpx.post(starling.url + "/analyze-sentiment", content=texts, headers={"x-request-timeout-ms": "50"}, timeout=60)
    assert (answer.status_code, set(answer.json())) == (504, {"error", "details"})
    for odd in ("0", "-1", "x", "1.5"):
        assert httpx.post(starling.url + "/analyze-sentiment", content=b'{"texts": ["a"]}', headers={"x-request-timeout-ms": odd}).status_code == 400
    with Program({"server": {"limits": {"request_timeout": "50ms"}}}, models=["sentiment"]) as program:
        answer = httpx.post(program.url + "/analyze-sentiment", content=texts, timeout=60)
        assert answer.status_code == 504
