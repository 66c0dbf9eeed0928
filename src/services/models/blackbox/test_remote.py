"""Models of other servers: a second Starling, and a stock grpcio server that is slow, gone, back, or hostile."""

import threading
import time
from pathlib import Path

import grpc
import httpx
import pytest
from harness.certificates import Authority
from harness.keys import make_key
from harness.open_inference import MODEL, start, write_model
from harness.program import Program
from harness.upstream import Upstream, write_package
from harness.waiting import wait_for

READS = ["api/inference/*", "tests/harness/*"]
RUNS = ["models"]



def serve(*packages, wait_ready=True, **models):
    key, entry = make_key("operator", "admin")
    config = {"models": {"packages": list(packages)} | models, "auth": {"api_keys": [entry]}}
    program = Program(config, ["--target", "models"], wait_ready=wait_ready)
    program.headers = {"Authorization": f"Bearer {key}"}
    return program


def ask(program, value=1.0, model="doubles", headers=None, timeout=30):
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [value, value + 1]}]}
    url = f"{program.url}/v2/models/{model}/infer"
    return httpx.post(url, json=body, headers=program.headers | (headers or {}), timeout=timeout)


def readyz(program):
    return httpx.get(program.url + "/readyz", timeout=10).text


@pytest.fixture
def upstream():
    with Upstream() as running:
        yield running


@pytest.fixture
def remote(upstream, tmp_path):
    with serve(write_package(tmp_path / "doubles", upstream.url)) as program:
        yield program


