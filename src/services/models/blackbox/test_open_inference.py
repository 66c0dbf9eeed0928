"""The Open Inference Protocol from outside: the conformance kit, who may call what, settings, placements."""

import json
import subprocess
import sys

import grpc
import httpx
import numpy as np
import pytest
from harness.keys import make_key
from harness.open_inference import start
from harness.program import ROOT, Program

RUNS = ["models"]

KIT = ROOT / "tools/oip_conformance"


@pytest.fixture(scope="module", params=["inline", "process"])
def program(request, tmp_path_factory):
    with start(tmp_path_factory.mktemp("models"), request.param) as running:
        yield running


def ask(program, verb, path, headers=None, **arguments):
    return httpx.request(verb, program.url + path, headers=program.headers if headers is None else headers, timeout=30, **arguments)


def infer(program, **fields):
    inputs = [{"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": [[1, 2, 3]]},
              {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [0.5, 1]}]
    return ask(program, "POST", "/v2/models/sums/infer", json={"inputs": inputs, **fields})


def test_the_conformance_kit_finds_nothing(program):
    command = [sys.executable, KIT, program.url, "--grpc", program.grpc, "--shape", "ids=2,3", "--shape", "weights=2,2",
               "--header", "Authorization: " + program.headers["Authorization"]]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    failed = [line for line in result.stdout.splitlines() if line.startswith("fail")]
    assert result.returncode == 0 and not failed, result.stdout + result.stderr
    assert "80 passed" in result.stdout


def test_only_probes_are_for_everyone(program):
    for path in ("/v2/health/live", "/v2/health/ready", "/v2/models/sums/ready"):
        assert ask(program, "GET", path, headers={}).status_code == 200
    for path in ("/v2", "/v2/models/sums", "/v2/models/sums/stats"):
        answer = ask(program, "GET", path, headers={})
        assert answer.status_code == 401 and list(answer.json()) == ["error"]
        assert ask(program, "GET", path, headers=program.caller_headers).status_code == 200
    for verb, path in (("POST", "/v2/repository/index"), ("POST", "/v2/repository/models/sums/unload"), ("POST", "/v2/logging"),
                       ("GET", "/v2/trace/setting")):
        assert ask(program, verb, path, headers=program.caller_headers).status_code == 403
    method = grpc.insecure_channel(program.grpc).unary_unary("/inference.GRPCInferenceService/RepositoryModelUnload")
    with pytest.raises(grpc.RpcError) as error:
        method(b"", timeout=30, metadata=[("authorization", program.caller_headers["Authorization"])])
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_classes_in_place_of_numbers(program):
    answer = infer(program, outputs=[{"name": "doubled", "parameters": {"classification": 1}}]).json()
    assert answer["outputs"] == [{"name": "doubled", "datatype": "BYTES", "shape": [1, 1], "data": ["2:1"]}]


def test_log_settings_change_what_is_logged(program):
    assert ask(program, "POST", "/v2/logging", json={"log_verbose_level": 1}).json()["log_verbose_level"] == 1
    assert ask(program, "POST", "/v2/logging", json={"log_verbose_level": 0}).json()["log_verbose_level"] == 0
    refused = ask(program, "POST", "/v2/logging", json={"log_file": "/tmp/x"})
    assert refused.status_code == 400 and "log_file" in refused.json()["error"]


def test_trace_settings(program):
    assert ask(program, "POST", "/v2/trace/setting", json={"trace_rate": "50"}).json()["trace_rate"] == "50"
    assert ask(program, "POST", "/v2/trace/setting", json={"trace_rate": None}).json()["trace_rate"] == "1"
    assert ask(program, "POST", "/v2/models/sums/trace/setting", json={"trace_rate": "2"}).status_code == 501


def test_control_needs_the_explicit_mode_and_cuda_is_not_here(program):
    assert ask(program, "POST", "/v2/repository/models/sums/load").status_code == 400
    assert ask(program, "POST", "/v2/cudasharedmemory/region/r/register", json={}).status_code == 501
    assert ask(program, "GET", "/v2/cudasharedmemory/status").json() == []


def test_what_is_no_route_is_refused_in_the_protocols_form(program):
    answer = ask(program, "GET", "/v2/nothing")
    assert answer.status_code == 404 and list(answer.json()) == ["error"]
    assert ask(program, "DELETE", "/v2/models/sums").status_code == 405


def test_a_body_of_nothing_but_the_one_inputs_elements():
    key, entry = make_key("caller")
    config = {"models": {"packages": [str(ROOT / "models/fraud")]}, "auth": {"api_keys": [entry]}}
    with Program({**config, "placement": {"sentiment": {"mode": "off"}, "fraud": {"mode": "off"}, "churn": {"mode": "off"}}}) as program:
        program.headers = {"Authorization": f"Bearer {key}"}
        path, row = "/v2/models/fraud/infer", np.arange(26, dtype=np.float32)
        raw = ask(program, "POST", path, {**program.headers, "Inference-Header-Content-Length": "0"}, content=row.tobytes())
        assert raw.status_code == 200, raw.text
        length = int(raw.headers["inference-header-content-length"])
        outputs = json.loads(raw.content[:length])["outputs"]
        assert [one["parameters"]["binary_data_size"] for one in outputs] == [4, 27 * 4]
        body = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, 26], "data": row.tolist()}]}
        same = ask(program, "POST", path, json=body).json()["outputs"]
        expected = np.float32(same[0]["data"] + same[1]["data"])
        np.testing.assert_array_equal(np.frombuffer(raw.content[length:], dtype=np.float32), expected)
        short = ask(program, "POST", path, {**program.headers, "Inference-Header-Content-Length": "0"}, content=row.tobytes()[:-1])
        assert short.status_code == 400 and "takes 104" in short.json()["error"]
