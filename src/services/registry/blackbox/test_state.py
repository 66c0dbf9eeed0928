"""What was acknowledged is kept, by SQLite and by PostgreSQL; and who may share it."""

import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from harness.postgres import Postgres
from harness.program import BINARY, ROOT, Program

sys.path.insert(0, str(Path(__file__).parent))
from clients import SCOPES, TARGET, client_of  # noqa: E402

RUNS = ["registry"]

API = "/api/2.0/mlflow"


def register_until_killed(program, model, acknowledged, begun):
    """Registers versions and moves the alias to each, as fast as it can."""
    try:
        with httpx.Client(base_url=program.url, timeout=20) as client:
            while True:
                made = client.post(f"{API}/model-versions/create", json={"name": model, "source": f"mlflow-artifacts:/{model}"})
                version = made.json()["model_version"]["version"]
                acknowledged["version"] = int(version)
                assert client.post(f"{API}/registered-models/alias", json={"name": model, "alias": "champion", "version": version}).status_code == 200
                acknowledged["alias"] = int(version)
                begun.set()
    except httpx.TransportError:
        begun.set()


def kill_while_registering(tmp_path, rounds):
    config = {**SCOPES, "registry": {"data_directory": str(tmp_path / "registry")}}
    program = Program(config, TARGET)
    httpx.post(f"{program.url}{API}/registered-models/create", json={"name": "m"}).raise_for_status()
    for _ in range(rounds):
        acknowledged, begun = {}, threading.Event()
        writer = threading.Thread(target=register_until_killed, args=(program, "m", acknowledged, begun))
        writer.start()
        assert begun.wait(20)
        program.kill()
        writer.join()
        program = Program(config, TARGET)
        aliases = httpx.get(f"{program.url}/registry/aliases").json()
        assert len(aliases["aliases"]) == 1
        champion = int(aliases["aliases"][0]["version"])
        # One more may have been done and not yet been acknowledged.
        assert acknowledged["alias"] <= champion <= acknowledged["alias"] + 1
        newest = httpx.get(f"{program.url}/registry/models/m/versions/{acknowledged['version']}")
        assert newest.status_code == 200
        moves = httpx.get(f"{program.url}/registry/alias-moves", params={"max_results": 10000}).json()["moves"]
        assert [move["number"] for move in moves] == list(range(aliases["last_move"], 0, -1))
        assert int(moves[0]["to_version"]) == champion
        assert all(later["from_version"] == earlier["to_version"] for later, earlier in zip(moves, moves[1:]))
    with program:
        pass


def test_kill_9_while_registering_loses_nothing_acknowledged(tmp_path):
    kill_while_registering(tmp_path, 3)


@pytest.mark.long
def test_kill_9_while_registering_a_hundred_times(tmp_path):
    kill_while_registering(tmp_path, 100)


def serve(config_file, *sets):
    command = [str(BINARY), "serve", "--config", str(config_file), *TARGET]
    for one in sets:
        command += ["--set", one]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_a_second_program_and_a_second_replica_are_refused_by_name_of_the_setting_that_shares():
    with Program(SCOPES, TARGET) as first:
        second = serve(first.config_file)
        assert second.returncode != 0
        assert "Another program has" in second.stderr and "registry.sql.postgres.url" in second.stderr
        replicas = serve(first.config_file, "placement.registry.mode=process", "placement.registry.replicas=2")
        assert replicas.returncode != 0
        assert "placement.registry.replicas must be 1" in replicas.stderr and "registry.sql.postgres.url" in replicas.stderr


def test_two_replicas_share_postgresql(tmp_path):
    with Postgres() as server:
        config = {
            **SCOPES,
            "registry": {"sql": {"postgres": {"url": server.url}}, "artifacts": str(tmp_path / "artifacts")},
            "placement": {"registry": {"mode": "process", "replicas": 2}},
        }
        with Program(config, TARGET) as program, Program(config, TARGET) as other, client_of(program.url) as client:
            client.create_registered_model("m", tags={"a": "b"})
            versions = []

            def register(url):
                for _ in range(10):
                    answer = httpx.post(f"{url}{API}/model-versions/create", json={"name": "m", "source": "mlflow-artifacts:/m"}, timeout=20)
                    versions.append(int(answer.json()["model_version"]["version"]))

            writers = [threading.Thread(target=register, args=(url,)) for url in (program.url, other.url)]
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            assert sorted(versions) == list(range(1, 21))
            client.set_registered_model_alias("m", "champion", "20")
            found = httpx.get(f"{other.url}{API}/registered-models/alias", params={"name": "m", "alias": "champion"}).json()
            assert found["model_version"]["version"] == "20"
            assert len(client.search_model_versions("name = 'm' AND version_number > 15")) == 5
            assert [m.name for m in client.search_registered_models("tags.a != 'x' AND name ILIKE 'M'")] == ["m"]
            experiment = client.create_experiment("e")
            run = client.create_run(experiment)
            client.log_metric(run.info.run_id, "auc", 0.5)
            client.log_metric(run.info.run_id, "auc", float("nan"), step=1)
            assert client.get_run(run.info.run_id).data.metrics["auc"] != client.get_run(run.info.run_id).data.metrics["auc"]
            assert len(client.search_runs([experiment], "attributes.status = 'RUNNING'", order_by=["metrics.auc DESC"])) == 1
