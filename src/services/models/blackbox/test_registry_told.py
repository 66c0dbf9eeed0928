"""What a traffic rule makes of an alias that follows the registry is what the registry says afterwards, so that nobody who looks there is misled."""

import sys
from pathlib import Path

import httpx
import pytest
from harness.load import Load
from harness.program import ROOT, Program, wait_for

sys.path.insert(0, str(Path(__file__).parent))
from followed import Served, bad_package, champion_of, history, register, state, sums_package  # noqa: E402

sys.path.insert(0, str(ROOT / "src/services/registry/blackbox"))
from clients import client_of  # noqa: E402


def rules_in(folder):
    return {"traffic": {"sqlite": {"path": str(folder / "traffic.db")}, "check_interval": "50ms"}}


def moves_of(url, alias="champion"):
    """The registry's history of the alias, the latest first."""
    answer = httpx.get(url + "/registry/alias-moves", params={"name": "sums", "alias": alias})
    return [(m.get("user_id"), m.get("from_version", ""), m["to_version"], m.get("reason", "")) for m in answer.json()["moves"]]


def means(client, version):
    return client.get_model_version_by_alias("sums", "champion").version == version


@pytest.fixture
def with_two(tmp_path):
    """Two good versions, of which 1 is the champion and 2 the challenger."""
    with Served(tmp_path, follow=["*@*"], models=rules_in(tmp_path)) as served, client_of(served.program.url) as client:
        for _ in range(2):
            register(client, "sums", sums_package(tmp_path / f"package{_}"))
        client.set_registered_model_alias("sums", "champion", "1")
        client.set_registered_model_alias("sums", "challenger", "2")
        wait_for(lambda: served.answers("1") and served.answers("2", version="challenger"), what="both versions")
        yield served, client


def test_a_version_that_a_rule_promotes_is_the_registrys_champion(with_two):
    served, client = with_two
    served.put_rule({"weights": [{"version": "2", "percent": 50}], "window_s": 0.5, "promote": {"min_requests": 5, "max_error_excess": 0.5}})
    with Load(champion_of(served), clients=2) as load:
        wait_for(lambda: history(served)[0][:4] == ("PROMOTED", "rule", "1", "2"), what="the promotion")
        wait_for(lambda: means(client, "2"), what="the registry to say so")
        load.wait_for_more(50)
    assert {outcome[0] for outcome in load.outcomes} == {200}, load.outcomes
    who, *versions, reason = moves_of(served.program.url)[0]
    assert (who, versions) == ("traffic rule", ["1", "2"]) and reason == "Promoted by rule. " + history(served)[0][4]
    before = history(served)
    served.program.kill()
    served.start()
    wait_for(lambda: "an alias of the registry is live" in served.program.log(), what="the registry's aliases to be read")
    assert served.answers("2") and history(served) == before
    assert len(moves_of(served.program.url)) == 2


def test_what_people_promote_and_take_back_is_told_too(with_two):
    served, client = with_two
    served.put_rule({"weights": [{"version": "2", "percent": 10}]})

    def post(action, reason):
        httpx.post(f"{served.program.url}/models/sums/traffic/champion/{action}", json={"reason": reason}, headers={"x-api-key": served.key}).raise_for_status()

    post("promote", "good enough")
    wait_for(lambda: means(client, "2"), what="version 2")
    post("roll-back", "not after all")
    wait_for(lambda: means(client, "1"), what="version 1")
    assert moves_of(served.program.url)[:2] == [("traffic rule", "2", "1", "Rolled back by test. not after all"), ("traffic rule", "1", "2", "Promoted by test. good enough")]
    # It is no move of the registry's: the rule's history has nothing of it.
    assert [move[:2] for move in history(served)] == [("ROLLED_BACK", "test"), ("PROMOTED", "test"), ("SET", "test")]
    assert served.program.metrics()['starling_models_registry_moves_total{result="moved"}'] == 2


