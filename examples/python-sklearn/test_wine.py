"""The wine model in a real program: asked with tritonclient, killed, forbidden, stopped."""

import functools
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

import httpx
import pytest
import yaml
from harness.keys import make_key
from harness.program import Program
from harness.triton_client import triton_python  # noqa: F401  (a fixture)
from harness.waiting import wait_for

READS = ["examples/python-sklearn/*", "api/inference/*", "tests/harness/*"]
RUNS = ["models"]

HERE = pathlib.Path(__file__).resolve().parent
ASK = """
import json, sys
import numpy, tritonclient.grpc, tritonclient.http
kind, address, authorization = sys.argv[1:4]
rows = numpy.array(json.load(sys.stdin), dtype=numpy.float32)
api = tritonclient.http if kind == "http" else tritonclient.grpc
headers = {"Authorization": authorization} if kind == "http" else {"authorization": authorization}
client = api.InferenceServerClient(address)
features = api.InferInput("features", list(rows.shape), "FP32")
features.set_data_from_numpy(rows)
result = client.infer("wine", [features], headers=headers)
print(json.dumps({"label": [label.decode() for label in result.as_numpy("label")],
                  "probabilities": result.as_numpy("probabilities").tolist()}))
"""

# The example's program without scikit-learn, which takes more than a second of a processor to import: for tests that start it often.
QUICK = f"""
import sys, types
import numpy

class Wine:
    def judge(self, rows):
        return ["class_0"] * len(rows), numpy.ones((len(rows), 3), "f4") / 3

sys.modules["wine"] = types.SimpleNamespace(Wine=Wine)
sys.path.insert(0, {str(HERE)!r})
import server

server.main()
"""


@functools.cache
def wines():
    """Where they are needed: scikit-learn takes more than a second of a processor to import."""
    from sklearn.datasets import load_wine

    return load_wine()


@pytest.fixture(scope="module", autouse=True)
def built():
    subprocess.run([HERE / "build.sh"], env=os.environ | {"PYTHON": sys.executable}, check=True, timeout=900)


def start(allow_commands=True, wait_ready=True, folder=HERE, models=None):
    key, entry = make_key("operator", "admin")
    settings = {"packages": [str(folder)], "allow_commands": allow_commands} | (models or {})
    config = {"models": settings, "auth": {"api_keys": [entry]}}
    program = Program(config, ["--target", "models"], {"PYTHON": sys.executable}, wait_ready)
    program.headers = {"Authorization": f"Bearer {key}"}
    return program


@pytest.fixture(scope="module")
def program():
    with start() as running:
        yield running


def quick_package(folder, **changes):
    """The example's package with the program QUICK, in `folder`."""
    (folder / "quick_server.py").write_text(QUICK)
    package = yaml.safe_load((HERE / "model.yaml").read_text()) | {"command": [sys.executable, str(folder / "quick_server.py")]} | changes
    (folder / "model.yaml").write_text(yaml.safe_dump({name: value for name, value in package.items() if value is not None}))
    return folder


def ask(program, rows):
    body = {"inputs": [{"name": "features", "datatype": "FP32", "shape": [len(rows), 13], "data": rows}]}
    return httpx.post(program.url + "/v2/models/wine/infer", json=body, headers=program.headers, timeout=30)


