"""HTTP as clients expect it: connections, methods, negotiation, ids and traces in and out."""

import gzip
import json
import re

import httpx
import pytest
from edges.raw import Raw, refused
from harness.program import TINY_SENTIMENT, Program
from harness.waiting import wait_for

ANALYZE = "/analyze-sentiment"
BODY = b'{"texts": ["a"]}'


def _post(body=BODY, headers=b"", version=b"1.1"):
    return b"POST /analyze-sentiment HTTP/%b\r\nHost: here\r\n%bContent-Length: %d\r\n\r\n%b" % (version, headers, len(body), body)


@pytest.mark.smoke
def test_connections_are_kept(starling):
    with Raw(starling.addresses["http"]) as client:
        for _ in range(50):
            assert client.send(_post()).answer().status == 200
        answer = client.send(_post(headers=b"Connection: close\r\n")).answer()
        assert (answer.status, answer.headers["connection"], client.ended()) == (200, "close", True)


def test_http_1_0_closes_unless_asked(starling):
    with Raw(starling.addresses["http"]) as client:
        assert client.send(_post(version=b"1.0")).answer().headers["connection"] == "close"
        assert client.ended()
    with Raw(starling.addresses["http"]) as client:
        for _ in range(3):
            answer = client.send(_post(version=b"1.0", headers=b"Connection: keep-alive\r\n")).answer()
            assert answer.headers["connection"] == "keep-alive"


