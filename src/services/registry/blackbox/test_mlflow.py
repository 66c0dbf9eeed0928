"""A stock training script and its registry, with MLflow's own client as the judge."""

import math
import os
import sys
from pathlib import Path

import pytest
from harness.program import Program

sys.path.insert(0, str(Path(__file__).parent))
import clients  # noqa: E402
from clients import SCOPES, TARGET, client_of  # noqa: E402

RUNS = ["registry"]


@pytest.fixture(scope="module", params=["inline", "process"])
def program(request):
    with Program({**SCOPES, "placement": {"registry": {"mode": request.param}}}, TARGET) as started:
        yield started


@pytest.fixture
def client(program):
    with client_of(program.url) as made:
        yield made


@pytest.fixture
def name(request):
    return "".join(c if c.isalnum() else "-" for c in request.node.name)


def code_of(error):
    return error.value.error_code


def test_registered_models(client, name):
    made = client.create_registered_model(name, tags={"owner": "ada", "odd key'%": "x"}, description="first")
    assert (made.name, made.description, made.tags) == (name, "first", {"owner": "ada", "odd key'%": "x"})
    with pytest.raises(clients.mlflow.MlflowException) as error:
        client.create_registered_model(name)
    assert code_of(error) == "RESOURCE_ALREADY_EXISTS"
    assert client.update_registered_model(name, "second").description == "second"
    client.set_registered_model_tag(name, "owner", "bob")
    client.delete_registered_model_tag(name, "odd key'%")
    assert client.get_registered_model(name).tags == {"owner": "bob"}
    client.rename_registered_model(name, name + "-new")
    assert client.get_registered_model(name + "-new").tags == {"owner": "bob"}
    client.delete_registered_model(name + "-new")
    for gone in (name, name + "-new"):
        with pytest.raises(clients.mlflow.MlflowException) as error:
            client.get_registered_model(gone)
        assert code_of(error) == "RESOURCE_DOES_NOT_EXIST"
    with pytest.raises(clients.mlflow.MlflowException) as error:
        client.create_registered_model("a/b")
    assert code_of(error) == "INVALID_PARAMETER_VALUE"


def test_a_training_script_logs_and_registers_and_another_loads_by_alias(client, name, tmp_path):
    experiment = clients.mlflow.set_experiment(name)
    files = tmp_path / "model"
    (files / "data").mkdir(parents=True)
    (files / "MLmodel").write_text("flavors: {}\n")
    (files / "data" / "weights.bin").write_bytes(os.urandom(5_000_000))
    (files / "data" / "empty").touch()
    with clients.mlflow.start_run(run_name="night") as run:
        clients.mlflow.log_param("depth", 3)
        clients.mlflow.log_params({"rate": 0.1, "kind": "tree"})
        for step in range(5):
            clients.mlflow.log_metric("auc", step / 10, step=step)
        clients.mlflow.log_metrics({"loss": float("nan"), "top": float("inf")})
        clients.mlflow.set_tags({"starling.data_snapshot": "2026-11-01", "feast.feature_refs": "user:age, user:city"})
        clients.mlflow.log_artifacts(str(files), "model")
        clients.mlflow.log_text("fine", "notes/a b.txt")
    run_id = run.info.run_id
    seen = client.get_run(run_id)
    assert seen.info.status == "FINISHED" and seen.info.end_time >= seen.info.start_time
    assert seen.info.run_name == "night" and seen.info.experiment_id == experiment.experiment_id
    assert seen.data.params == {"depth": "3", "rate": "0.1", "kind": "tree"}
    assert seen.data.metrics["auc"] == 0.4 and seen.data.metrics["top"] == math.inf and math.isnan(seen.data.metrics["loss"])
    assert [(m.step, m.value) for m in client.get_metric_history(run_id, "auc")] == [(step, step / 10) for step in range(5)]
    assert {f.path for f in client.list_artifacts(run_id)} == {"model", "notes"}
    assert {(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, "model/data")} == {
        ("model/data/weights.bin", False, 5_000_000), ("model/data/empty", False, 0)}  # fmt: skip
    assert clients.mlflow.artifacts.load_text(f"{seen.info.artifact_uri}/notes/a b.txt") == "fine"

    version = clients.mlflow.register_model(f"runs:/{run_id}/model", name)
    assert (version.version, version.status, version.run_id) == ("1", "READY", run_id)
    client.set_registered_model_alias(name, "champion", "1")
    assert client.get_model_version_by_alias(name, "champion").version == "1"
    downloaded = Path(clients.mlflow.artifacts.download_artifacts(f"models:/{name}@champion", dst_path=str(tmp_path / "down")))
    for file in ("MLmodel", "data/weights.bin", "data/empty"):
        assert (downloaded / file).read_bytes() == (files / file).read_bytes()
    with pytest.raises(clients.mlflow.MlflowException) as error:
        client.log_param(run_id, "depth", 4)
    assert code_of(error) == "INVALID_PARAMETER_VALUE"