def test_the_registry_is_left_alone_if_the_settings_say_so(tmp_path):
    trial = {"window": "60s", "min_requests": 5, "max_error_excess": 0.1}
    with Served(tmp_path, models=rules_in(tmp_path), trial=trial, move_aliases=False) as served, client_of(served.program.url) as client:
        for each in (sums_package(tmp_path / "package"), bad_package(tmp_path / "bad")):
            register(client, "sums", each)
        client.set_registered_model_alias("sums", "champion", "1")
        wait_for(lambda: state(served), what="the rule")
        client.set_registered_model_alias("sums", "champion", "2")
        with Load(champion_of(served), clients=2):
            wait_for(lambda: history(served)[0][0] == "ROLLED_BACK", what="version 1 to be back")
        assert "starling_models_registry_moves_total" not in str(served.program.metrics())
        served.program.kill()
        served.start()
        wait_for(lambda: "an alias of the registry is live" in served.program.log(), what="the registry's alias to be read")
        assert [move[2] for move in moves_of(served.program.url)] == ["2", "1"], "it says what it said"
        wait_for(lambda: served.answers("1"), what="version 1 still")


class Elsewhere:
    """A registry that is a program of its own, and one that serves what its aliases say."""

    def __init__(self, folder, scopes):
        self.config = {"auth": {"anonymous_scopes": scopes}, "registry": {"data_directory": str(folder / "registry-elsewhere")}}
        self.registry = Program(self.config, ("--target", "registry"))
        trial = {"window": "120s", "min_requests": 20, "max_error_excess": 0.1}
        of_registry = {"registry": {"mode": "remote", "targets": [self.registry.grpc], "plaintext": True}}
        self.served = Served(folder, models=rules_in(folder), trial=trial, placement=of_registry, target=("--target", "models"))

    def bring_back_registry(self):
        addresses = {name: {"address": self.registry.addresses[name]} for name in ("http", "grpc")}
        self.registry = Program(self.config | {"server": addresses}, ("--target", "registry"))

    def let_go_back(self, folder):
        """Until version 2, a bad one, is the champion and on trial."""
        with client_of(self.registry.url) as client:
            for each in (sums_package(folder / "package"), bad_package(folder / "bad")):
                register(client, "sums", each)
            client.set_registered_model_alias("sums", "champion", "1")
            wait_for(lambda: history(self.served), what="version 1 and its rule")
            client.set_registered_model_alias("sums", "champion", "2")
            wait_for(lambda: history(self.served)[0][:4] == ("PROMOTED", "repository", "1", "2"), what="version 2")

    def is_back(self):
        self.served.infer()
        return history(self.served)[0][:4] == ("ROLLED_BACK", "rule", "2", "1")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.served.program.terminate()
        self.registry.terminate()


def test_a_registry_that_was_away_hears_of_it_though_the_program_was_killed_in_between(tmp_path):
    with Elsewhere(tmp_path, ["registry.read", "registry.write"]) as both:
        both.let_go_back(tmp_path)
        before = moves_of(both.registry.url)
        both.registry.kill()
        wait_for(both.is_back, what="version 1 to be back")
        wait_for(lambda: both.served.program.metrics().get('starling_models_registry_moves_total{result="away"}', 0) >= 2, what="two tries")
        both.served.program.kill()
        both.bring_back_registry()
        assert moves_of(both.registry.url) == before
        both.served.start()
        wait_for(lambda: len(moves_of(both.registry.url)) == 3, what="the registry to be told")
        who, *versions, reason = moves_of(both.registry.url)[0]
        assert (who, versions) == ("anonymous", ["2", "1"]) and reason.startswith("Rolled back by rule. Version 2: error rate"), reason
        wait_for(lambda: both.served.states() == {"sums/1": "READY"}, what="version 2 to go")
        assert both.served.answers("1") and len(moves_of(both.registry.url)) == 3


def test_a_registry_that_does_not_let_it_is_named_in_the_log(tmp_path):
    with Elsewhere(tmp_path, ["registry.read", "registry.write"]) as both:
        both.let_go_back(tmp_path)
        both.registry.terminate()
        both.config["auth"]["anonymous_scopes"] = ["registry.read"]
        both.bring_back_registry()
        wait_for(both.is_back, what="version 1 to be back")

        def said():
            return [line for line in both.served.program.log_lines() if line["message"] == "the registry's alias is not where its traffic rule has it"]

        wait_for(lambda: both.served.program.metrics().get('starling_models_registry_moves_total{result="refused"}', 0) >= 1, what="a refusal")
        assert said() and all(line["fields"]["reason"] and line["fields"]["version"] == "1" for line in said())
        assert both.served.answers("1")
