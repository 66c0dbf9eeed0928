"""Requests that two readers could take for different ones: each is answered once, cleanly, and the connection closes."""

import pytest
from edges.raw import Raw, refused

HOST = b"Host: here\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
CHUNKS = b"\r\n5\r\nhello\r\n0\r\n\r\n"
POST = b"POST /analyze-sentiment HTTP/1.1\r\n" + HOST


def _post(headers, rest=b"\r\nhello"):
    return POST + headers + rest


SHAPES = {
    "two different lengths": (_post(b"Content-Length: 5\r\nContent-Length: 6\r\n"), 400),
    "two equal lengths": (_post(b"Content-Length: 5\r\nContent-Length: 5\r\n"), 400),
    "a list of lengths": (_post(b"Content-Length: 5, 5\r\n"), 400),
    "length with a sign": (_post(b"Content-Length: +5\r\n"), 400),
    "negative length": (_post(b"Content-Length: -5\r\n"), 400),
    "hexadecimal length": (_post(b"Content-Length: 0x5\r\n"), 400),
    "length over 64 bits": (_post(b"Content-Length: 18446744073709551621\r\n"), 400),
    "empty length": (_post(b"Content-Length: \r\n"), 400),
    "length, then chunked": (_post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", CHUNKS), 400),
    "chunked, then length": (_post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", CHUNKS), 400),
    "chunked under HTTP/1.0": (b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" + CHUNKS, 400),
    "xchunked": (_post(b"Transfer-Encoding: xchunked\r\n", CHUNKS), 400),
    "chunked, identity": (_post(b"Transfer-Encoding: chunked, identity\r\n", CHUNKS), 400),
    "identity": (_post(b"Transfer-Encoding: identity\r\n", CHUNKS), 400),
    "chunked twice": (_post(b"Transfer-Encoding: chunked, chunked\r\n", CHUNKS), 400),
    "chunked in two headers": (_post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", CHUNKS), 400),
    "chunked and another in two headers": (_post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKS), 400),
    "vertical tab before chunked": (_post(b"Transfer-Encoding: \x0bchunked\r\n", CHUNKS), 400),
    "empty transfer encoding": (_post(b"Transfer-Encoding: \r\n", CHUNKS), 400),
    "quoted chunked": (_post(b'Transfer-Encoding: "chunked"\r\n', CHUNKS), 400),
    "gzip, chunked": (_post(b"Transfer-Encoding: gzip, chunked\r\n", CHUNKS), 501),
    "space before the colon": (_post(b"Transfer-Encoding : chunked\r\n", CHUNKS), 400),
    "tab before the colon": (_post(b"Content-Length\t: 5\r\n"), 400),
    "obsolete folding": (_post(b"X-Folded: a\r\n b\r\nContent-Length: 5\r\n"), 400),
    "folded transfer encoding": (_post(b"Transfer-Encoding:\r\n chunked\r\n", CHUNKS), 400),
    "space before the first header": (b"GET / HTTP/1.1\r\n Host: here\r\n\r\n", 400),
    "bare line feeds": (b"GET / HTTP/1.1\nHost: here\n\n", 400),
    "bare line feed after a header": (b"GET / HTTP/1.1\r\nHost: here\nX: y\r\n\r\n", 400),
    "bare line feed ends the headers": (b"GET / HTTP/1.1\r\nHost: here\r\n\n", 400),
    "bare carriage return in a value": (b"GET / HTTP/1.1\r\nHost: here\r\nX: a\rb\r\n\r\n", 400),
    "NUL in a value": (b"GET / HTTP/1.1\r\nHost: here\r\nX: a\0b\r\n\r\n", 400),
    "NUL in a name": (b"GET / HTTP/1.1\r\nHost: here\r\nX\0: a\r\n\r\n", 400),
    "NUL in the target": (b"GET /\0 HTTP/1.1\r\nHost: here\r\n\r\n", 400),
    "space in a name": (b"GET / HTTP/1.1\r\nHost: here\r\nX Y: a\r\n\r\n", 400),
    "header without a name": (b"GET / HTTP/1.1\r\nHost: here\r\n: a\r\n\r\n", 400),
    "header without a colon": (b"GET / HTTP/1.1\r\nHost: here\r\nX\r\n\r\n", 400),
    "chunk size that is no number": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\nZ\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk size with a prefix": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n0x5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk size with a sign": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n+5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk size before a space": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n5 5\r\nhello\r\n0\r\n\r\n"), 400),
    "empty chunk size": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk size over 64 bits": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk longer than its size": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n4\r\nhello\r\n0\r\n\r\n"), 400),
    "line feed after a chunk size": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n5\nhello\r\n0\r\n\r\n"), 400),
    "line feed after a chunk": (_post(b"Transfer-Encoding: chunked\r\n", b"\r\n5\r\nhello\n0\r\n\r\n"), 400),
    "method that is none": (b"G@T / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "method in lower case": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "target without a slash": (b"GET nowhere HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "space in the target": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "absolute target of another scheme": (b"GET ftp://here/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "CONNECT": (b"CONNECT here:80 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: here\r\nHost: there\r\n\r\n", 400),
    "two equal Hosts": (b"GET / HTTP/1.1\r\nHost: here\r\nHost: here\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 505),
    "HTTP/2 in words": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 505),
    "a version that is none": (b"GET / HTTQ/1.1\r\n" + HOST + b"\r\n", 400),
    "TLS on a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "unknown expectation": (_post(b"Content-Length: 5\r\nExpect: magic\r\n"), 417),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_ambiguous_request_is_refused_once_and_the_connection_closes(starling, shape):
    request, status = SHAPES[shape]
    before = refused(starling)
    with Raw(starling.addresses["http"]) as client:
        client.send(request + NEXT)
        answer = client.answer()
        assert answer.status == status
        assert set(answer.json()) == {"error", "details"}
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["connection"] == "close"
        assert client.ended()
    after = refused(starling)
    risen = {reason for reason in after if after[reason] > before[reason]}
    assert risen & {"malformed", "not_supported", "expectation", "invalid_input"}, risen


def test_the_same_byte_by_byte(starling):
    """How the bytes are cut into packets changes nothing."""
    for shape in ("length, then chunked", "obsolete folding", "chunk longer than its size", "bare line feed after a header"):
        request, status = SHAPES[shape]
        with Raw(starling.addresses["http"]) as client:
            for byte in request:
                client.send(bytes([byte]))
            answer = client.answer()
            assert (answer.status, client.ended()) == (status, True), shape


def test_trailers_say_nothing(starling):
    """Trailer fields end with their request: they change neither it nor the next one."""
    body = b'{"texts": ["a"]}'
    chunked = POST + b"Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n%x\r\n%b\r\n0\r\n" % (len(body), body)
    with Raw(starling.addresses["http"]) as client:
        client.send(chunked + b"Content-Length: 500\r\n\r\n" + NEXT)
        assert client.answer().status == 400
        assert client.ended()
    with Raw(starling.addresses["http"]) as client:
        client.send(chunked + b"Host: there\r\nAuthorization: Bearer x\r\nX-Request-Id: late\r\n\r\n" + NEXT)
        answer = client.answer()
        assert answer.status == 200 and answer.headers["x-request-id"] != "late"
        assert client.answer().status == 404
        client.send(chunked + b"Bad Trailer: x\r\n\r\n" + NEXT)
        assert client.answer().status == 400
        assert client.ended()


def test_an_absolute_target_is_taken_and_names_the_host(starling):
    with Raw(starling.addresses["http"]) as client:
        client.send(b"GET http://elsewhere/livez?x=1 HTTP/1.1\r\n" + HOST + b"\r\n")
        assert client.answer().status == 200
