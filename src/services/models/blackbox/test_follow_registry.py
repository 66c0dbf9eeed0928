"""The registry's aliases decide what is served: MLflow's client sets them, callers of the models service see the effect."""

import base64
import os
import re
import signal
import struct
import sys
import time
from pathlib import Path

import grpc
import httpx
import pytest
from harness.contracts import contract
from harness.load import Load
from harness.program import ROOT, Program, wait_for

sys.path.insert(0, str(Path(__file__).parent))
from followed import SUMS_PACKAGE, Served, champion_of, register, sums_package  # noqa: E402

sys.path.insert(0, str(ROOT / "src/services/registry/blackbox"))
import clients  # noqa: E402
from clients import client_of  # noqa: E402

RUNS = ["models", "registry"]


def test_an_alias_that_is_set_is_live_and_one_that_is_deleted_is_not(tmp_path):
    package = sums_package(tmp_path / "package")
    with Served(tmp_path) as served, client_of(served.program.url) as client:
        assert register(client, "sums", package) == "1"
        assert served.infer().status_code == 404
        began = time.monotonic()
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1"), what="an answer of version 1")
        seconds = time.monotonic() - began
        print(f"live {seconds:.2f} s after the alias was set")
        assert seconds < 5
        # However the alias is said.
        assert served.answers("1", model="sums@champion", version="")
        assert served.models()["sums/1"]["aliases"] == ["champion"]
        tensors = [
            {"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": base64.b64encode(struct.pack("<3q", 1, 2, 3)).decode()},
            {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": base64.b64encode(struct.pack("<2f", 1, 2)).decode()},
        ]
        inferred = httpx.post(served.program.url + "/models/sums/infer", json={"version": "champion", "inputs": tensors}, headers={"x-api-key": served.key})
        assert (inferred.status_code, inferred.json()["version"]) == (200, "1")
        messages, stubs = contract("starling/models/v1/models.proto")
        tensors = [messages.Tensor(**{**tensor, "data": base64.b64decode(tensor["data"])}) for tensor in tensors]
        with grpc.insecure_channel(served.program.grpc) as channel:
            for name, version in (("sums", "champion"), ("sums@champion", "")):
                request = messages.InferRequest(model=name, version=version, inputs=tensors)
                assert stubs.ModelsServiceStub(channel).Infer(request, timeout=30, metadata=[("x-api-key", served.key)]).version == "1"
        of_contract = httpx.get(served.program.url + "/models/sums@champion", headers={"x-api-key": served.key})
        assert (of_contract.json()["name"], of_contract.json()["version"]) == ("sums", "1")
        assert register(client, "sums", package) == "2"
        client.set_registered_model_alias("sums", "champion", "2")
        wait_for(lambda: served.answers("2"), what="an answer of version 2")
        wait_for(lambda: set(served.states()) == {"sums/2"}, what="the old version to go")
        # Another alias is not followed.
        client.set_registered_model_alias("sums", "challenger", "1")
        client.delete_registered_model_alias("sums", "champion")
        wait_for(lambda: served.infer().status_code == 404, what="the model to go")
        assert served.infer(version="2").status_code == 404 and served.infer(version="").status_code == 404
        wait_for(lambda: not served.states(), what="its memory to return")
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1"), what="version 1 again")
        client.delete_registered_model("sums")
        wait_for(lambda: served.infer().status_code == 404, what="the model to go")
        metrics = served.program.metrics()
        assert metrics["starling_models_follow_connected"] == 1
        assert metrics['starling_models_follow_changes_total{result="removed"}'] == 2
        wait_for(lambda: [path.name for path in (tmp_path / "cache/0").rglob("*") if path.is_file()] == [".lock"], what="an empty cache")


@pytest.mark.parametrize("with_a_rule", [False, True])
def test_an_alias_that_moves_under_load_loses_no_request(tmp_path, with_a_rule):
    package = sums_package(tmp_path / "package")
    # A traffic rule hears of the move later than callers do.
    rules = {"traffic": {"sqlite": {"path": str(tmp_path / "traffic.db")}, "check_interval": "500ms"}} if with_a_rule else {}
    with Served(tmp_path, follow=["*@*"], models=rules) as served, client_of(served.program.url) as client:
        for version in ("1", "2"):
            assert register(client, "sums", package) == version
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1"), what="an answer of version 1")
        if with_a_rule:
            client.set_registered_model_alias("sums", "challenger", "2")
            wait_for(lambda: served.answers("2", version="challenger"), what="an answer of version 2")
            served.put_rule({"weights": [{"version": "2", "percent": 10}]})
        with Load(champion_of(served), clients=4) as load:
            for version in ("2", "1") * 3:
                before = load.outcomes[(200, version)]
                client.set_registered_model_alias("sums", "champion", version)
                left = {f"sums/{version}", "sums/2"} if with_a_rule else {f"sums/{version}"}
                wait_for(lambda left=left: set(served.states()) == left, what=f"nothing but {left}")
                wait_for(lambda before=before, version=version: load.outcomes[(200, version)] > before, what=f"an answer of version {version}")
                load.wait_for_more(100)
            if with_a_rule:
                assert served.program.metrics()['starling_models_traffic_moves_total{model="sums",alias="champion",kind="set"}'] == 1
        assert set(load.outcomes) == {(200, "1"), (200, "2")}, load.outcomes
        print(dict(load.outcomes))


def test_a_broken_version_fails_alone_and_the_old_one_stays(tmp_path):
    package = sums_package(tmp_path / "package")
    broken = sums_package(tmp_path / "broken")
    (broken / "files/model.onnx").write_bytes(b"no model")
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    (nothing / "readme.txt").write_text("no package")
    outside = sums_package(tmp_path / "outside")
    (outside / "model.yaml").write_text(SUMS_PACKAGE.replace("files/model.onnx", "../../../../package/files/model.onnx"))
    program = sums_package(tmp_path / "program")
    (program / "model.yaml").write_text(SUMS_PACKAGE.replace("runtime: openvino", "runtime: process").replace("file: files/model.onnx", f"command: [touch, {tmp_path}/ran]"))
    with Served(tmp_path, models={"allow_commands": True}) as served, client_of(served.program.url) as client:
        register(client, "sums", package)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1"), what="an answer of version 1")
        for number, folder in enumerate((broken, nothing, outside, program), 2):
            assert register(client, "sums", folder) == str(number)
            client.set_registered_model_alias("sums", "champion", str(number))
            wait_for(lambda number=number: served.states() == {"sums/1": "READY", f"sums/{number}": "FAILED"}, what=f"version {number} to fail")
            assert served.answers("1")
        assert not (tmp_path / "ran").exists()
        # Neither does a model of which nothing works take the program out.
        register(client, "bad", nothing)
        client.set_registered_model_alias("bad", "champion", "1")
        wait_for(lambda: served.states().get("bad/1") == "FAILED", what="the model to fail")
        assert served.infer("bad").status_code in (404, 500)
        assert httpx.get(served.program.url + "/readyz").status_code == 200
        metrics = served.program.metrics()
        assert metrics['starling_models_versions{state="failed"}'] == 2
        assert metrics['starling_models_follow_changes_total{result="failed"}'] >= 4
        assert [line for line in served.program.log_lines() if line["message"] == "an alias of the registry is not live"]
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.states() == {"sums/1": "READY", "bad/1": "FAILED"}, what="the failed version to go")