def test_versions_aliases_stages(client, name):
    client.create_registered_model(name)
    for number in ("1", "2", "3"):
        assert client.create_model_version(name, f"mlflow-artifacts:/m/{number}", tags={"n": number}).version == number
    client.set_registered_model_alias(name, "champion", "1")
    client.set_registered_model_alias(name, "champion", "2")
    client.set_registered_model_alias(name, "challenger", "2")
    assert client.get_registered_model(name).aliases == {"champion": "2", "challenger": "2"}
    assert sorted(client.get_model_version(name, "2").aliases) == ["challenger", "champion"]
    client.delete_registered_model_alias(name, "challenger")
    client.delete_model_version(name, "2")
    assert client.get_registered_model(name).aliases == {}
    with pytest.raises(clients.mlflow.MlflowException) as error:
        client.get_model_version_by_alias(name, "champion")
    assert code_of(error) == "RESOURCE_DOES_NOT_EXIST"
    # Its number is not used again.
    assert client.create_model_version(name, "mlflow-artifacts:/m/4").version == "4"
    for number in ("1", "3"):
        client.transition_model_version_stage(name, number, "Production", archive_existing_versions=True)
    assert client.get_model_version(name, "1").current_stage == "Archived"
    assert [v.version for v in client.get_latest_versions(name, ["Production"])] == ["3"]
    assert client.get_model_version_download_uri(name, "3") == "mlflow-artifacts:/m/3"
    client.update_model_version(name, "3", "the best")
    client.set_model_version_tag(name, "3", "k", "v")
    client.delete_model_version_tag(name, "3", "n")
    version = client.get_model_version(name, "3")
    assert (version.description, version.tags) == ("the best", {"k": "v"})


def test_search_and_pages(client, name):
    names = [f"{name}-{number:02d}" for number in range(12)]
    for number, one in enumerate(names):
        client.create_registered_model(one, tags={"parity": "even" if number % 2 == 0 else "odd"})
        client.create_model_version(one, f"mlflow-artifacts:/x/{number}", run_id=f"run{number}")
    found, token = [], None
    while True:
        page = client.search_registered_models(f"name LIKE '{name}-%'", max_results=5, order_by=["name DESC"], page_token=token)
        assert len(page) <= 5
        found += [model.name for model in page]
        token = page.token
        if not token:
            break
    assert found == names[::-1]

    def search(rest):
        return [model.name for model in client.search_registered_models(f"name ILIKE '{name.upper()}-%' AND {rest}")]

    assert search("tags.parity = 'odd'") == names[1::2]
    assert search("tag.`parity` != 'odd'") == names[::2]
    assert search("tags.nobody != 'x'") == names
    assert search("tags.parity LIKE 'e%' AND name != '" + names[0] + "'") == names[2::2]
    versions = client.search_model_versions(f"name LIKE '{name}-%' AND run_id IN ('run3', 'run7')")
    assert [version.run_id for version in versions] == ["run3", "run7"]
    for wrong in ("name ~ 'x'", "name = 'x' OR name = 'y'", "size = 'x'", "name = 'x", "name = 'x'; DROP TABLE models"):
        with pytest.raises(clients.mlflow.MlflowException) as error:
            client.search_registered_models(wrong)
        assert code_of(error) == "INVALID_PARAMETER_VALUE"
    assert client.search_registered_models("name = 'x'' OR ''1''=''1'") == []


def test_search_runs(client, name):
    experiment = client.create_experiment(name)
    ids = []
    for number in range(6):
        run = client.create_run(experiment, tags={"team": "a" if number < 3 else "b"})
        client.log_metric(run.info.run_id, "auc", number / 10)
        client.log_param(run.info.run_id, "depth", number)
        client.set_terminated(run.info.run_id, "FAILED" if number == 5 else "FINISHED")
        ids.append(run.info.run_id)

    def search(text, order=("metrics.auc DESC",)):
        return [ids.index(run.info.run_id) for run in client.search_runs([experiment], text, order_by=list(order))]

    assert search("") == [5, 4, 3, 2, 1, 0]
    assert search("metrics.auc > 0.15 AND tags.team = 'a'") == [2]
    assert search("params.depth IN ('1', '4')") == [4, 1]
    assert search("attributes.status = 'FINISHED' AND metrics.auc >= 0.3", ["metrics.auc ASC"]) == [3, 4]
    first = client.search_runs([experiment], max_results=4, order_by=["metrics.auc DESC"])
    second = client.search_runs([experiment], max_results=4, order_by=["metrics.auc DESC"], page_token=first.token)
    assert [ids.index(run.info.run_id) for run in [*first, *second]] == [5, 4, 3, 2, 1, 0] and not second.token
    client.delete_run(ids[0])
    assert 0 not in search("")
    client.restore_run(ids[0])
    assert 0 in search("")


def test_sources_that_others_would_read_from_their_own_machine_are_refused(client, name):
    client.create_registered_model(name)
    for source in ("file:///etc/passwd", "/etc/passwd", "mlflow-artifacts:/a/../../etc", "mlflow-artifacts:/%2e%2e/x"):
        with pytest.raises(clients.mlflow.MlflowException) as error:
            client._get_registry_client().store.create_model_version(name, source)
        assert code_of(error) == "INVALID_PARAMETER_VALUE"
