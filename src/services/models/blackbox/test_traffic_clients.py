"""Who reaches traffic rules, and how: HTTP, the command line, Triton's client."""

import collections
import json
import os
import subprocess

import httpx
import pytest
from harness.program import BINARY, ROOT
from harness.traffic_site import site  # noqa: F401  (a fixture)
from harness.triton_client import triton_python  # noqa: F401  (a fixture)

RUNS = ["models"]


def test_who_may_and_what_is_refused(site):  # noqa: F811
    with site.start():
        rule = {"weights": [{"version": "2", "percent": 10}]}
        assert site.caller.put("/models/sums/traffic/champion", json={"rule": rule}).status_code == 403
        assert httpx.put(f"{site.program.url}/models/sums/traffic/champion", json={"rule": rule}).status_code == 401

        def refused(rule, alias="champion"):
            answer = site.operator.put(f"/models/sums/traffic/{alias}", json={"rule": rule})
            return answer.status_code, answer.text

        assert refused({"weights": [{"version": "9", "percent": 10}]})[0] == 404
        assert refused({"weights": [{"version": "2", "percent": 101}]})[0] == 400
        assert refused({"weights": [{"version": "2", "percent": 60}, {"version": "3", "percent": 60}]})[0] == 400
        assert refused({"weights": [{"version": "1", "percent": 60}]})[0] == 400
        assert refused({"roll_back": {"min_requests": 10}})[0] == 400
        assert refused({"roll_back": {"max_error_excess": 0.1}})[0] == 400
        assert refused({"promote": {"min_requests": 10, "min_agreement": 0.9}})[0] == 400
        assert refused(rule, alias="challenger")[0] == 404, "nothing says what it means"
        assert refused({"stable": "2"}, alias="challenger")[0] == 200, "the rule does"
        assert site.infer(alias="challenger").json()["model_version"] == "2"
        assert site.caller.get("/models/sums/traffic/champion").status_code == 404
        assert site.operator.post("/models/sums/traffic/challenger/roll-back", json={}).status_code == 400
        assert [r["alias"] for r in site.caller.get("/traffic").json()["rules"]] == ["challenger"]


def test_the_command_line_does_all_of_it(site):  # noqa: F811
    def starling(*words, key=site.key, server=None):
        environment = {**os.environ, "STARLING_API_KEY": key}
        done = subprocess.run([BINARY, "traffic", "--server", server or program.grpc, *words], env=environment, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    with site.start() as program:
        limits = "min_requests=50,max_error_excess=0.01,max_p99_ratio=9,max_mean_ratio=8,min_agreement=0.5"
        words = ["--weight", "2=10", "--weight", "3=2.5", "--shadow", "4=50", "--relative-tolerance", "0.1", "--window", "60", "--sticky-by-caller"]
        code, out, error = starling("set", "sums@champion", *words, "--roll-back", limits, "--promote", limits, "--reason", "a trial")
        assert code == 0, error
        assert [line.split()[:2] for line in out.splitlines()[2:]] == [["1", "87.5%"], ["2", "10%"], ["3", "2.5%"], ["4", "0%"]]
        all_limits = {"min_requests": 50, "max_error_excess": 0.01, "max_p99_ratio": 9, "max_mean_ratio": 8, "min_agreement": 0.5}
        assert site.get()["rule"] == {
            "stable": "1",
            "weights": [{"version": "2", "percent": 10}, {"version": "3", "percent": 2.5}],
            "shadow": {"version": "4", "percent": 50, "absolute_tolerance": 0, "relative_tolerance": 0.1},
            "sticky_by": "STICKY_BY_CALLER",
            "window_s": 60,
            "roll_back": all_limits,
            "promote": all_limits,
        }
        assert "sums@champion" in starling("get")[1]
        assert starling("get", "sums@champion")[1].split("\n")[2].split()[:3] == ["1", "87.5%", "0"]
        code, out, error = starling("promote", "sums@champion", "--version", "2", "--reason", "a good week")
        assert code == 0, error
        assert site.version() == "2"
        assert starling("rollback", "sums@champion", "--reason", "after all not")[0] == 0
        assert site.version() == "1"
        assert starling("delete", "sums@champion")[0] == 0
        history = starling("history", "sums@champion")[1].splitlines()
        assert [line.split()[2] for line in history] == ["DELETED", "ROLLED_BACK", "PROMOTED", "SET"]
        assert "olga" in history[2] and "a good week" in history[2]

        assert starling("set", "sums@champion", "--weight", "2=10", key=site.caller_key)[0] == 1
        for words in (["get", "sums"], ["set", "sums@champion", "--weight", "2"], ["set", "sums@champion", "--promote", "min=1"], ["get", "sums@champion"]):
            code, out, error = starling(*words)
            assert (code, out) == (1, "") and error.startswith("starling: "), words
        site.set({"stable": "1"})
        code, out, error = starling("get", "sums@champion", key="", server=program.addresses["admin"])
        assert code == 0 and "100%" in out, "the machine's operator may look without a key: " + error
        code, _, error = starling("delete", "sums@champion", key="", server=program.addresses["admin"])
        assert code == 1 and error.startswith("starling: "), "and change nothing"
        code, _, error = starling("get", server="127.0.0.1:1")
        assert code == 1 and "127.0.0.1:1" in error


def test_there_are_no_more_rules_than_the_setting_allows(site):  # noqa: F811
    site.config["models"]["traffic"]["max_rules"] = 2
    with site.start():
        for alias in ("champion", "challenger"):
            site.set({"stable": "1"}, alias=alias)
        answer = site.operator.put("/models/sums/traffic/third", json={"rule": {"stable": "1"}})
        assert answer.status_code == 400
        assert "models.traffic.max_rules" in answer.text
        site.set({"stable": "2"}, alias="champion")
        site.operator.delete("/models/sums/traffic/champion").raise_for_status()
        site.set({"stable": "1"}, alias="third")


def test_an_alias_may_stand_in_the_models_name(site):  # noqa: F811
    with site.start():
        site.set({"weights": [{"version": "2", "percent": 100}]})
        tensors = site.infer().request
        answer = site.caller.post("/v2/models/sums@champion/infer", content=tensors.content, headers={"content-type": "application/json"})
        assert answer.status_code == 200, answer.text
        assert (answer.json()["model_name"], answer.json()["model_version"]) == ("sums", "2")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("placement", ["inline", "process"])
def test_tritonclient_sees_the_shares_in_every_placement(site, triton_python, placement):  # noqa: F811
    site.config["placement"] = {"models": {"mode": placement}}
    with site.start() as program:
        site.set({"weights": [{"version": "2", "percent": 50}]})
        command = [triton_python, ROOT / "tests/triton_clients/shares.py", program.addresses["http"], program.grpc, f"Bearer {site.caller_key}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        for answers in said.values():
            assert collections.Counter(answers["all"])["2"] == pytest.approx(20, abs=2)
            assert answers["keys"] == {key: site.version(key) for key in answers["keys"]}
            assert set(answers["keys"].values()) == {"1", "2"}
