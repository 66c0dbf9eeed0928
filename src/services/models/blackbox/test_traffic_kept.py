"""Where traffic rules lie: a kill, a shared database, the repository's own alias, and no place at all."""

import pytest
from harness.postgres import Postgres
from harness.program import Program, wait_for
from harness.traffic_site import Site, site  # noqa: F401  (site: a fixture)

RUNS = ["models"]


def test_rules_and_history_outlive_a_kill(site):  # noqa: F811
    program = site.start()
    site.set({"weights": [{"version": "2", "percent": 30}], "roll_back": {"min_requests": 9, "max_error_excess": 0.5}}, reason="a trial")
    keys = [f"user-{n}" for n in range(100)]
    before = {key: site.version(key) for key in keys}
    rule, moves = site.get()["rule"], site.moves()
    program.kill()

    program = site.start()
    assert site.get()["rule"] == rule
    assert site.moves() == moves == [("SET", "olga", "", "1")]
    assert {key: site.version(key) for key in keys} == before
    site.operator.post("/models/sums/traffic/champion/promote", json={"reason": "good enough"}).raise_for_status()
    program.kill()

    with site.start():
        assert site.version() == "2"
        assert site.moves() == [("PROMOTED", "olga", "1", "2"), ("SET", "olga", "", "1")]
        site.operator.delete("/models/sums/traffic/champion").raise_for_status()
        assert site.version() == "1"
        assert site.moves()[0] == ("DELETED", "olga", "2", "1")


def test_without_a_place_there_are_no_rules(site):  # noqa: F811
    del site.config["models"]["traffic"]
    with site.start():
        answer = site.operator.put("/models/sums/traffic/champion", json={"rule": {}})
        assert answer.status_code == 400
        assert "models.traffic.sqlite.path" in answer.text


def test_an_alias_that_moves_in_the_repository_has_the_last_word(site):  # noqa: F811
    site.config["models"] |= {"mode": "poll", "poll_interval": "20ms"}
    with site.start():
        site.set({"weights": [{"version": "2", "percent": 10}]})
        versions = site.folder / "models/sums/versions.yaml"
        versions.with_suffix(".new").write_text('all: true\naliases: {champion: "2"}\n')
        versions.with_suffix(".new").rename(versions)
        wait_for(lambda: {site.version() for _ in range(5)} == {"2"}, what="the alias to move")
        assert site.moves()[0] == ("PROMOTED", "repository", "1", "2")


def test_programs_that_share_a_database_decide_for_each_other(site, tmp_path_factory):  # noqa: F811
    other = Site(tmp_path_factory.mktemp("other"))
    with Postgres() as database:
        for each in (site, other):
            each.config["models"]["traffic"] |= {"sqlite": {"path": ""}, "postgres": {"url": database.url}}
        with site.start(), other.start():
            site.set({"weights": [{"version": "4", "percent": 30}], "roll_back": {"min_requests": 10, "max_error_excess": 0.1}})
            wait_for(lambda: "rule" in other.get(), what="the other program to hear of the rule")

            def taken_off():
                for _ in range(10):
                    other.infer()
                return site.arms().keys() == {"1"}

            wait_for(taken_off, what="the one to hear of the other's decision")
            assert site.moves() == other.moves() == [("ROLLED_BACK", "rule", "4", "1"), ("SET", "olga", "", "1")]
            site.operator.delete("/models/sums/traffic/champion").raise_for_status()
            wait_for(lambda: other.caller.get("/models/sums/traffic/champion").status_code == 404, what="the rule to be gone")


def test_one_program_alone_has_the_embedded_rules(site):  # noqa: F811
    with site.start():
        with pytest.raises(AssertionError, match="models.traffic.postgres.url"):
            Program(site.config, ["--target", "models"])
        site.set({"weights": [{"version": "2", "percent": 10}]})