def test_a_second_starling_answers(tmp_path):
    with start(tmp_path) as second:
        folder = tmp_path / "remote"
        folder.mkdir()
        (folder / "key").write_text(second.headers["Authorization"].removeprefix("Bearer "))
        options = f"runtime_options: {{url: grpc://{second.grpc}, api_key_file: key}}"
        (folder / "model.yaml").write_text(MODEL.replace("runtime: openvino\nfile: sum_and_double.onnx", f"runtime: remote\n{options}"))
        with serve(str(folder)) as program:
            body = {"inputs": [{"name": "ids", "datatype": "INT64", "shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]},
                               {"name": "weights", "datatype": "FP32", "shape": [2, 2], "data": [1, 2, 3, 4]}]}
            here, there = (httpx.post(p.url + "/v2/models/sums/infer", json=body, headers=p.headers).json() for p in (program, second))
            assert here["outputs"] == there["outputs"]
            assert {output["name"] for output in here["outputs"]} == {"sum", "doubled"}


def test_a_second_starling_is_killed_and_comes_back_while_a_model_here_answers(tmp_path):
    local = write_model(tmp_path / "local")
    (local / "model.yaml").write_text(MODEL.replace("name: sums", "name: local"))
    key, entry = make_key("front")
    remote = tmp_path / "remote"
    remote.mkdir()
    (remote / "key").write_text(key)
    settings = {"models": {"packages": [str(write_model(tmp_path / "sums"))]}, "auth": {"api_keys": [entry]}}
    second = Program(settings, ["--target", "models"])
    settings["server"] = {"grpc": {"address": second.grpc}}
    options = f"runtime_options: {{url: 'grpc://{second.grpc}', api_key_file: key}}\nfallback: {{model: local}}"
    (remote / "model.yaml").write_text(MODEL.replace("runtime: openvino\nfile: sum_and_double.onnx", f"runtime: remote\n{options}"))
    body = {"inputs": [{"name": "ids", "datatype": "INT64", "shape": [1, 2], "data": [1, 2]},
                       {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
    try:
        with serve(str(remote), str(local)) as program:

            def answered_by():
                answer = httpx.post(program.url + "/v2/models/sums/infer", json=body, headers=program.headers, timeout=30)
                assert answer.status_code == 200 and answer.json()["outputs"][0]["data"] in ([3], [3.0]), answer.text
                return answer.json()["model_name"]

            assert answered_by() == "sums"
            second.kill()
            assert [answered_by() for _ in range(10)] == ["local"] * 10
            second = Program(settings, ["--target", "models"])
            wait_for(lambda: answered_by() == "sums", 20, "the second Starling's own answer")
    finally:
        second.kill()


def test_a_stock_server_answers_with_raw_or_with_typed_contents(remote, upstream):
    assert ask(remote, 3).json()["outputs"][0]["data"] == [6, 8]

    def typed(request, rows):
        answer = Upstream.doubled(request, rows)
        answer.outputs[0].contents.fp32_contents.extend((2 * rows).flatten().tolist())
        del answer.raw_output_contents[:]
        return answer

    upstream.answer = typed
    assert ask(remote, 4).json()["outputs"][0]["data"] == [8, 10]


def test_32_callers_share_calls(remote, upstream):
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


def test_deadline_and_trace_go_along(remote, upstream):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    ask(remote, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "x-request-timeout-ms": "4000"})
    assert upstream.metadata[-1]["traceparent"].split("-")[1] == trace
    assert not any(key.startswith("x-starling-") for key in upstream.metadata[-1])
    assert 0 < upstream.left_s[-1] <= 10


def test_a_caller_who_leaves_ends_the_upstreams_call(remote, upstream):
    upstream.gate.clear()
    with pytest.raises(httpx.TimeoutException):
        ask(remote, timeout=0.5)
    assert upstream.arrived.acquire(timeout=5)
    assert upstream.cancelled.wait(10)


def test_a_dead_upstream_is_503_until_it_is_back(upstream, tmp_path):
    with serve(write_package(tmp_path / "doubles", upstream.url)) as program:
        assert ask(program).status_code == 200
        upstream.stop()
        down = ask(program)
        assert down.status_code == 503 and int(down.headers["Retry-After"]) >= 1, down.text
        with Upstream(upstream.port):
            wait_for(lambda: ask(program).status_code == 200, 20, "an answer of the new server")


def test_a_breaker_opens_on_an_upstream_that_hangs_and_the_fallback_answers_at_once(upstream, tmp_path):
    with Upstream() as second:
        second.answer = lambda request, rows: Upstream.doubled(request, rows * 10)
        packages = [write_package(tmp_path / "doubles", upstream.url, options="timeout_ms: 200", more="fallback: {model: spare}"),
                    write_package(tmp_path / "spare", second.url, name="spare")]
        with serve(*packages) as program:
            first = ask(program, 1).json()
            assert (first["model_name"], first["outputs"][0]["data"]) == ("doubles", [2, 4])
            upstream.gate.clear()
            for _ in range(5):
                answer = ask(program, 1).json()
                assert (answer["model_name"], answer["outputs"][0]["data"]) == ("spare", [20, 40])
            asked, began = len(upstream.batches), time.monotonic()
            assert ask(program, 1).json()["model_name"] == "spare"
            assert time.monotonic() - began < 0.15 and len(upstream.batches) == asked
            assert program.metrics()['starling_models_fallbacks_total{model="doubles"}'] == 6
            upstream.gate.set()
            wait_for(lambda: ask(program, 1).json()["model_name"] == "doubles", 20, "the upstream's own answer")


def test_an_upstream_that_is_not_there_at_start_is_loaded_when_it_comes(tmp_path):
    with Upstream() as gone:
        port = gone.port
    package = write_package(tmp_path / "doubles", f"grpc://127.0.0.1:{port}")
    with serve(package, wait_ready=False) as program:
        reason = wait_for(lambda: "tried again" in (page := readyz(program)) and page, 20, "a reason")
        assert "is loading" in reason and "cannot be asked" in reason
        answer = ask(program)
        assert answer.status_code == 503 and "Retry-After" in answer.headers
        with Upstream(port, ready=False) as upstream:
            assert ask(program).status_code == 503
            upstream.ready = True
            program.wait_ready()
            assert ask(program, 5).json()["outputs"][0]["data"] == [10, 12]


def test_a_second_address_answers_when_the_first_is_gone(tmp_path):
    with Upstream() as first, Upstream() as other:
        with serve(write_package(tmp_path / "pair", f"'{first.url},{other.url}'")) as program:
            for number in range(20):
                assert ask(program, number).status_code == 200
            assert first.batches and other.batches
            first.stop()
            codes = [ask(program, number).status_code for number in range(20)]
            assert codes == [200] * 20


@pytest.mark.parametrize("where", ["absolute", "above", "link"])
def test_a_package_sends_no_file_but_its_own(upstream, tmp_path, where):
    (tmp_path / "secret").write_text("of the operator")
    name = {"absolute": tmp_path / "secret", "above": "../secret", "link": "link"}[where]
    package = write_package(tmp_path / "doubles", upstream.url, options=f"api_key_file: {name}")
    (tmp_path / "doubles" / "link").symlink_to(tmp_path / "secret")
    with serve(package, wait_ready=False) as program:
        page = wait_for(lambda: "failed to load" in (text := readyz(program)) and text, 20, "a reason")
        assert "must be a file in the package's folder" in page and not upstream.metadata


def test_tls_is_by_name_and_authority(tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("upstream", "IP:127.0.0.1")
    credentials = grpc.ssl_server_credentials([(Path(key).read_bytes(), Path(certificate).read_bytes())])
    with Upstream(credentials=credentials) as upstream:
        trusted = write_package(tmp_path / "trusted", upstream.url, options=f"ca_file: {authority.certificate}")
        strange = write_package(tmp_path / "strange", upstream.url, name="strange")
        with serve(trusted, strange, wait_ready=False) as program:
            wait_for(lambda: ask(program).status_code == 200, 20, "an answer over TLS")
            wait_for(lambda: "'strange' version 1 is loading. " in readyz(program), 20, "a reason")
            assert ask(program, model="strange").status_code == 503


def test_other_tensors_than_the_package_says_fail_the_model(upstream, tmp_path):
    upstream.shape = [-1, 3]
    packages = [write_package(tmp_path / "shape", upstream.url), write_package(tmp_path / "name", upstream.url, "b", "", "")]
    text = (tmp_path / "name" / "model.yaml").read_text().replace("model: doubles", "model: triples")
    (tmp_path / "name" / "model.yaml").write_text(text)
    with serve(*packages, wait_ready=False) as program:
        page = wait_for(lambda: (text := readyz(program)).count("failed to load") == 2 and text, 20, "both reasons")
        assert "FP32[-1,3], the package says FP32[-1,2]" in page
        assert "does not serve 'triples'" in page


def broken(change):
    def answer(request, rows):
        made = Upstream.doubled(request, rows)
        change(made)
        return made

    return answer


def one_row_more(made):
    made.outputs[0].shape[0] += 1
    made.raw_output_contents[0] += b"\0" * 8


HOSTILE = {
    "no outputs": lambda made: made.Clear(),
    "another name": lambda made: setattr(made.outputs[0], "name", "other"),
    "another type": lambda made: setattr(made.outputs[0], "datatype", "INT64"),
    "another shape": lambda made: made.outputs[0].shape.append(1),
    "a row more": one_row_more,
    "a size past all": lambda made: made.outputs[0].shape.__setitem__(0, 1 << 62),
    "a negative size": lambda made: made.outputs[0].shape.__setitem__(0, -1),
    "fewer bytes": lambda made: made.raw_output_contents.__setitem__(0, b"\0\0"),
    "two contents": lambda made: made.raw_output_contents.append(b""),
    "oversized": lambda made: made.raw_output_contents.__setitem__(0, bytes(3 << 20)),
}


def test_hostile_answers_are_refused(upstream, tmp_path):
    with serve(write_package(tmp_path / "doubles", upstream.url, options="max_message_mb: 2")) as program:
        for what, change in HOSTILE.items():
            upstream.answer = broken(change)
            answer = ask(program)
            assert answer.status_code == 500, (what, answer.text)
            upstream.answer = Upstream.doubled
            assert ask(program, 2).json()["outputs"][0]["data"] == [4, 6], what


@pytest.mark.parametrize(
    "url, why",
    [
        ("grpc://169.254.169.254:80", "link-local"),
        ("'grpc://[::ffff:169.254.169.254]:80'", "link-local"),
        ("grpc://0.0.0.0:80", "no address of one machine"),
        ("grpc://10.0.0.1:80", "models.upstreams"),
        ("grpc://example.org:80", "models.upstreams"),
        ("http://169.254.169.254:80", "link-local"),
        ("https://example.org:443", "models.upstreams"),
        ("http://127.0.0.1:80/v2", "host and a port"),
        ("ftp://127.0.0.1:80", "write grpc://host:port"),
        ("grpc://unix:/tmp/x", "host and a port"),
        ("grpc://localhost.example:80", "models.upstreams"),
    ],
)
def test_where_an_upstream_may_be(tmp_path, url, why):
    package = write_package(tmp_path / "doubles", url)
    with serve(package, wait_ready=False, upstreams=["169.254.169.254", "0.0.0.0"]) as program:
        page = wait_for(lambda: "failed to load" in (text := readyz(program)) and text, 20, "a reason")
        assert why in page
