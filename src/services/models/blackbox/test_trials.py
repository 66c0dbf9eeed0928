"""A version that a followed alias came to is on trial, and goes back by itself if it is worse than the one before."""

import re
import shutil
import sys
import time
from pathlib import Path

import httpx
import pytest
from harness.load import Load
from harness.postgres import Postgres
from harness.program import ROOT, wait_for

sys.path.insert(0, str(Path(__file__).parent))
from followed import ROW, Served, bad_package, champion_of, history, register, slow_package, state, sums_package  # noqa: E402

sys.path.insert(0, str(ROOT / "src/services/registry/blackbox"))
import clients  # noqa: E402
from clients import client_of  # noqa: E402

RUNS = ["models", "registry"]


def test_a_bad_champion_goes_back_by_itself_and_only_another_move_counts(tmp_path):
    package, bad = sums_package(tmp_path / "package"), bad_package(tmp_path / "bad")
    rules = {"traffic": {"sqlite": {"path": str(tmp_path / "traffic.db")}, "check_interval": "50ms"}}
    trial = {"window": "60s", "min_requests": 20, "max_error_excess": 0.1, "max_p99_ratio": 1000}
    with Served(tmp_path, models=rules, trial=trial) as served, client_of(served.program.url) as client:
        register(client, "sums", package)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: [move[:4] for move in history(served)] == [("SET", "repository", "", "1")], what="the alias to have a rule")
        rule = httpx.get(served.program.url + "/models/sums/traffic/champion", headers={"x-api-key": served.key}).json()["rule"]
        limits = {"min_requests": 20, "max_error_excess": 0.1, "max_p99_ratio": 1000}
        assert (rule["stable"], rule["window_s"], rule["roll_back"]) == ("1", 60, limits), rule
        register(client, "sums", bad)
        with Load(champion_of(served), clients=4) as load:
            load.wait_for_more(100)
            began = time.monotonic()
            client.set_registered_model_alias("sums", "champion", "2")
            wait_for(lambda: history(served)[0][:4] == ("ROLLED_BACK", "rule", "2", "1"), what="version 1 to be back")
            seconds = time.monotonic() - began
            load.wait_for_more(8)  # each client had one under way
            failed = load.sent - load.outcomes[(200, "1")]
            load.wait_for_more(200)
        print(f"back {seconds:.2f} s after the alias was set, {failed} of {load.sent} requests failed: {dict(load.outcomes)}")
        assert set(load.outcomes) == {(200, "1"), (400, None)}, load.outcomes
        assert load.outcomes[(400, None)] == failed >= 20, "after that nobody is affected"
        moves = history(served)
        assert moves[1][:4] == ("PROMOTED", "repository", "1", "2")
        assert re.search(r"error rate .* limit 0\.1 more", moves[0][4]), moves[0]

        wait_for(lambda: client.get_model_version_by_alias("sums", "champion").version == "1", what="the registry to say so")
        wait_for(lambda: served.states() == {"sums/1": "READY"}, what="version 2 to go")

        served.program.kill()
        shutil.rmtree(tmp_path / "cache")
        served.config["models"]["registry"]["trial"]["window"] = "2s"
        served.start()
        wait_for(lambda: "an alias of the registry is live" in served.program.log(), what="the registry's alias to be read")
        assert all(served.answers("1") for _ in range(30))
        assert history(served)[0][:4] == ("SET", "repository", "1", "1"), "the window alone was changed"
        assert history(served)[1:] == moves
        clients.mlflow.set_tracking_uri(served.program.url)
        client = clients.mlflow.MlflowClient(served.program.url, served.program.url)
        # Said again it is tried again.
        client.set_registered_model_alias("sums", "champion", "2")
        wait_for(lambda: history(served)[0][:4] == ("PROMOTED", "repository", "1", "2"), what="version 2 once more")
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.states() == {"sums/1": "READY"}, what="version 1 alone")
        assert register(client, "sums", package) == "3"
        client.set_registered_model_alias("sums", "champion", "3")
        wait_for(lambda: served.states() == {"sums/1": "READY", "sums/3": "READY"} and served.answers("3"), what="version 3 beside the one before")
        assert state(served)["trial"]["before"] == "1"
        wait_for(lambda: served.states() == {"sums/3": "READY"}, what="its trial to be over")
        assert served.answers("3") and "trial" not in state(served)
        back = httpx.post(served.program.url + "/models/sums/traffic/champion/roll-back", json={}, headers={"x-api-key": served.key})
        assert back.status_code == 400 and "not loaded any more" in back.text, back.text
        client.delete_registered_model_alias("sums", "champion")
        wait_for(lambda: served.infer().status_code == 404, what="the alias to go")
        wait_for(lambda: history(served)[0][:4] == ("DELETED", "repository", "3", ""), what="its rule to go")


