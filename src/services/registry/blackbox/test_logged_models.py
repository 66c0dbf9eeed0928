"""What MLflow 3 keeps beside runs: the models that they made and the datasets that these were made from."""

import sys
from pathlib import Path

import numpy as np
import pytest
from harness.late import Late
from harness.program import Program

sys.path.insert(0, str(Path(__file__).parent))
from clients import SCOPES, TARGET, client_of  # noqa: E402

RUNS = ["registry"]

mlflow = Late("mlflow")
xgboost = Late("xgboost")

ROWS = np.random.default_rng(7).normal(size=(50, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def program():
    with Program(SCOPES, TARGET) as started:
        yield started


@pytest.fixture
def client(program):
    with client_of(program.url) as made:
        yield made


@pytest.fixture
def booster():
    return xgboost.train({"max_depth": 2, "nthread": 1}, xgboost.DMatrix(ROWS, ROWS[:, 0]), 3)


def log(booster, **more):
    return mlflow.xgboost.log_model(booster, name="trees", pip_requirements=["xgboost"], **more)


def test_log_model_registers_and_is_found_by_each_of_its_names(client, booster):
    mlflow.set_experiment("names")
    with mlflow.start_run() as run:
        mlflow.log_param("depth", 2)
        mlflow.log_metric("auc", 0.9)
        info = log(booster, registered_model_name="trees")
    assert info.registered_model_version == "1"
    version = client.get_model_version("trees", "1")
    assert version.run_id == run.info.run_id
    assert version.source == client.get_logged_model(info.model_id).artifact_location
    # An older way to register the same.
    assert mlflow.register_model(f"runs:/{run.info.run_id}/trees", "trees").version == "2"
    client.set_registered_model_alias("trees", "champion", "2")
    expected = booster.predict(xgboost.DMatrix(ROWS))
    for uri in ("models:/trees@champion", "models:/trees/1", f"models:/{info.model_id}", f"runs:/{run.info.run_id}/trees"):
        loaded = mlflow.xgboost.load_model(uri)
        np.testing.assert_array_equal(loaded.predict(xgboost.DMatrix(ROWS)), expected, err_msg=uri)
    seen = client.get_run(run.info.run_id)
    assert [(output.model_id, output.step) for output in seen.outputs.model_outputs] == [(info.model_id, 0)]
    model = client.get_logged_model(info.model_id)
    assert (model.name, model.status, model.source_run_id, model.params["depth"]) == ("trees", mlflow.entities.LoggedModelStatus.READY, run.info.run_id, "2")
    assert '"version": "2"' in model.tags["mlflow.modelVersions"]
    # The metrics that it sends again for the model are the run's once.
    assert [metric.value for metric in client.get_metric_history(run.info.run_id, "auc")] == [0.9]


def test_logged_models_are_searched_tagged_and_deleted(client):
    experiment = client.create_experiment("search")
    made = [client.create_logged_model(experiment, name=f"m{n}", params={"depth": str(n)}, tags={"odd": str(n % 2)}) for n in range(5)]
    assert all(model.status == mlflow.entities.LoggedModelStatus.PENDING for model in made)

    def search(text, **more):
        return [model.name for model in client.search_logged_models([experiment], text, **more)]

    assert search("name = 'm3'") == ["m3"]
    assert search("params.depth = '2'") == ["m2"]
    assert search("tags.odd = '1'", order_by=[{"field_name": "name", "ascending": False}]) == ["m3", "m1"]
    assert search(None, order_by=[{"field_name": "name"}]) == [f"m{n}" for n in range(5)]
    page = client.search_logged_models([experiment], max_results=3)
    assert len(page) == 3 and len(client.search_logged_models([experiment], max_results=3, page_token=page.token)) == 2
    one = made[0].model_id
    assert client.finalize_logged_model(one, mlflow.entities.LoggedModelStatus.FAILED).status == mlflow.entities.LoggedModelStatus.FAILED
    client.set_logged_model_tags(one, {"odd": "no", "more": "x"})
    client.delete_logged_model_tag(one, "more")
    assert client.get_logged_model(one).tags == {"odd": "no"}
    client.delete_logged_model(one)
    for gone in (lambda: client.get_logged_model(one), lambda: client.delete_logged_model_tag(made[1].model_id, "none")):
        with pytest.raises(mlflow.exceptions.MlflowException) as error:
            gone()
        assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST", error.value
    with pytest.raises(mlflow.exceptions.MlflowException) as error:
        client.create_logged_model("no such experiment", name="x")
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_datasets_of_a_run_are_kept(client):
    mlflow.set_experiment("datasets")
    dataset = mlflow.data.from_numpy(ROWS, name="transactions")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training")
        mlflow.log_input(dataset, context="training")
    [kept] = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert (kept.dataset.name, kept.dataset.digest, kept.dataset.schema) == ("transactions", dataset.digest, dataset.to_dict()["schema"])
    assert [(tag.key, tag.value) for tag in kept.tags] == [("mlflow.data.context", "training")]
