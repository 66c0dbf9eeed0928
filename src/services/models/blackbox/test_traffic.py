"""Traffic rules on an alias: shares, shadows, promotion, and roll-back by itself."""

import collections
import concurrent.futures

import pytest
from harness.program import wait_for
from harness.traffic_site import site  # noqa: F401  (a fixture)

RUNS = ["models"]


def test_weights_are_kept_and_keys_stay_where_they_are(site):  # noqa: F811
    with site.start() as program:
        assert site.version() == "1"
        site.set({"weights": [{"version": "2", "percent": 10}]})
        shares = collections.Counter(site.version() for _ in range(200))
        assert shares["2"] == pytest.approx(20, abs=2), "requests without a key are spread evenly"

        keys = [f"user-{n}" for n in range(200)]
        before = {key: site.version(key) for key in keys}
        assert {key: site.version(key) for key in keys} == before
        assert 5 <= sum(version == "2" for version in before.values()) <= 40
        site.set({"weights": [{"version": "2", "percent": 40}]})
        after = {key: site.version(key) for key in keys}
        assert all(after[key] == "2" for key in keys if before[key] == "2"), "a larger share keeps who it had"
        assert 50 <= sum(version == "2" for version in after.values()) <= 110
        metrics = program.metrics()
        name = 'starling_models_traffic_requests_total{model="sums",alias="champion",version="2",result="ok"}'
        assert metrics[name] == shares["2"] + 2 * sum(v == "2" for v in before.values()) + sum(v == "2" for v in after.values())


def test_a_callers_name_is_a_key_where_the_rule_says_so(site):  # noqa: F811
    with site.start():
        site.set({"weights": [{"version": "2", "percent": 50}], "sticky_by": "STICKY_BY_CALLER"})
        assert len({site.version() for _ in range(20)}) == 1


def test_shadow_differences_are_counted_and_heard_by_nobody(site):  # noqa: F811
    with site.start() as program:
        site.set({"shadow": {"version": "3", "percent": 100}})
        for _ in range(20):
            answer = site.infer()
            assert answer.json()["model_version"] == "1"
            assert answer.json()["outputs"][1]["data"] == [2, 4]
        wait_for(lambda: site.arms()["3"].get("compared") == 20, what="the comparisons")
        assert site.arms()["3"]["differing"] == 20
        assert site.arms()["3"].get("percent", 0) == 0
        assert program.metrics()['starling_models_shadow_requests_total{model="sums",alias="champion",version="3",result="differed"}'] == 20

        # Ten times instead of twice is 80% off; within a tolerance of 0.9 that agrees.
        site.set({"shadow": {"version": "3", "percent": 50, "relative_tolerance": 0.9}})
        for _ in range(20):
            site.infer()
        wait_for(lambda: site.arms()["3"].get("compared") == 10, what="half of them to be compared")
        assert site.arms()["3"].get("differing", 0) == 0


def test_a_shadow_that_fails_fails_nobody(site):  # noqa: F811
    with site.start():
        site.set({"shadow": {"version": "4", "percent": 100}, "roll_back": {"min_requests": 20, "max_error_excess": 0.1}})
        assert {site.infer().status_code for _ in range(30)} == {200}
        wait_for(lambda: "shadow" not in site.get()["rule"], what="the shadow to be taken off")
        assert site.moves()[0] == ("ROLLED_BACK", "rule", "4", "1")


@pytest.mark.parametrize(
    ("candidate", "limits"),
    [
        ("4", {"roll_back": {"min_requests": 20, "max_error_excess": 0.05}}),
        ("3", {"roll_back": {"min_requests": 20, "min_agreement": 0.95}, "shadow": {"version": "3", "percent": 100}}),
    ],
    ids=["fails", "answers wrong"],
)
def test_a_bad_version_goes_back_by_itself_under_load(site, candidate, limits):  # noqa: F811
    with site.start() as program:
        site.set({"weights": [{"version": candidate, "percent": 20}], **limits})
        good, bad = 0, 0

        def call(_):
            answer = site.infer()
            return answer.status_code == 200 and answer.json()["outputs"][1]["data"] == [2, 4]

        def is_back():
            return site.arms().keys() == {"1"}

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            while not is_back():
                answers = list(pool.map(call, range(40)))
                good, bad = good + sum(answers), bad + len(answers) - sum(answers)
                assert good + bad < 20000, "it did not go back"
            assert all(pool.map(call, range(100))), "after that nobody is affected"
        assert 0 < bad <= 0.2 * (good + bad) + 8, "no more than its share"
        assert site.moves()[0] == ("ROLLED_BACK", "rule", candidate, "1")
        reason = site.caller.get("/models/sums/traffic/champion/history").json()["moves"][0]["reason"]
        assert "limit" in reason
        assert program.metrics()['starling_models_traffic_moves_total{model="sums",alias="champion",kind="rolled_back"}'] == 1


def test_a_good_version_is_promoted_and_may_be_rolled_back_by_hand(site):  # noqa: F811
    with site.start():
        site.set(
            {
                "weights": [{"version": "2", "percent": 50}],
                "shadow": {"version": "2", "percent": 100},
                "window_s": 0.5,
                "promote": {"min_requests": 20, "max_error_excess": 0, "min_agreement": 1, "max_p99_ratio": 1000},
            }
        )

        def promoted():
            for _ in range(10):
                site.version()
            return site.get()["rule"]["stable"] == "2"

        wait_for(promoted, what="version 2 to be promoted")
        assert {site.version() for _ in range(20)} == {"2"}
        assert site.moves()[0] == ("PROMOTED", "rule", "1", "2")
        ready = site.caller.get("/v2/models/sums/versions/champion")
        assert ready.json()["versions"], ready.text
        assert site.caller.get("/models/sums", params={"version": "champion"}).json()["version"] == "2"

        answer = site.operator.post("/models/sums/traffic/champion/roll-back", json={"reason": "customers complain"})
        assert answer.status_code == 200, answer.text
        assert {site.version() for _ in range(20)} == {"1"}
        assert site.moves()[0] == ("ROLLED_BACK", "olga", "2", "1")


@pytest.mark.parametrize("by", ["hand", "repository"])
def test_a_promoted_version_that_turns_out_bad_goes_back_by_itself(site, by):  # noqa: F811
    site.config["models"] |= {"mode": "poll", "poll_interval": "20ms"}
    with site.start():
        site.set({"shadow": {"version": "4", "percent": 0}, "roll_back": {"min_requests": 20, "max_error_excess": 0.1}})
        assert {site.version() for _ in range(30)} == {"1"}
        if by == "hand":
            site.operator.post("/models/sums/traffic/champion/promote", json={"reason": "all too soon"}).raise_for_status()
        else:
            versions = site.folder / "models/sums/versions.yaml"
            versions.with_suffix(".new").write_text('all: true\naliases: {champion: "4"}\n')
            versions.with_suffix(".new").rename(versions)
            wait_for(lambda: site.get()["rule"]["stable"] == "4", what="the alias to move")

        def is_back():
            site.infer()
            return site.get()["rule"]["stable"] == "1"

        wait_for(is_back, what="version 1 to be back")
        assert {site.version() for _ in range(20)} == {"1"}
        assert site.moves()[:2] == [("ROLLED_BACK", "rule", "4", "1"), ("PROMOTED", "olga" if by == "hand" else "repository", "1", "4")]