def test_a_trial_goes_on_after_kill_9(tmp_path):
    package, bad = sums_package(tmp_path / "package"), bad_package(tmp_path / "bad")
    rules = {"traffic": {"sqlite": {"path": str(tmp_path / "traffic.db")}, "check_interval": "50ms"}}
    trial = {"window": "120s", "min_requests": 20, "max_error_excess": 0.1}
    with Served(tmp_path, models=rules, trial=trial) as served, client_of(served.program.url) as client:
        for each in (package, bad):
            register(client, "sums", each)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1") and history(served), what="version 1 and its rule")
        for _ in range(50):
            assert served.answers("1")
        client.set_registered_model_alias("sums", "champion", "2")
        wait_for(lambda: history(served)[0][:4] == ("PROMOTED", "repository", "1", "2"), what="version 2")
        before = state(served)["trial"]
        assert (before["before"], before["baseline"]["requests"] >= 50) == ("1", True), before
        for _ in range(10):
            assert served.infer().status_code == 400

        served.program.kill()
        served.start()
        assert state(served)["trial"] == before, "it has begun when it began, and is compared with what it was compared with"
        wait_for(lambda: served.states() == {"sums/1": "READY", "sums/2": "READY"}, what="both versions")
        for _ in range(19):
            assert served.infer().status_code == 400, "fewer than twenty say nothing"
        served.infer()
        wait_for(lambda: history(served)[0][:4] == ("ROLLED_BACK", "rule", "2", "1"), what="version 1 to be back")
        assert served.answers("1") and "trial" not in state(served)


def test_going_back_to_the_version_before_is_no_trial(tmp_path):
    package = sums_package(tmp_path / "package")
    rules = {"traffic": {"sqlite": {"path": str(tmp_path / "traffic.db")}, "check_interval": "50ms"}}
    with Served(tmp_path, models=rules, trial={"window": "120s"}) as served, client_of(served.program.url) as client:
        for _ in range(2):
            register(client, "sums", package)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: history(served), what="the rule")
        client.set_registered_model_alias("sums", "champion", "2")
        wait_for(lambda: state(served).get("trial"), what="the trial")
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: history(served)[0][:4] == ("ROLLED_BACK", "repository", "2", "1"), what="version 1")
        assert "trial" not in state(served)


def test_rules_of_the_trial_go_with_it_and_those_of_people_stay(tmp_path):
    package = sums_package(tmp_path / "package")
    rules = {"traffic": {"sqlite": {"path": str(tmp_path / "traffic.db")}, "check_interval": "50ms"}}
    with Served(tmp_path, follow=["*@*"], models=rules, trial={"window": "60s"}) as served, client_of(served.program.url) as client:
        register(client, "sums", package)
        for alias in ("champion", "challenger"):
            client.set_registered_model_alias("sums", alias, "1")
            wait_for(lambda alias=alias: state(served, alias), what="its rule")
        # The same limits, said by somebody.
        served.put_rule({"roll_back": {"min_requests": 20, "max_error_excess": 0.05}, "window_s": 60}, alias="challenger")
        served.program.kill()
        served.config["models"]["registry"]["trial"]["window"] = "0s"
        served.start()
        assert served.answers("1") and served.answers("1", version="challenger")
        assert state(served) == {} and state(served, "challenger")["rule"]["window_s"] == 60
        assert history(served)[0] == ("DELETED", "repository", "1", "1", "models.registry.trial was turned off.")


