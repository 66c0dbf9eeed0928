"""Priorities and queue time-outs, asked for with NVIDIA's tritonclient; the model is an upstream that the test holds back."""

import base64
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from harness.keys import make_key
from harness.program import ROOT, Program
from harness.triton_client import triton_python  # noqa: F401  (a fixture)
from harness.upstream import Upstream, write_package
from harness.waiting import wait_for

RUNS = ["models"]

QUEUE = """batching:
  max_size: 1
  priority_levels: 3
  default_priority: 2
  priorities:
    - {priority: 3, queue_timeout_ms: 600000, allow_timeout_override: true}
"""


class Asker:
    """tritonclient in a process of its own: `ask` sends, `answer` waits for the next line of what came back."""

    def __init__(self, python, program):
        command = [python, ROOT / "tests/triton_clients/priorities.py", program.addresses["http"], program.headers["Authorization"], "doubles"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, value, priority=0, timeout_us=0):
        self.process.stdin.write(f"{value} {priority} {timeout_us}\n")
        self.process.stdin.flush()

    def answer(self):
        return self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(60) == 0
        self.process.stdout.close()


@pytest.mark.timeout(900)
def test_a_high_priority_overtakes_and_who_waits_too_long_is_refused(triton_python, tmp_path):  # noqa: F811
    key, entry = make_key("caller")
    order = []
    with Upstream() as upstream:

        def doubled(request, rows):
            order.append(int(rows[0][0]))
            return Upstream.doubled(request, rows)

        upstream.answer = doubled
        package = write_package(tmp_path / "doubles", upstream.url, more=QUEUE)
        text = (tmp_path / "doubles/model.yaml").read_text()
        (tmp_path / "doubles/model.yaml").write_text(text.replace("instances: 2", "instances: 1"))
        config = {"models": {"packages": [package]}, "auth": {"api_keys": [entry]}}
        with Program(config, ["--target", "models"]) as program:
            program.headers = {"Authorization": f"Bearer {key}"}
            waiting = 'starling_inference_queue_size{model="doubles",version="1"}'
            refused = 'starling_inference_queue_timeouts_total{model="doubles",version="1"}'
            with Asker(triton_python, program) as client:
                upstream.gate.clear()
                client.ask(1)
                assert upstream.arrived.acquire(timeout=60)
                for number, (value, priority) in enumerate([(30, 3), (20, 0), (21, 2), (10, 1)]):
                    client.ask(value, priority)
                    wait_for(lambda n=number: program.metrics().get(waiting, 0) == n + 1, 20, f"{number + 1} rows that wait")
                client.ask(31, 3, timeout_us=1000)
                said = client.answer()
                assert said.startswith("31 error [503]") and "waited too long for model 'doubles'" in said, said
                assert program.metrics()[refused] == 1
                upstream.gate.set()
                answers = {client.answer() for _ in range(5)}
                assert answers == {"1 2", "10 20", "20 40", "21 42", "30 60"}
                assert order == [1, 10, 20, 21, 30]

            shown = httpx.get(program.url + "/v2/models/doubles/config", headers=program.headers, timeout=10).json()
            batching = shown["dynamic_batching"]
            assert (batching["priority_levels"], batching["default_priority_level"]) == (3, 2)
            assert batching["default_queue_policy"]["max_queue_size"] == 1024
            low = batching["priority_queue_policy"]["3"]
            assert (low["default_timeout_microseconds"], low["allow_timeout_override"]) == (600000000, True)


def test_a_refusal_for_waiting_says_when_to_come_back_and_a_fallback_answers_instead(tmp_path):
    key, entry = make_key("caller")
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
    short = "batching: {max_size: 1, queue_timeout_ms: 500}\n"
    with Upstream() as upstream, Upstream() as second:
        packages = [write_package(tmp_path / "doubles", upstream.url, more=short),
                    write_package(tmp_path / "spared", upstream.url, name="spared", more=short + "fallback: {model: spare}"),
                    write_package(tmp_path / "spare", second.url, name="spare")]
        config = {"models": {"packages": packages}, "auth": {"api_keys": [entry]}}
        with Program(config, ["--target", "models"]) as program, httpx.Client(base_url=program.url, timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {key}"
            upstream.gate.clear()
            busy = [subprocess.Popen(["curl", "-s", "-o", "/dev/null", f"{program.url}/v2/models/{model}/infer", "-H", f"Authorization: Bearer {key}",
                                      "-d", httpx.Request("POST", "http://x", json=body).content.decode()])
                    for model in ("doubles", "spared") for _ in range(2)]
            for _ in busy:
                assert upstream.arrived.acquire(timeout=60)
            # The model lets no request shorten its time-out: there it is a deadline.
            late = client.post("/v2/models/doubles/infer", json=body | {"parameters": {"timeout": 1000}})
            assert late.status_code == 504, late.text
            refused = client.post("/v2/models/doubles/infer", json=body)
            assert refused.status_code == 503 and int(refused.headers["Retry-After"]) >= 1, refused.text
            assert client.post("/v2/models/spared/infer", json=body).json()["model_name"] == "spare"
            upstream.gate.set()
            assert [process.wait(60) for process in busy] == [0] * 4


def test_the_contract_for_services_has_both_too(tmp_path):
    key, entry = make_key("caller")
    order = []
    with Upstream() as upstream:

        def doubled(request, rows):
            order.append(int(rows[0][0]))
            return Upstream.doubled(request, rows)

        upstream.answer = doubled
        package = write_package(tmp_path / "doubles", upstream.url, more=QUEUE)
        text = (tmp_path / "doubles/model.yaml").read_text()
        (tmp_path / "doubles/model.yaml").write_text(text.replace("instances: 2", "instances: 1"))
        config = {"models": {"packages": [package]}, "auth": {"api_keys": [entry]}}
        with Program(config, ["--target", "models"]) as program, httpx.Client(base_url=program.url, timeout=60) as client, ThreadPoolExecutor(8) as pool:
            client.headers["Authorization"] = f"Bearer {key}"

            def ask(value, **more):
                data = base64.b64encode(struct.pack("<2f", value, value)).decode()
                return client.post("/models/doubles/infer", json={"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": data}], **more})

            for more, field in (({"priority": -1}, "priority"), ({"priority": 101}, "priority"), ({"timeout_us": -1}, "timeout_us"), ({"timeout_us": 4_000_000_000}, "timeout_us")):
                refused = ask(0, **more)
                assert refused.status_code == 400 and field in refused.text, refused.text
            waiting = 'starling_inference_queue_size{model="doubles",version="1"}'
            upstream.gate.clear()
            asked = [pool.submit(ask, 1)]
            assert upstream.arrived.acquire(timeout=60)
            for number, (value, priority) in enumerate([(30, 3), (20, 0), (21, 2), (10, 1)]):
                asked.append(pool.submit(ask, value, priority=priority))
                wait_for(lambda n=number: program.metrics().get(waiting, 0) == n + 1, 20, f"{number + 1} rows that wait")
            # Of the third priority it is a time-out of waiting, of the others a deadline.
            late = ask(31, priority=3, timeout_us=1000)
            assert late.status_code == 503 and "waited too long" in late.text and int(late.headers["Retry-After"]) >= 1, late.text
            assert ask(11, priority=1, timeout_us=1000).status_code == 504
            upstream.gate.set()
            assert [one.result().status_code for one in asked] == [200] * 5
            assert order == [1, 10, 20, 21, 30]
