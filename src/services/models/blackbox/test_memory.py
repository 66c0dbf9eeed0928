"""What models take in memory, with real ones: it is shown, a limit fails a version in this process, and holds a program of its own."""

import re
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from harness.program import ROOT
from harness.waiting import wait_for
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).parent))
from test_remote import ask, readyz, serve  # noqa: E402

READS = ["src/*", "api/inference/*", "tests/harness/*"]

MB = 1 << 20
CHILD = """
import os, sys
sys.path[:0] = [{tests!r}]
from harness.upstream import Upstream

def answer(request, rows):
    if rows[0, 0] >= 1000:
        try:
            assert len(bytearray(1 << 30))
        except MemoryError:
            print("no memory", flush=True)
            if rows[0, 0] >= 2000:
                os.abort()
            raise
    return Upstream.doubled(request, rows)

served = Upstream(address="unix:" + os.environ["STARLING_SOCKET"])
served.answer = answer
while os.read(0, 1):
    pass
"""
PACKAGE = """
name: {name}
version: "1"
task: tensors
{runtime}
inputs: [{{name: x, datatype: FP32, shape: [-1, 2]}}]
outputs: [{{name: doubled, datatype: FP32, shape: [-1, 2]}}]
{more}
"""


def package(folder, name, runtime, more=""):
    (folder / name).mkdir()
    (folder / name / "model.yaml").write_text(PACKAGE.format(name=name, runtime=runtime, more=more))
    return folder / name


def child(folder, name, more=""):
    options = f"runtime: process\ncommand: [{sys.executable}, child.py]\nruntime_options: {{model: doubles}}"
    made = package(folder, name, options, more)
    (made / "child.py").write_text(CHILD.format(tests=str(ROOT / "tests")))
    return str(made)


def weighty(folder, name, megabytes, more=""):
    """Doubles by way of so many megabytes of weights."""
    made = package(folder, name, "runtime: openvino\nfile: model.onnx", "instances: 1\n" + more)
    width = int((megabytes * MB / 4) ** 0.5) // 64 * 64
    there = np.zeros((2, width), np.float32)
    there[0, 0] = there[1, 1] = 1
    graph = helper.make_graph(
        [helper.make_node("MatMul", names[:2], names[2:]) for names in (["x", "there", "h"], ["h", "twice", "i"], ["i", "back", "doubled"])],
        "weighty",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])],
        [helper.make_tensor_value_info("doubled", TensorProto.FLOAT, ["n", 2])],
        [numpy_helper.from_array(array, name) for name, array in (("there", there), ("twice", 2 * np.eye(width, dtype=np.float32)), ("back", there.T.copy()))],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), made / "model.onnx")
    return str(made)


def taken(program, name):
    return program.metrics().get(f'starling_models_memory_bytes{{model="{name}",version="1"}}')


def reason(program, what):
    return wait_for(lambda: what in (page := readyz(program)) and page, 30, what)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("memory")


def test_what_models_of_this_process_take_is_shown_and_limited(folder):
    small, large = weighty(folder, "small", 1), weighty(folder, "large", 48)
    # OpenVINO keeps the weights as they are and as it likes them.
    refused = weighty(folder, "refused", 48, f"memory_limit_bytes: {60 * MB}\n")
    unread = weighty(folder, "unread", 48, f"memory_limit_bytes: {40 * MB}\n")
    with serve(small, large, refused, unread, wait_ready=False) as program:
        reason(program, "'refused' took")
        page = reason(program, "'unread' needs")
        assert f"more than its memory_limit_bytes of {40 * MB}" in page
        assert re.search(rf"'refused' took, when it was loaded, [6-9]\d{{7}} bytes, more than its memory_limit_bytes of {60 * MB}\.|'refused' took, when it was loaded, 1\d{{8}} bytes", page), page
        for name in ("small", "large"):
            wait_for(lambda: ask(program, 3, model=name).status_code == 200, 30, f"the model {name}")
            assert ask(program, 3, model=name).json()["outputs"][0]["data"] == [6, 8]
        bytes_of_large = taken(program, "large")
        assert 45 * MB < bytes_of_large < 160 * MB
        assert 1 * MB < taken(program, "small") < 24 * MB
        assert taken(program, "refused") is None


def test_a_budget_counts_what_was_found(folder):
    first, second = weighty(folder, "first", 32), weighty(folder, "second", 32)
    with serve(first, second, memory_budget=100 * MB) as program:
        assert ask(program, model="second").status_code == 200
        assert ask(program, model="first").status_code == 200
        listed = sum(value for key, value in program.metrics().items() if key.startswith("starling_models_memory_bytes"))
        assert listed <= 100 * MB


def test_a_program_is_held_to_its_limit_and_nobody_else_minds(folder):
    free, held = child(folder, "free"), child(folder, "held", f"memory_limit_bytes: {512 * MB}\n")
    with serve(free, held, allow_commands=True) as program:
        assert 10 * MB < taken(program, "held") < 512 * MB
        assert ask(program, 1000, model="free").status_code == 200  # it may take as much
        assert ask(program, 1000, model="held").status_code == 500  # it says that it has no more, and goes on
        assert ask(program, 1, model="held").json()["outputs"][0]["data"] == [2, 4]
        assert ask(program, 2000, model="held").status_code in (500, 503)  # it ends of that
        wait_for(lambda: f"its memory limit is {512 * MB} bytes" in program.log(), 20, "the reason in the log")
        assert ask(program, 1, model="free").status_code == 200
        wait_for(lambda: ask(program, 1, model="held").status_code == 200, 30, "its next process")


def test_a_program_that_needs_more_to_start_fails_with_its_limit(folder):
    tight = child(folder, "tight", f"memory_limit_bytes: {8 * MB}\n")
    with serve(tight, wait_ready=False, allow_commands=True) as program:
        assert f"its memory limit is {8 * MB} bytes" in reason(program, "'tight' version 1 failed to load")
