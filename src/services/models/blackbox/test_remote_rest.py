"""Models of servers that speak REST: a second Starling, and one in JSON alone that is slow, gone, back, or hostile."""

import json
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from harness.certificates import Authority
from harness.open_inference import MODEL, start
from harness.rest_upstream import RestUpstream
from harness.upstream import write_package
from harness.waiting import wait_for

sys.path.insert(0, str(Path(__file__).parent))
from test_remote import ask, readyz, serve  # noqa: E402

READS = ["src/*", "api/inference/*", "tests/harness/*"]


@pytest.fixture
def upstream():
    with RestUpstream() as running:
        yield running


@pytest.fixture
def remote(upstream, tmp_path):
    with serve(write_package(tmp_path / "doubles", upstream.url)) as program:
        yield program


@pytest.mark.parametrize("form", ["auto", "json", "binary"])
def test_a_second_starling_answers(tmp_path, form):
    with start(tmp_path) as second:
        folder = tmp_path / "remote"
        folder.mkdir()
        (folder / "key").write_text(second.headers["Authorization"].removeprefix("Bearer "))
        options = f"runtime_options: {{url: '{second.url}', api_key_file: key, tensors: {form}}}"
        (folder / "model.yaml").write_text(MODEL.replace("runtime: openvino\nfile: sum_and_double.onnx", f"runtime: remote\n{options}"))
        with serve(str(folder)) as program:
            body = {"inputs": [{"name": "ids", "datatype": "INT64", "shape": [2, 3], "data": [1, 2, 3, 4, 5, 2**40]},
                               {"name": "weights", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 0.1, 4]}]}
            here, there = (httpx.post(p.url + "/v2/models/sums/infer", json=body, headers=p.headers).json() for p in (program, second))
            assert here["outputs"] == there["outputs"]
            assert {output["name"] for output in here["outputs"]} == {"sum", "doubled"}


def test_32_callers_share_requests_and_each_gets_its_own_answer(remote, upstream):
    upstream.gate.clear()
    answers = {}

    def call(number):
        answers[number] = ask(remote, number).json()["outputs"][0]["data"]

    threads = [threading.Thread(target=call, args=[number]) for number in range(32)]
    for thread in threads:
        thread.start()
    waiting = 'starling_inference_queue_size{model="doubles",version="1"}'
    wait_for(lambda: remote.metrics().get(waiting, 0) + sum(upstream.batches) == 32, 20, "32 rows here or there")
    upstream.gate.set()
    for thread in threads:
        thread.join()
    assert answers == {number: [2 * number, 2 * number + 2] for number in range(32)}
    assert sum(upstream.batches) == 32 and len(upstream.batches) <= 6, upstream.batches


def test_deadline_and_trace_go_along_and_who_calls_does_not(remote, upstream):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert ask(remote, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "x-request-timeout-ms": "4000"}).status_code == 200
    sent = upstream.headers[-1]
    assert sent["traceparent"].split("-")[1] == trace
    assert 0 < int(sent["x-request-timeout-ms"]) <= 10000
    assert "authorization" not in sent and not any(name.startswith("x-starling-") for name in sent)


def test_a_caller_who_leaves_ends_the_upstreams_request(remote, upstream):
    upstream.gate.clear()
    with pytest.raises(httpx.TimeoutException):
        ask(remote, timeout=0.5)
    assert upstream.arrived.acquire(timeout=5)
    assert upstream.cancelled.wait(10)


def test_what_json_cannot_say_is_the_callers_mistake(remote, upstream):
    raw = b"\0\0\xc0\x7f\0\0\x80\x3f"  # NaN, 1
    header = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "parameters": {"binary_data_size": 8}}]}).encode()
    answer = httpx.post(remote.url + "/v2/models/doubles/infer", content=header + raw,
                        headers=remote.headers | {"Inference-Header-Content-Length": str(len(header))})
    assert answer.status_code == 400 and "takes no binary tensors" in answer.json()["error"], answer.text
    assert ask(remote).status_code == 200 and len(upstream.batches) == 1


def test_a_dead_upstream_is_503_until_it_is_back(tmp_path):
    with RestUpstream() as upstream:
        port = upstream.port
        with serve(write_package(tmp_path / "doubles", upstream.url)) as program:
            assert ask(program).status_code == 200
            upstream.__exit__()
            down = ask(program)
            assert down.status_code == 503 and int(down.headers["Retry-After"]) >= 1, down.text
            with RestUpstream(port):
                wait_for(lambda: ask(program).status_code == 200, 20, "an answer of the new server")


