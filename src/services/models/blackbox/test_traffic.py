"""Traffic rules on an alias: shares, shadows, promotion, roll-back by itself, and a history that a kill does not end."""

import collections
import concurrent.futures
import json
import os
import subprocess

import httpx
import pytest
from harness.keys import make_key
from harness.postgres import Postgres
from harness.program import BINARY, ROOT, Program, wait_for
from harness.triton_client import triton_python  # noqa: F401  (a fixture)

ONNX = (ROOT / "src/backends/inference_openvino/testdata/sum_and_double.onnx").read_bytes()
TWO, TEN = b"\x00\x00\x00\x40", b"\x00\x00\x20\x41"  # little-endian floats
PACKAGE = """
task: tensors
runtime: openvino
file: model.onnx
inputs:
  - {{name: {ids}, datatype: INT64, shape: [-1, -1]}}
  - {{name: weights, datatype: FP32, shape: [-1, 2]}}
outputs:
  - {{name: sum, datatype: FP32, shape: [-1]}}
  - {{name: doubled, datatype: FP32, shape: [-1, 2]}}
instances: 1
"""


def write_versions(folder):
    """1 and 2 are the same; 3 multiplies by ten where it should double; 4 wants another name for an input, so it fails."""
    wrong = ONNX.replace(b"J\x04" + TWO, b"J\x04" + TEN)
    renamed = ONNX.replace(b"ids", b"idz")
    assert ONNX not in (wrong, renamed)
    for version, data in {"1": ONNX, "2": ONNX, "3": wrong, "4": renamed}.items():
        (folder / "sums" / version).mkdir(parents=True)
        (folder / "sums" / version / "model.onnx").write_bytes(data)
        (folder / "sums" / version / "model.yaml").write_text(PACKAGE.format(ids="idz" if version == "4" else "ids"))
    (folder / "sums" / "versions.yaml").write_text('all: true\naliases: {champion: "1"}\n')


class Site:
    """A program with the four versions, its operator and a caller without scopes."""

    def __init__(self, folder):
        write_versions(folder / "models")
        self.folder = folder
        self.key, operator = make_key("olga", "models.write")
        self.caller_key, caller = make_key("carl")
        self.config = {
            "auth": {"api_keys": [operator, caller]},
            "models": {
                "repository": [str(folder / "models")],
                "packages": [],
                "traffic": {"sqlite": {"path": str(folder / "traffic.db")}, "check_interval": "20ms"},
            },
        }

    def start(self):
        self.program = Program(self.config, ["--target", "models"])
        self.operator = httpx.Client(base_url=self.program.url, headers={"x-api-key": self.key}, timeout=30)
        self.caller = httpx.Client(base_url=self.program.url, headers={"x-api-key": self.caller_key}, timeout=30)
        # A model is ready with its first version; here all of them must be.
        wait_for(lambda: [model["state"] for model in self.caller.get("/models").json()["models"]] == ["MODEL_STATE_READY"] * 4, what="four versions")
        return self.program

    def set(self, rule, alias="champion", **more):
        answer = self.operator.put(f"/models/sums/traffic/{alias}", json={"rule": rule} | more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, alias="champion"):
        return self.caller.get(f"/models/sums/traffic/{alias}").json()

    def arms(self):
        return {arm["version"]: arm for arm in self.get()["arms"]}

    def moves(self):
        moves = self.caller.get("/models/sums/traffic/champion/history").json()["moves"]
        return [(m["kind"].removeprefix("TRAFFIC_MOVE_KIND_"), m["who"], m["from_version"], m["to_version"]) for m in moves]

    def infer(self, key=None, alias="champion"):
        body = {
            "inputs": [
                {"name": "ids", "datatype": "INT64", "shape": [1, 3], "data": [1, 2, 3]},
                {"name": "weights", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]},
            ]
        }
        if key is not None:
            body["parameters"] = {"sticky_key": key}
        return self.caller.post(f"/v2/models/sums/versions/{alias}/infer", json=body)

    def version(self, key=None):
        answer = self.infer(key)
        assert answer.status_code == 200, answer.text
        return answer.json()["model_version"]


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_weights_are_kept_and_keys_stay_where_they_are(site):
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


def test_a_callers_name_is_a_key_where_the_rule_says_so(site):
    with site.start():
        site.set({"weights": [{"version": "2", "percent": 50}], "sticky_by": "STICKY_BY_CALLER"})
        assert len({site.version() for _ in range(20)}) == 1


def test_shadow_differences_are_counted_and_heard_by_nobody(site):
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


def test_a_shadow_that_fails_fails_nobody(site):
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
def test_a_bad_version_goes_back_by_itself_under_load(site, candidate, limits):
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


def test_a_good_version_is_promoted_and_may_be_rolled_back_by_hand(site):
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


def test_rules_and_history_outlive_a_kill(site):
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


def test_who_may_and_what_is_refused(site):
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


def test_without_a_place_there_are_no_rules(site):
    del site.config["models"]["traffic"]
    with site.start():
        answer = site.operator.put("/models/sums/traffic/champion", json={"rule": {}})
        assert answer.status_code == 400
        assert "models.traffic.sqlite.path" in answer.text


def test_an_alias_that_moves_in_the_repository_has_the_last_word(site):
    site.config["models"] |= {"mode": "poll", "poll_interval": "20ms"}
    with site.start():
        site.set({"weights": [{"version": "2", "percent": 10}]})
        versions = site.folder / "models/sums/versions.yaml"
        versions.with_suffix(".new").write_text('all: true\naliases: {champion: "2"}\n')
        versions.with_suffix(".new").rename(versions)
        wait_for(lambda: {site.version() for _ in range(5)} == {"2"}, what="the alias to move")
        assert site.moves()[0] == ("PROMOTED", "repository", "1", "2")


def test_the_command_line_does_all_of_it(site):
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
        code, _, error = starling("get", server="127.0.0.1:1")
        assert code == 1 and "127.0.0.1:1" in error


def test_an_alias_may_stand_in_the_models_name(site):
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


def test_programs_that_share_a_database_decide_for_each_other(site, tmp_path_factory):
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


def test_one_program_alone_has_the_embedded_rules(site):
    with site.start():
        with pytest.raises(AssertionError, match="models.traffic.postgres.url"):
            Program(site.config, ["--target", "models"])
        site.set({"weights": [{"version": "2", "percent": 10}]})