def child_of(program):
    """The process id of the model's program."""
    found = subprocess.run(["pgrep", "-P", str(program.process.pid), "-f", "server.py"], capture_output=True, text=True)
    return int(found.stdout.split()[0]) if found.stdout.split() else None


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["http", "grpc"])
def test_tritonclient_gets_the_labels(program, triton_python, kind):  # noqa: F811
    rows = wines().data[::20].tolist()
    command = [triton_python, "-c", ASK, kind, program.addresses[kind], program.headers["Authorization"]]
    result = subprocess.run(command, input=json.dumps(rows), capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["label"] == [wines().target_names[target] for target in wines().target[::20]]
    assert all(sum(row) == pytest.approx(1, abs=1e-5) for row in answer["probabilities"])


def test_each_caller_of_a_batch_gets_its_own_answer(program):
    answers = {}

    def call(number):
        answers[number] = ask(program, [wines().data[number].tolist()]).json()["outputs"][0]["data"]

    threads = [threading.Thread(target=call, args=[number]) for number in range(0, 178, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    right = sum(answers[number] == [wines().target_names[wines().target[number]]] for number in answers)
    assert len(answers) == 36 and right == 36


def test_what_the_program_refuses_is_the_callers_error_and_of_no_other_in_the_batch(program):
    answers = {}

    def call(number):
        row = wines().data[number].tolist()
        if number % 4 == 0:
            row[2] = -1
        answers[number] = ask(program, [row]).status_code

    threads = [threading.Thread(target=call, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers[number] == 200 for number in answers if number % 4), answers
    assert all(answers[number] == 400 for number in answers if number % 4 == 0), answers


def test_killed_it_is_503_with_a_time_to_come_back_and_then_there_again(program):
    row = [wines().data[0].tolist()]
    assert ask(program, row).status_code == 200
    first = child_of(program)
    os.kill(first, signal.SIGKILL)
    down = wait_for(lambda: (answer := ask(program, row)).status_code != 200 and answer, 10, "an answer without the child")
    assert down.status_code == 503 and int(down.headers["Retry-After"]) >= 1, down.text
    wait_for(lambda: ask(program, row).status_code == 200, 30, "the child's successor")
    assert child_of(program) not in (first, None)


def test_hanging_it_is_killed_and_started_again(tmp_path):
    with start(folder=quick_package(tmp_path, runtime_options={"probe_interval_ms": 50, "timeout_ms": 500})) as program:
        row = [[1.0] * 13]
        first = child_of(program)
        os.kill(first, signal.SIGSTOP)
        # A thread that runs stops a moment later.
        states = pathlib.Path(f"/proc/{first}/task").glob("*/stat")
        for stat in list(states):
            wait_for(lambda stat=stat: stat.read_text().rsplit(") ", 1)[1][0] == "T", what="the child's stop")
        late = ask(program, row)
        assert late.status_code == 503 and "Retry-After" in late.headers, late.text
        wait_for(lambda: ask(program, row).status_code == 200, 40, "the child's successor")
        assert child_of(program) != first


def test_a_new_version_takes_over_between_two_requests(tmp_path):
    (tmp_path / "wine" / "1").mkdir(parents=True)
    quick_package(tmp_path / "wine", name=None, version=None)
    models = {"packages": [], "repository": [str(tmp_path)], "mode": "poll", "poll_interval": "50ms"}
    with start(models=models) as program:
        first = child_of(program)
        answers, stop = [], threading.Event()

        def call():
            while not stop.is_set():
                answer = ask(program, [[1.0] * 13])
                answers.append((answer.status_code, answer.json().get("model_version")))

        thread = threading.Thread(target=call)
        thread.start()
        (tmp_path / "wine" / "2").mkdir()
        wait_for(lambda: answers and answers[-1][1] == "2", 40, "an answer of the new version")
        wait_for(lambda: not pathlib.Path(f"/proc/{first}").exists(), 20, "the old child's end")
        stop.set()
        thread.join()
        assert {code for code, _ in answers} == {200} and {version for _, version in answers} == {"1", "2"}


def test_it_ends_with_the_program(tmp_path):
    program = start(folder=quick_package(tmp_path))
    try:
        child = child_of(program)
        assert child is not None
    finally:
        program.kill()
    wait_for(lambda: not pathlib.Path(f"/proc/{child}").exists(), 10, "the child's end")


def test_without_permission_no_command_is_started():
    with start(allow_commands=False, wait_ready=False) as program:
        failed = wait_for(lambda: (page := httpx.get(program.url + "/readyz").text) and "allow_commands" in page and page,
                          20, "a reason in /readyz")
        assert "running its code" in failed and child_of(program) is None


def test_a_command_that_ends_at_once_says_its_last_words(tmp_path):
    package = yaml.safe_load((HERE / "model.yaml").read_text())
    package["command"] = ["sh", "-c", "echo no such library; exit 3"]
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(package))
    config = {"models": {"packages": [str(tmp_path)], "allow_commands": True}}
    with Program(config, ["--target", "models"], wait_ready=False) as program:
        page = wait_for(lambda: (text := httpx.get(program.url + "/readyz").text) and "exited" in text and text, 20, "a reason")
        assert "exited with 3 before it was ready; last line: no such library" in page


def test_a_program_that_never_serves_does_not_hold_up_the_end(tmp_path):
    package = yaml.safe_load((HERE / "model.yaml").read_text())
    package["command"] = ["sh", "-c", "echo waiting; exec sleep 1000"]
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(package))
    program = Program({"models": {"packages": [str(tmp_path)], "allow_commands": True}}, ["--target", "models"], wait_ready=False)
    try:
        wait_for(lambda: "waiting" in program.log(), 20, "the program's first line")
        assert program.terminate(timeout_s=10) == 0
    finally:
        program.kill()


def test_started_by_hand_it_says_who_starts_it():
    environment = {key: value for key, value in os.environ.items() if key != "STARLING_SOCKET"}
    result = subprocess.run([sys.executable, HERE / "server.py"], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1 and "STARLING_SOCKET is not set" in result.stderr and "Traceback" not in result.stderr