def test_a_breaker_opens_on_an_upstream_that_hangs_and_the_fallback_answers_at_once(upstream, tmp_path):
    with RestUpstream() as second:
        packages = [write_package(tmp_path / "doubles", upstream.url, options="timeout_ms: 200", more="fallback: {model: spare}"),
                    write_package(tmp_path / "spare", second.url, name="spare")]
        with serve(*packages) as program:
            assert ask(program, 1).json()["model_name"] == "doubles"
            upstream.gate.clear()
            for _ in range(5):
                assert ask(program, 1).json()["model_name"] == "spare"
            asked, began = len(upstream.batches), time.monotonic()
            assert ask(program, 1).json()["model_name"] == "spare"
            assert time.monotonic() - began < 0.15 and len(upstream.batches) == asked
            upstream.gate.set()
            wait_for(lambda: ask(program, 1).json()["model_name"] == "doubles", 20, "the upstream's own answer")


def test_a_second_address_answers_when_the_first_is_gone(tmp_path):
    with RestUpstream() as first, RestUpstream() as other:
        with serve(write_package(tmp_path / "pair", f"'{first.url},{other.url}'")) as program:
            assert {ask(program, number).status_code for number in range(20)} == {200}
            assert first.batches and other.batches
            first.__exit__()
            wait_for(lambda: [ask(program, number).status_code for number in range(10)] == [200] * 10, 20, "answers of the other alone")


def test_what_the_server_refuses_and_how_it_fails(remote, upstream):
    for status, headers, body, expected in [
        (400, {}, b'{"error":"no such row"}', 400),
        (422, {}, b'{"detail":"no such row"}', 400),
        (429, {"retry-after": "7"}, b"", 429),
        (500, {}, b'{"error":"secret"}', 500),
        (302, {"location": "http://127.0.0.1:1/"}, b"", 500),
    ]:
        upstream.answer = lambda request, answer=(status, headers, body): answer
        answer = ask(remote)
        assert answer.status_code == expected, (status, answer.text)
        if expected == 400:
            assert "no such row" in answer.json()["error"]
        if expected == 429:
            assert answer.headers["Retry-After"] == "7"
        upstream.answer = RestUpstream.doubled
        assert ask(remote).status_code == 200


def output(**changes):
    made = {"name": "doubled", "datatype": "FP32", "shape": [1, 2], "data": [2, 4]} | changes
    return json.dumps({"outputs": [made]}).encode()


HOSTILE = {
    "no JSON": b"hello",
    "no outputs": b"{}",
    "deep": b'{"outputs":' + b"[" * 100000,
    "another name": output(name="other"),
    "another type": output(datatype="INT64"),
    "another shape": output(shape=[1, 2, 1]),
    "a row more": output(shape=[2, 2], data=[1, 2, 3, 4]),
    "fewer elements": output(data=[1]),
    "text": output(data=["1", "2"]),
    "a size past all": output(parameters={"binary_data_size": 2**63}),
    "oversized": output(data=[1] * 2_000_000),
}


def test_hostile_answers_are_refused(upstream, tmp_path):
    with serve(write_package(tmp_path / "doubles", upstream.url, options="max_message_mb: 2")) as program:
        for what, body in HOSTILE.items():
            upstream.answer = lambda request, body=body: (200, {}, body)
            answer = ask(program)
            assert answer.status_code == 500, (what, answer.text)
            upstream.answer = RestUpstream.doubled
            assert ask(program, 2).json()["outputs"][0]["data"] == [4, 6], what


def test_tls_is_by_name_and_authority(tmp_path):
    authority = Authority(tmp_path)
    with RestUpstream(certificate=authority.issue("upstream", "IP:127.0.0.1")) as upstream:
        trusted = write_package(tmp_path / "trusted", upstream.url, options=f"ca_file: {authority.certificate}")
        strange = write_package(tmp_path / "strange", upstream.url, name="strange")
        named = write_package(tmp_path / "named", upstream.url, name="named", options=f"ca_file: {authority.certificate}, server_name: other.example")
        with serve(trusted, strange, named, wait_ready=False) as program:
            wait_for(lambda: ask(program).status_code == 200, 20, "an answer over TLS")
            wait_for(lambda: "'strange' version 1 is loading. " in readyz(program), 20, "a reason")
            assert ask(program, model="strange").status_code == ask(program, model="named").status_code == 503


def test_a_model_that_is_not_there_or_not_ready(upstream, tmp_path):
    upstream.ready = False
    gone = write_package(tmp_path / "gone", upstream.url, name="gone")
    (tmp_path / "gone/model.yaml").write_text((tmp_path / "gone/model.yaml").read_text().replace("model: doubles", "model: triples"))
    with serve(write_package(tmp_path / "doubles", upstream.url), gone, wait_ready=False) as program:
        page = wait_for(lambda: "does not serve 'triples': Model not found" in (text := readyz(program)) and text, 20, "a reason")
        assert "'doubles' version 1 is loading" in page or "is not ready" in page
        upstream.ready = True
        wait_for(lambda: ask(program, 5).status_code == 200, 20, "the model to be ready")