def test_programs_that_share_rules_agree_on_a_trial(tmp_path):
    package, bad = sums_package(tmp_path / "package"), bad_package(tmp_path / "bad")
    trial = {"window": "60s", "min_requests": 20, "max_error_excess": 0.1}
    with Postgres() as database:
        rules = {"traffic": {"postgres": {"url": database.url}, "check_interval": "20ms"}}
        with Served(tmp_path / "one", models=rules, trial=trial) as one, client_of(one.program.url) as client:
            of_one = {"registry": {"mode": "remote", "targets": [one.program.grpc], "plaintext": True}}
            with Served(tmp_path / "other", models=rules, trial=trial, placement=of_one, target=("--target", "models")) as other:
                register(client, "sums", package)
                client.set_registered_model_alias("sums", "champion", "1")
                wait_for(lambda: one.answers("1") and other.answers("1"), what="version 1 at both")
                register(client, "sums", bad)
                client.set_registered_model_alias("sums", "champion", "2")
                wait_for(lambda: one.states() == other.states() == {"sums/1": "READY", "sums/2": "READY"}, what="version 2 beside version 1 at both")
                # Whichever of the two made the change, the other one judges too, also after a restart.
                other.program.kill()
                other.start()

                def is_back():
                    other.infer()
                    return history(other)[0][:4] == ("ROLLED_BACK", "rule", "2", "1")

                wait_for(is_back, what="version 1 to be back")
                wait_for(lambda: one.answers("1") and other.answers("1"), what="version 1 at both again")
                assert all(each.answers("1") for each in (one, other) for _ in range(20))
                expected = [("ROLLED_BACK", "rule", "2", "1"), ("PROMOTED", "repository", "1", "2"), ("SET", "repository", "", "1")]
                assert [move[:4] for move in history(one)] == expected


def test_a_trial_needs_a_place_for_its_history(tmp_path):
    with pytest.raises(AssertionError, match=r"models\.registry\.trial\.window needs a place"):
        Served(tmp_path, trial={"window": "1m"})


def test_a_slow_champion_goes_back_by_itself(tmp_path):
    package, slow = sums_package(tmp_path / "package"), slow_package(tmp_path / "slow")
    rules = {"traffic": {"sqlite": {"path": str(tmp_path / "traffic.db")}, "check_interval": "50ms"}}
    trial = {"window": "60s", "min_requests": 20, "max_error_excess": 0.1, "max_p99_ratio": 3}
    with Served(tmp_path, models=rules, trial=trial) as served, client_of(served.program.url) as client:
        register(client, "sums", package)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1"), what="version 1")
        sums = served.infer().json()["outputs"]
        register(client, "sums", slow)
        with Load(champion_of(served), clients=4) as load:
            load.wait_for_more(300)
            client.set_registered_model_alias("sums", "champion", "2")
            wait_for(lambda: served.answers("2"), what="version 2")
            assert served.infer(version="2").json()["outputs"] == sums, "it is no worse but for its time"
            wait_for(lambda: history(served)[0][:4] == ("ROLLED_BACK", "rule", "2", "1"), what="version 1 to be back")
            load.wait_for_more(100)
        assert set(load.outcomes) == {(200, "1"), (200, "2")}, load.outcomes
        assert re.search(r"^Version 2: p99 latency [0-9.]+ ms against [0-9.]+ ms of the stable version, limit 3 times\.$", history(served)[0][4]), history(served)[0]
        print(history(served)[0][4], dict(load.outcomes))
        assert served.answers("1")


def test_a_champion_so_slow_that_nobody_waits_for_it_goes_back(tmp_path):
    package, slow = sums_package(tmp_path / "package"), slow_package(tmp_path / "slow", rounds=1000)
    rules = {"traffic": {"sqlite": {"path": str(tmp_path / "traffic.db")}, "check_interval": "50ms"}}
    trial = {"window": "60s", "min_requests": 20, "max_error_excess": 0.1, "max_p99_ratio": 3}

    def hasty(served):
        """A client that goes after 60 ms; its outcomes are versions, or that it went."""

        def send():
            try:
                answer = httpx.post(served.program.url + "/v2/models/sums/versions/champion/infer", json=ROW, headers={"x-api-key": served.key}, timeout=0.06)
            except httpx.TimeoutException:
                return "went"
            return answer.json()["model_version"]

        return lambda: send

    with Served(tmp_path, models=rules, trial=trial) as served, client_of(served.program.url) as client:
        register(client, "sums", package)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: served.answers("1"), what="version 1")
        register(client, "sums", slow)
        with Load(hasty(served), clients=2) as load:
            load.wait_for_more(100)
            client.set_registered_model_alias("sums", "champion", "2")
            wait_for(lambda: history(served)[0][:4] == ("ROLLED_BACK", "rule", "2", "1"), what="version 1 to be back")
        print(history(served)[0][4], dict(load.outcomes))
        assert re.search(r"p99 latency .* did not wait for it\) against", history(served)[0][4]), history(served)[0]
