"""MLflow's own client, `clients.mlflow`, which keeps addresses and sessions in globals."""

import contextlib
import os

from harness.late import Late

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"

SCOPES = {"auth": {"anonymous_scopes": ["registry.read", "registry.write"]}}
TARGET = ("--target", "registry")

mlflow = Late("mlflow")


@contextlib.contextmanager
def client_of(url):
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    yield mlflow.MlflowClient(url, url)
    while mlflow.active_run():
        mlflow.end_run()
