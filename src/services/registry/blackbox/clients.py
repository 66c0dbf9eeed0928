"""MLflow's own client in a process of its own for each program, since it keeps addresses and sessions in globals."""

import contextlib
import os

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"

import mlflow  # noqa: E402
from mlflow import MlflowClient  # noqa: E402

SCOPES = {"auth": {"anonymous_scopes": ["registry.read", "registry.write"]}}
TARGET = ("--target", "registry")


@contextlib.contextmanager
def client_of(url):
    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    yield MlflowClient(url, url)
    while mlflow.active_run():
        mlflow.end_run()
