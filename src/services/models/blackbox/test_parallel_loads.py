"""A model that is slow to come, here one of a server that takes the connection and says nothing, holds no other up."""

import socket

import httpx
import pytest
from harness.keys import make_key
from harness.program import Program
from harness.upstream import Upstream, write_package
from harness.waiting import wait_for


@pytest.mark.parametrize("parallel_loads", [1, 2])
def test_others_are_loaded_beside_a_model_that_is_slow_to_come(tmp_path, parallel_loads):
    key, entry = make_key("caller")
    with socket.create_server(("127.0.0.1", 0)) as silent, Upstream() as upstream:
        packages = [write_package(tmp_path / "a-slow", f"grpc://127.0.0.1:{silent.getsockname()[1]}", name="a-slow", options="connect_timeout_ms: 30000, timeout_ms: 30000"),
                    write_package(tmp_path / "quick", upstream.url, name="quick")]  # fmt: skip
        config = {"models": {"packages": packages, "parallel_loads": parallel_loads}, "auth": {"api_keys": [entry]}}
        with Program(config, ["--target", "models"], wait_ready=False) as program:
            silent.accept()

            def state(name):
                listed = httpx.get(program.url + "/models", headers={"Authorization": f"Bearer {key}"}, timeout=30).json()
                return [model["state"] for model in listed["models"] if model["name"] == name]

            def loads():
                metrics = program.metrics()
                return metrics['starling_models_loads{state="running"}'], metrics['starling_models_loads{state="waiting"}']

            if parallel_loads == 1:
                assert loads() == (1, 1) and state("quick") == ["MODEL_STATE_LOADING"]
                return
            wait_for(lambda: state("quick") == ["MODEL_STATE_READY"], what="the other model")
            assert state("a-slow") == ["MODEL_STATE_LOADING"] and loads() == (1, 0)
            body = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}]}
            answer = httpx.post(program.url + "/v2/models/quick/infer", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=30)
            assert answer.status_code == 200, answer.text
