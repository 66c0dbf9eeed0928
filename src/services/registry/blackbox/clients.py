"""MLflow's own client, `clients.mlflow`, which keeps addresses and sessions in globals. It takes two seconds of a processor to import, and
every process of pytest imports every test file: so it loads at its first use."""

import contextlib
import os

os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"
os.environ["GIT_PYTHON_REFRESH"] = "quiet"

SCOPES = {"auth": {"anonymous_scopes": ["registry.read", "registry.write"]}}
TARGET = ("--target", "registry")


def __getattr__(name):
    if name != "mlflow":
        raise AttributeError(name)
    import mlflow

    return mlflow


@contextlib.contextmanager
def client_of(url):
    import mlflow

    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    yield mlflow.MlflowClient(url, url)
    while mlflow.active_run():
        mlflow.end_run()