def test_pipelined_requests_are_answered_in_order(starling):
    with Raw(starling.addresses["http"]) as client:
        ids = [f"request-{i}" for i in range(200)]
        requests = [_post(headers=b"X-Request-Id: %b\r\n" % name.encode()) for name in ids]
        requests[100] = b"GET /nowhere HTTP/1.1\r\nHost: here\r\nX-Request-Id: request-100\r\n\r\n"
        client.send(b"".join(requests))
        answers = [client.answer() for _ in ids]
        assert [answer.headers["x-request-id"] for answer in answers] == ids
        assert [answer.status for answer in answers] == [404 if i == 100 else 200 for i in range(200)]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_chunked_requests(starling, size):
    pieces = [BODY[i : i + size] for i in range(0, len(BODY), size)]
    chunks = b"".join(b"%X;extension=\"a\"\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    with Raw(starling.addresses["http"]) as client:
        for _ in range(2):
            client.send(b"POST /analyze-sentiment HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
            assert client.answer().json()["results"][0]["text"] == "a"


def test_head_is_get_without_the_body(starling):
    for url in (starling.url + "/openapi.json", starling.admin_url + "/admin/status"):
        if httpx.get(url).status_code == 404:
            continue
        got = httpx.get(url)
        head = httpx.head(url)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
        assert int(head.headers["content-length"]) > 0
    with Raw(starling.addresses["http"]) as client:
        client.send(b"HEAD /livez HTTP/1.1\r\nHost: here\r\n\r\nHEAD /nowhere HTTP/1.1\r\nHost: here\r\n\r\n")
        assert client.answer(head=True).status == 200
        assert client.answer(head=True).status == 404
        assert client.send(_post()).answer().status == 200


def test_options_405_and_404(starling):
    options = httpx.options(starling.url + ANALYZE)
    assert (options.status_code, options.headers["allow"]) == (204, "POST, OPTIONS")
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
        answer = httpx.request(method, starling.url + ANALYZE)
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
        assert method == "HEAD" or set(answer.json()) == {"error", "details"}
    assert "HEAD" in httpx.options(starling.url + "/models").headers["allow"]
    answer = httpx.get(starling.url + "/nowhere")
    assert (answer.status_code, set(answer.json())) == (404, {"error", "details"})
    assert httpx.get(starling.url + "/models/%zz").status_code == 400


def test_media_types(starling):
    for accept in ("*/*", "application/json", "application/*;q=0.1", "text/html, */*;q=0.1"):
        assert httpx.post(starling.url + ANALYZE, content=BODY, headers={"accept": accept}).status_code == 200
    before = refused(starling)
    for accept in ("text/html", "application/json;q=0", "text/event-stream"):
        answer = httpx.post(starling.url + ANALYZE, content=BODY, headers={"accept": accept})
        assert (answer.status_code, set(answer.json())) == (406, {"error", "details"})
    for kind in ("application/json", "application/json; charset=utf-8", "application/problem+json"):
        assert httpx.post(starling.url + ANALYZE, content=BODY, headers={"content-type": kind}).status_code == 200
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/grpc"):
        answer = httpx.post(starling.url + ANALYZE, content=BODY, headers={"content-type": kind})
        assert answer.status_code == 415
    after = refused(starling)
    assert after["not_acceptable"] == before["not_acceptable"] + 3
    assert after["unsupported_media_type"] >= before["unsupported_media_type"] + 2
    answer = httpx.get(starling.admin_url + "/admin/logs", headers={"accept": "application/json"})
    assert answer.status_code == 406 and "text/event-stream" in answer.json()["details"]


def test_request_ids_come_and_go(starling):
    for path in (ANALYZE, "/nowhere"):
        assert httpx.get(starling.url + path, headers={"x-request-id": "my.id_1-2:3"}).headers["x-request-id"] == "my.id_1-2:3"
        made = [httpx.get(starling.url + path).headers["x-request-id"] for _ in range(3)]
        assert len(set(made)) == 3 and all(re.fullmatch("[0-9a-f]{16}", one) for one in made)
        for odd in ("a b", "<script>", "x" * 200, ""):
            assert httpx.get(starling.url + path, headers={"x-request-id": odd}).headers["x-request-id"] != odd


def test_cross_origin_requests_by_configuration(starling):
    origin = {"origin": "https://page.example"}
    assert "access-control-allow-origin" not in httpx.post(starling.url + ANALYZE, content=BODY, headers=origin).headers
    with Program({"server": {"cors": {"allowed_origins": ["https://page.example"]}}}, models=[TINY_SENTIMENT]) as program:
        preflight = {**origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
        answer = httpx.options(program.url + ANALYZE, headers=preflight)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "https://page.example"
        assert "POST" in answer.headers["access-control-allow-methods"]
        assert "content-type" in answer.headers["access-control-allow-headers"]
        answer = httpx.post(program.url + ANALYZE, content=BODY, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "https://page.example"
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
        for other in ({"origin": "https://other.example"}, {"origin": "null"}, {}):
            answer = httpx.post(program.url + ANALYZE, content=BODY, headers=other)
            assert answer.status_code == 200 and "access-control-allow-origin" not in answer.headers
            assert "origin" in answer.headers["vary"]  # or a cache would give one page what another may read


def test_expect_100_continue(starling):
    ask = b"POST /analyze-sentiment HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n"
    with Raw(starling.addresses["http"]) as client:
        client.send(ask + b"Content-Length: %d\r\n\r\n" % len(BODY))
        assert client.answer().status == 100
        assert client.send(BODY).answer().status == 200
        # Refused before the body is sent: no 100 first.
        client.send(ask + b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\n")
        assert client.answer().status == 415
        assert client.ended()
    with Raw(starling.addresses["http"]) as client:
        client.send(ask + b"Content-Length: 999999999\r\n\r\n")
        assert client.answer().status == 413
        assert client.ended()


@pytest.fixture(scope="module")
def large():
    """A request whose answer is some 60 KB of text, of which the model reads little."""
    return json.dumps({"texts": ["word" + " " * 500] * 100}).encode()


def test_large_answers_are_packed_for_those_who_ask(starling, large):
    def post(**headers):
        return httpx.post(starling.url + ANALYZE, content=large, headers=headers, timeout=60)

    plain = post(**{"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers and "accept-encoding" in plain.headers["vary"]
    for asked in ("gzip", "deflate, gzip;q=0.5", "*"):
        packed = post(**{"accept-encoding": asked})
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) < len(plain.content) / 10
        assert packed.json() == plain.json()
    for asked in ("gzip;q=0", "br", ""):
        assert "content-encoding" not in post(**{"accept-encoding": asked}).headers
    small = httpx.post(starling.url + ANALYZE, content=BODY, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in small.headers and "vary" not in small.headers
    metrics = httpx.get(starling.admin_url + "/metrics", headers={"accept-encoding": "gzip"})
    assert metrics.headers["content-encoding"] == "gzip" and "# TYPE" in metrics.text


def test_packing_is_a_setting(large):
    for over, packs in ((0, False), (100, True)):
        with Program({"server": {"compress_over_bytes": over}}, models=[TINY_SENTIMENT]) as program:
            body = json.dumps({"texts": ["word " * 40]}).encode()
            with Raw(program.addresses["http"]) as client:
                answer = client.send(_post(body, b"Accept-Encoding: gzip\r\n")).answer()
                assert (answer.headers.get("content-encoding") == "gzip") == packs
                text = gzip.decompress(answer.body) if packs else answer.body
                assert json.loads(text)["results"][0]["text"] == "word " * 40


def test_the_same_over_http_2(starling, large):
    with httpx.Client(http1=False, http2=True, base_url=starling.url, timeout=60) as client:
        answer = client.post(ANALYZE, content=BODY, headers={"x-request-id": "two"})
        assert (answer.http_version, answer.status_code, answer.headers["x-request-id"]) == ("HTTP/2", 200, "two")
        assert client.get(ANALYZE).headers["allow"] == "POST, OPTIONS"
        assert client.get("/nowhere").status_code == 404
        assert client.post(ANALYZE, content=BODY, headers={"accept": "text/html"}).status_code == 406
        assert client.post(ANALYZE, content=BODY, headers={"content-type": "text/plain"}).status_code == 415
        assert client.post(ANALYZE, content=large, headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"
        assert client.head("/livez").content == b""
        before = refused(starling)
        assert client.get("/livez", headers={"x": "y" * 40000}).status_code == 431
        after = refused(starling)
        assert after["header_too_large"] > before["header_too_large"]


# One request that keeps two cores busy for a while.
_SLOW = json.dumps({"texts": ["word " * 2000] * 256}).encode()
_CANCELLED = 'rpc_server_call_duration_seconds_count{rpc_method="starling.sentiment.v1.SentimentService/AnalyzeSentiment",rpc_response_status_code="CANCELLED"'


def _cancelled(program):
    return sum(value for name, value in program.metrics().items() if name.startswith(_CANCELLED))


def _active(program):
    return sum(value for name, value in program.metrics().items() if name.startswith("rpc_server_active_calls"))


@pytest.mark.parametrize("way", ["close", "reset", "half_close"])
def test_a_client_that_goes_away_cancels_its_work(starling, way):
    before = _cancelled(starling)
    clients = [Raw(starling.addresses["http"]) for _ in range(4)]
    for client in clients:
        client.send(_post(_SLOW))
    wait_for(lambda: _active(starling) > 0, what="calls under way")
    for client in clients:
        getattr(client, way)()
    wait_for(lambda: _cancelled(starling) >= before + 1, what="cancelled calls")
    wait_for(lambda: _active(starling) == 0, 60, "the end of all calls")
    for client in clients:
        client.close()


def test_half_close_is_a_setting():
    with Program({"server": {"half_close": True}}, models=["sentiment"]) as program:
        with Raw(program.addresses["http"], timeout_s=60) as client:
            client.send(_post(json.dumps({"texts": ["word " * 100] * 32}).encode()) + _post() + _post()[:-3])
            client.half_close()
            assert len(client.answer().json()["results"]) == 32
            assert len(client.answer().json()["results"]) == 1
            answer = client.answer()  # the third was not complete
            assert (answer.status, client.ended()) == (400, True)
        with Raw(program.addresses["http"]) as client:
            client.half_close()
            assert client.ended()
        with Raw(program.addresses["http"]) as client:
            client.send(_post()[:-3])
            client.half_close()
            client.rest()
    with Program(models=["sentiment"]) as program, Raw(program.addresses["http"]) as client:
        client.send(_post(_SLOW))
        client.half_close()
        assert client.ended()


def test_an_answer_before_the_body_is_read_closes_early(starling):
    """The refusal arrives although the client still sends, and what it sends is not taken for a request."""
    body = b"GET /smuggled HTTP/1.1\r\nHost: here\r\n\r\n" * 50000
    request = b"POST /nowhere HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Raw(starling.addresses["http"]) as client:
        client.send(request)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (404, "close")
        client.send(body)
        assert client.ended()
