"""The steps of a graph go where the traffic rule of their alias says, and to the fallback of a model that is away."""

import httpx
import pytest
from harness.keys import make_key
from harness.program import Program, wait_for
from harness.traffic_site import site  # noqa: F401  (a fixture)
from harness.upstream import Upstream, write_package

RELAY = """
version: "1"
task: tensors
runtime: graph
inputs:
  - {name: ids, datatype: INT64, shape: [-1, -1]}
  - {name: weights, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: doubled, datatype: FP32, shape: [-1, 2], from: step.doubled}
graph:
  - {name: step, model: sums, version: champion, inputs: {ids: request.ids, weights: request.weights}}
"""
PASS_ON = """
name: pass-on
version: "1"
task: tensors
runtime: graph
inputs:
  - {name: x, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: doubled, datatype: FP32, shape: [-1, 2], from: step.doubled}
graph:
  - {name: step, model: doubles, inputs: {x: request.x}}
"""


@pytest.fixture
def relayed(site):  # noqa: F811
    (site.folder / "models/relay").mkdir()
    (site.folder / "models/relay/model.yaml").write_text(RELAY)
    return site


def factor(relayed, key=None):
    """What the version that the step ran on multiplies by: 2, but version 3 by 10."""
    answer = relayed.infer(key, alias="", model="relay")
    assert answer.status_code == 200, answer.text
    [doubled] = answer.json()["outputs"]
    return doubled["data"][0]


def test_a_step_goes_by_the_rule_of_its_alias(relayed):
    with relayed.start():
        keys = [f"user-{n}" for n in range(60)]
        assert {factor(relayed, key) for key in keys} == {2}
        relayed.set({"weights": [{"version": "3", "percent": 40}]})
        of_step = {key: factor(relayed, key) for key in keys}
        assert of_step == {key: {"1": 2, "3": 10}[relayed.version(key)] for key in keys}, "a key is where it is without a graph"
        assert set(of_step.values()) == {2, 10}
        assert of_step == {key: factor(relayed, key) for key in keys}
        without_key = [factor(relayed) for _ in range(100)]
        assert 35 <= without_key.count(10) <= 45
        assert sum(arm["requests"] for arm in relayed.arms().values()) == 280


def test_what_a_step_observes_takes_a_bad_version_off(relayed):
    with relayed.start():
        relayed.set({"weights": [{"version": "4", "percent": 30}], "roll_back": {"min_requests": 10, "max_error_excess": 0.1}})

        def taken_off():
            codes = {relayed.infer(alias="", model="relay").status_code for _ in range(10)}
            assert codes <= {200, 500}, codes
            return relayed.moves()[0] == ("ROLLED_BACK", "rule", "4", "1")

        wait_for(taken_off, what="version 4 to be taken off")
        assert [factor(relayed) for _ in range(20)] == [2] * 20


def test_a_step_has_a_shadow(relayed):
    with relayed.start():
        relayed.set({"shadow": {"version": "3", "percent": 100}})
        assert [factor(relayed) for _ in range(10)] == [2] * 10
        wait_for(lambda: relayed.arms()["3"].get("differing") == 10, what="ten comparisons")


def test_the_fallback_of_a_steps_model_answers_and_the_graph_is_ready_with_it(tmp_path):
    key, entry = make_key("caller")
    body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
    with Upstream() as gone, Upstream() as second:
        url = gone.url
        gone.stop()
        packages = [write_package(tmp_path / "doubles", url, more="fallback: {model: spare}"), write_package(tmp_path / "spare", second.url, name="spare")]
        (tmp_path / "pass-on").mkdir()
        (tmp_path / "pass-on/model.yaml").write_text(PASS_ON)
        config = {"models": {"packages": [*packages, str(tmp_path / "pass-on")]}, "auth": {"api_keys": [entry]}}
        with Program(config, ["--target", "models"], wait_ready=False) as program, httpx.Client(base_url=program.url, timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {key}"

            def state(name):
                return [model["state"] for model in client.get("/models").json()["models"] if model["name"] == name]

            wait_for(lambda: state("pass-on") == state("spare") == ["MODEL_STATE_READY"], what="the graph with the fallback")
            assert state("doubles") == ["MODEL_STATE_LOADING"]
            answer = client.post("/v2/models/pass-on/infer", json=body)
            assert answer.status_code == 200 and answer.json()["outputs"][0]["data"] == [2, 4], answer.text
            assert program.metrics()['starling_models_fallbacks_total{model="doubles"}'] == 1
            with Upstream(port=gone.port) as back:
                wait_for(lambda: state("doubles") == ["MODEL_STATE_READY"], what="the model itself")
                assert client.post("/v2/models/pass-on/infer", json=body).status_code == 200
                assert back.batches == [1]
