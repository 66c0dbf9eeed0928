"""What `make run` serves: the shipped configuration, and a model of somebody's own by way of the registry."""

import shutil
import sys

import httpx
import yaml
from harness.keys import make_key
from harness.program import ROOT, Program, wait_for

sys.path.insert(0, str(ROOT / "src/services/registry/blackbox"))
import clients  # noqa: E402
from clients import client_of  # noqa: E402

PACKAGE = """
task: tensors
runtime: openvino
file: model.onnx
inputs:
  - {name: ids, datatype: INT64, shape: [-1, -1]}
  - {name: weights, datatype: FP32, shape: [-1, 2]}
outputs:
  - {name: sum, datatype: FP32, shape: [-1]}
"""
ROW = {
    "inputs": [
        {"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": [1, 2, 3]},
        {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]},
    ]
}


def test_what_is_made_champion_is_served_and_on_trial(tmp_path):
    key, entry = make_key("caller")
    config = yaml.safe_load((ROOT / "configs/all.yaml").read_text(encoding="utf-8"))
    del config["server"]  # the harness gives free ports
    config["auth"]["api_keys"] = [entry]
    config["models"]["registry"]["cache"] = str(tmp_path / "cache")
    config["models"]["traffic"]["sqlite"]["path"] = str(tmp_path / "traffic.db")
    package = tmp_path / "package"
    package.mkdir()
    (package / "model.yaml").write_text(PACKAGE)
    shutil.copy(ROOT / "src/backends/inference_openvino/testdata/sum_and_double.onnx", package / "model.onnx")
    with Program(config) as program, client_of(program.url) as client:
        clients.mlflow.set_experiment("newcomer")
        with clients.mlflow.start_run() as run:
            clients.mlflow.log_artifacts(str(package), "model")
        client.create_registered_model("sums")
        number = client.create_model_version("sums", f"{run.info.artifact_uri}/model", run.info.run_id).version
        client.set_registered_model_alias("sums", "champion", number)

        def champion():
            return httpx.post(f"{program.url}/v2/models/sums/versions/champion/infer", json=ROW, headers={"x-api-key": key})

        answer = wait_for(lambda: (asked := champion()).status_code == 200 and asked.json(), what="an answer of the champion")
        assert (answer["model_version"], answer["outputs"][0]["data"]) == (number, [6.0])
        # A bad successor will go back: the alias has a rule, made by nobody.
        rule = f"{program.url}/models/sums/traffic/champion"
        shown = wait_for(lambda: (asked := httpx.get(rule, headers={"x-api-key": key})).status_code == 200 and asked.json(), what="the rule")
        assert shown["rule"]["roll_back"]["max_p99_ratio"] == 3