def test_a_version_past_the_size_limit_is_not_fetched(tmp_path):
    package = sums_package(tmp_path / "package")
    (package / "more.bin").write_bytes(bytes(200_000))
    with Served(tmp_path, max_version_bytes=100_000) as served, client_of(served.program.url) as client:
        register(client, "sums", package)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.states() == {"sums/1": "FAILED"}, what="the version to fail")
        assert not list((tmp_path / "cache").rglob("*.bin"))
        wait_for(lambda: "models.registry.max_version_bytes" in served.program.log(), what="the setting's name in the log")


def test_what_was_live_is_live_after_kill_9_and_without_the_registry(tmp_path):
    package = sums_package(tmp_path / "package")
    served = Served(tmp_path)
    try:
        with client_of(served.program.url) as client:
            for _ in range(2):
                register(client, "sums", package)
            for version in ("1", "2", "1", "2"):
                client.set_registered_model_alias("sums", "champion", version)
                wait_for(lambda version=version: served.answers(version), what=f"an answer of version {version}")
                # In the middle of the next move.
                client.set_registered_model_alias("sums", "champion", "1" if version == "2" else "2")
                served.program.kill()
                served.start()
                wait_for(lambda version=version: served.answers("1" if version == "2" else "2"), what="the move to be made up for")
                clients.mlflow.set_tracking_uri(served.program.url)
                client = clients.mlflow.MlflowClient(served.program.url, served.program.url)
        served.program.kill()
        # The registry runs elsewhere, and nobody answers there.
        served.config["placement"] = {"registry": {"mode": "remote", "targets": ["127.0.0.1:9"], "plaintext": True}}
        served.program = Program(served.config, ("--target", "models"))
        assert served.answers("1") and served.models()["sums/1"]["aliases"] == ["champion"]
        wait_for(lambda: "the registry is away: models stay as they are" in served.program.log(), what="the warning")
        assert served.program.metrics()["starling_models_follow_connected"] == 0
        assert served.answers("1")
    finally:
        served.program.terminate()


def test_a_registry_that_goes_and_comes_back_is_followed_on(tmp_path):
    package = sums_package(tmp_path / "package")
    with Served(tmp_path, placement={"registry": {"mode": "process"}, "models": {"mode": "process"}}) as served, client_of(served.program.url) as client:
        register(client, "sums", package)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1"), what="an answer of version 1")
        assert register(client, "sums", package) == "2"
        [replicas] = [service["replicas"] for service in served.program.status()["services"] if service["name"] == "registry"]
        os.kill(replicas[0]["pid"], signal.SIGKILL)
        assert served.answers("1")
        wait_for(lambda: httpx.get(served.program.url + "/registry/aliases").status_code == 200, what="the registry")
        client.set_registered_model_alias("sums", "champion", "2")
        wait_for(lambda: served.answers("2"), what="an answer of version 2")


@pytest.mark.parametrize(
    ("follow", "target", "said"),
    [("champion", "models,registry", "'champion' must be MODEL@ALIAS"), ("*@champion", "models", "models needs registry")],
)
def test_a_configuration_that_cant_be_followed_is_refused(tmp_path, follow, target, said):
    settings = {"models": {"packages": [], "registry": {"follow": [follow], "cache": str(tmp_path)}}}
    with pytest.raises(AssertionError, match=re.escape(said)):
        Program(settings, ("--target", target))
