"""Models made of other models: asked as any model is, traced step by step, ready when their parts are."""

import shutil
import subprocess

import httpx
import pytest
from harness.keys import make_key
from harness.open_inference import MODEL
from harness.program import ROOT, Program
from harness.triton_client import triton_python  # noqa: F401  (a fixture)
from harness.waiting import wait_for
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from telemetry.judge import Collector

RUNS = ["models"]

SUMS = MODEL.partition("\n")[2]  # the repository gives it its name
TREES = """
version: "1"
task: tensors
runtime: xgboost
file: binary.ubj
inputs: [{name: features, datatype: FP32, shape: [-1, 4]}]
outputs: [{name: probabilities, datatype: FP32, shape: [-1, 1]}]
"""
# Scores and adds at the same time; what scores high is doubled twice.
DECIDE = """
version: "1"
task: tensors
runtime: graph
inputs:
  - {name: features, datatype: FP32, shape: [-1, 4]}
  - {name: ids, datatype: INT64, shape: [-1, -1]}
  - {name: weights, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: score, datatype: FP32, shape: [-1, 1], from: score.probabilities}
  - {name: sum, datatype: FP32, shape: [-1], from: numbers.sum}
  - {name: result, datatype: FP32, shape: [-1, 2], from: again.doubled | numbers.doubled}
graph:
  - parallel:
      - {name: score, model: trees, inputs: {features: request.features}SCORE}
      - {name: numbers, model: sums, inputs: {ids: request.ids, weights: request.weights}}
  - switch:
      - when: score.probabilities > 0.45
        steps: [{name: again, model: sums, inputs: {ids: request.ids, weights: numbers.doubled}}]
      - steps: []
"""
LOW = [-0.454670787, -0.991646528, 0.0601436011, 4]


def write_models(folder, score=""):
    for name, text in {"sums": SUMS, "trees": TREES, "decide": DECIDE.replace("SCORE", score)}.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "model.yaml").write_text(text)
    shutil.copy(ROOT / "src/backends/inference_openvino/testdata/sum_and_double.onnx", folder / "sums")
    shutil.copy(ROOT / "src/backends/inference_xgboost/testdata/binary.ubj", folder / "trees")
    return folder


def start(folder, wait_ready=True, observe=None, **models):
    key, entry = make_key("operator", "admin")
    config = {"auth": {"api_keys": [entry]}, "models": {"packages": [], "repository": [str(folder)]} | models}
    if observe:
        config["observe"] = observe
    program = Program(config, ["--target", "models"], wait_ready=wait_ready)
    program.client = httpx.Client(base_url=program.url, headers={"x-api-key": key}, timeout=30)
    program.authorization = f"Bearer {key}"
    return program


def decide(program, **headers):
    tensors = [("features", "FP32", [LOW]), ("ids", "INT64", [[1, 2, 3]]), ("weights", "FP32", [[0.5, -1]])]
    inputs = [{"name": name, "datatype": datatype, "shape": [1, len(data[0])], "data": data} for name, datatype, data in tensors]
    return program.client.post("/v2/models/decide/infer", json={"inputs": inputs}, headers=headers)


def outputs(answer):
    assert answer.status_code == 200, answer.text
    return {tensor["name"]: tensor["data"] for tensor in answer.json()["outputs"]}


def state(program, model="decide"):
    [found] = [one for one in program.client.get("/models").json()["models"] if one["name"] == model]
    return found["state"].removeprefix("MODEL_STATE_"), found.get("reason", "")


@pytest.mark.timeout(900)
def test_tritonclient_asks_a_graph_as_any_model(triton_python, tmp_path):  # noqa: F811
    with start(write_models(tmp_path / "models")) as program:
        command = [triton_python, ROOT / "tests/triton_clients/graphs.py", program.addresses["http"], program.grpc, program.authorization]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0 and "all right" in result.stdout, result.stdout + result.stderr
        metrics = program.metrics()
        steps = {step: metrics[f'starling_models_graph_steps_total{{model="decide",step="{step}",result="ok"}}'] for step in ("score", "again")}
        assert steps == {"score": 5, "again": 2}


def test_a_graph_is_ready_when_its_models_are(tmp_path):
    folder = write_models(tmp_path / "models", score=", soft: true, defaults: {probabilities: 0.75}")
    with start(folder, mode="explicit", load=["decide"], wait_ready=False) as program:
        wait_for(lambda: state(program)[0] == "UNLOADED", what="the graph")
        assert state(program)[1] == "Step 'numbers': model 'sums' version 1 is not loaded."
        ready = program.client.get("/readyz")
        assert ready.status_code == 503
        assert program.client.get("/v2/models/decide/ready").status_code != 200
        answer = decide(program)
        assert answer.status_code == 503, answer.text
        assert "Step 'numbers': Model 'sums' is not loaded." in answer.json()["error"]
        assert "retry-after" in answer.headers

        assert program.client.post("/v2/repository/models/sums/load").status_code == 200
        assert state(program) == ("READY", "")
        assert program.client.get("/v2/models/decide/ready").status_code == 200
        # The soft step's model is still away: its default counts, which is above the threshold.
        assert outputs(decide(program)) == {"score": [0.75], "sum": [6], "result": [2, -4]}
        assert program.metrics()['starling_models_graph_steps_total{model="decide",step="score",result="soft_error"}'] == 2

        assert program.client.post("/v2/repository/models/trees/load").status_code == 200
        found = outputs(decide(program))
        assert found["score"] == pytest.approx([0.217894524]) and found["result"] == [1, -2]

        assert program.client.post("/v2/repository/models/sums/unload").status_code == 200
        wait_for(lambda: state(program)[0] == "UNLOADED", what="the graph, again")
        assert "Step 'numbers'" in state(program)[1]


