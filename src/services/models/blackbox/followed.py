"""A program that serves what its registry's aliases say, and MLflow's client to set them."""

import sys

import httpx
from harness.keys import make_key
from harness.program import ROOT, Program

sys.path.insert(0, str(ROOT / "src/services/registry/blackbox"))
import clients  # noqa: E402

TARGET = ("--target", "models,registry")
ROW = {
    "inputs": [
        {"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": [1, 2, 3]},
        {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]},
    ]
}


class Served:
    """A program that follows its registry, MLflow's client for it, and a caller of its models."""

    def __init__(self, folder, follow=("*@champion",), placement=None, models=None, target=TARGET, **registry):
        key, entry = make_key("test", "models.write")
        self.config = {
            "auth": {"anonymous_scopes": ["registry.read", "registry.write"], "api_keys": [entry]},
            "models": {"packages": [], **(models or {}), "registry": {"follow": list(follow), "cache": str(folder / "cache"), **registry}},
            "registry": {"data_directory": str(folder / "registry")},
            "placement": placement or {},
        }
        self.key = key
        self.target = target
        self.program = None
        self.start()

    def start(self):
        self.program = Program(self.config, self.target)

    def __enter__(self):
        self.program.__enter__()
        return self

    def __exit__(self, *error):
        return self.program.__exit__(*error)

    def infer(self, model="sums", version="champion", request=None):
        path = f"/v2/models/{model}/versions/{version}/infer" if version else f"/v2/models/{model}/infer"
        return httpx.post(self.program.url + path, json=request or ROW, headers={"x-api-key": self.key}, timeout=30)

    def answers(self, expected, **asked):
        answer = self.infer(**asked)
        return answer.status_code == 200 and answer.json()["model_version"] == expected

    def models(self):
        listed = httpx.get(self.program.url + "/models", headers={"x-api-key": self.key}).json()
        return {f"{m['name']}/{m['version']}": m for m in listed.get("models", [])}

    def states(self):
        return {name: model["state"].removeprefix("MODEL_STATE_") for name, model in self.models().items()}


def register(client, name, package):
    """A run that logs the folder, as a training script does; the number of the new version."""
    clients.mlflow.set_experiment("follow")
    with clients.mlflow.start_run() as run:
        clients.mlflow.log_artifacts(str(package), "model")
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    return client.create_model_version(name, f"{run.info.artifact_uri}/model", run.info.run_id).version