def test_what_does_not_fit_is_refused_with_a_sentence(tmp_path):
    folder = write_models(tmp_path / "models")
    text = (folder / "decide/model.yaml").read_text()
    (folder / "decide/model.yaml").write_text(text.replace("{features: request.features}", "{features: request.weights}"))
    with start(folder, mode="poll", poll_interval="20ms", wait_ready=False) as program:
        wait_for(lambda: state(program)[0] == "FAILED", what="the refusal")
        sentence = "Step 'score': input 'features' is FP32[-1,4], but 'request.weights' is FP32[-1,2]."
        index = program.client.post("/v2/repository/index").json()
        assert [one["reason"] for one in index if one["name"] == "decide"] == [sentence]
        # Mended, it is live without a start.
        (folder / "decide/new.yaml").write_text(text)
        (folder / "decide/new.yaml").rename(folder / "decide/model.yaml")
        wait_for(lambda: state(program)[0] == "READY", what="the mended graph")
        assert outputs(decide(program))["sum"] == [6]


def test_a_graph_that_came_before_its_model_is_tried_again(tmp_path):
    folder = write_models(tmp_path / "models")
    (folder / "trees").rename(tmp_path / "trees")
    with start(folder, mode="poll", poll_interval="20ms", wait_ready=False) as program:
        wait_for(lambda: state(program)[0] == "FAILED", what="the refusal")
        index = program.client.post("/v2/repository/index").json()
        assert [one["reason"] for one in index if one["name"] == "decide"] == ["Step 'score': There is no model 'trees'."]
        (tmp_path / "trees").rename(folder / "trees")
        wait_for(lambda: state(program)[0] == "READY", what="the graph")
        assert outputs(decide(program))["sum"] == [6]


def test_a_split_keeps_the_keys_of_requests_and_a_graph_may_be_a_step(tmp_path):
    folder = write_models(tmp_path / "models")
    outer = DECIDE[: DECIDE.index("graph:")].replace("again.doubled | numbers.doubled", "left.result | right.doubled")
    outer = outer.replace("score.probabilities", "left.score | request.prior").replace("numbers.sum", "left.sum | right.sum")
    outer = outer.replace("outputs:", "  - {name: prior, datatype: FP32, shape: [-1, 1]}\noutputs:")
    every = "{features: request.features, ids: request.ids, weights: request.weights}"
    outer += f"""graph:
  - split:
      - {{weight: 1, steps: [{{name: left, model: decide, inputs: {every}}}]}}
      - {{weight: 1, steps: [{{name: right, model: sums, inputs: {{ids: request.ids, weights: request.weights}}}}]}}
"""
    (folder / "outer").mkdir()
    (folder / "outer/model.yaml").write_text(outer)
    tensors = [("features", "FP32", [LOW]), ("ids", "INT64", [[1, 2, 3]]), ("weights", "FP32", [[0.5, -1]]), ("prior", "FP32", [[9]])]
    inputs = [{"name": name, "datatype": datatype, "shape": [1, len(data[0])], "data": data} for name, datatype, data in tensors]
    with start(folder) as program:

        def is_left(key):
            body = {"inputs": inputs, "parameters": {"sticky_key": key}}
            found = outputs(program.client.post("/v2/models/outer/infer", json=body))
            assert found["result"] == [1, -2] and found["sum"] == [6]
            return found["score"] != [9]

        keys = [f"user-{n}" for n in range(40)]
        first = {key: is_left(key) for key in keys}
        assert {key: is_left(key) for key in keys} == first
        assert 8 <= sum(first.values()) <= 32
        metrics = program.metrics()
        assert metrics['starling_models_graph_steps_total{model="outer",step="left",result="ok"}'] == 2 * sum(first.values())
        assert metrics['starling_models_graph_steps_total{model="decide",step="score",result="ok"}'] == 2 * sum(first.values())


def test_each_step_is_a_span_below_the_request(tmp_path):
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    collector = Collector()
    with start(write_models(tmp_path / "models"), observe={"otlp_endpoint": collector.endpoint}) as program:
        outputs(decide(program, traceparent=f"00-{trace}-{parent}-01"))

        def spans():
            messages = [message for message in collector.taken if isinstance(message, ExportTraceServiceRequest)]
            scopes = [scope for message in messages for resource in message.resource_spans for scope in resource.scope_spans]
            return {span.span_id: span for scope in scopes for span in scope.spans if span.trace_id.hex() == trace}

        wait_for(lambda: len(spans()) >= 4, what="the spans")
        found = spans()
        steps = [span for span in found.values() if span.name.startswith("step ")]
        assert sorted(span.name for span in steps) == ["step numbers", "step score"]
        for step in steps:
            above = found[step.parent_span_id]
            assert not above.name.startswith("step ")
            assert above.start_time_unix_nano <= step.start_time_unix_nano <= step.end_time_unix_nano <= above.end_time_unix_nano + 10**9
    assert not collector.faults, collector.faults
