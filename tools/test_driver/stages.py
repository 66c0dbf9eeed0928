"""What `make test` runs, in this order. Each function gets a Stage and counts into it."""

import json
import math
import os
import subprocess

from test_driver import reads, verdicts
from test_driver.stage import ROOT, junit_cases

PYTEST = [ROOT / "build/venv/bin/python", "-m", "pytest", "-q"]
CORES = len(os.sched_getaffinity(0))
JOBS = str(CORES)
NOTHING_TO_RUN = 5  # pytest's exit status
# Tests wait more than they compute.
PROCESSES = CORES + 2
# Every process of pytest imports every test file: not without what Python keeps of having compiled them, outside of the tree.
BYTECODE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(ROOT / "build/bytecode")}
# Compilers leave the cores to the tests beside them.
POLITELY = ["nice", "-n", "10"]
SANITIZER_OPTIONS = {
    # Threads of OpenVINO's plugins end after their library was unloaded, which the bookkeeping of thread-local storage cannot bear.
    "ASAN_OPTIONS": "intercept_tls_get_addr=0",
    "LSAN_OPTIONS": f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0",
    "TSAN_OPTIONS": f"suppressions={ROOT}/tests/tsan.supp",
    "ASAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19",
    "TSAN_SYMBOLIZER_PATH": "/usr/bin/llvm-symbolizer-19",
}


def structure(stage):
    stage.count(stage.run("tools/check_structure"))


def format(stage):
    """The log names the first difference from .clang-format in each file; `make format` mends them all."""
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.h", "*.cc"], cwd=ROOT, capture_output=True, text=True)
    files = [name for name in listing.stdout.split() if (ROOT / name).exists()]
    stage.count(not files or stage.run("clang-format-19", "--dry-run", "-Werror", "--ferror-limit=1", *files))


def build(stage):
    stage.count(_build(stage, "release"))


def lint(stage):
    stage.count(stage.run(*POLITELY, "tools/lint", "build/release"))


def unit(stage):
    _ctest(stage, "release")


def tools(stage):
    _pytest(stage, "tools")


def contracts(stage):
    """A published contract may grow; it may not break whoever uses it."""
    if (ROOT / "tools/check_contracts").exists():
        stage.count(stage.run("tools/check_contracts"))


def blackbox(stage):
    if not _starling_is_built("release"):
        return
    _pytest(stage, "tests", "src", "examples", "bench", STARLING_BINARY=str(ROOT / "build/release/starling"))


def sanitize(stage):
    """clang, address and undefined-behaviour sanitizers: all unit tests, and the black-box tests marked `smoke`."""
    if stage.count(_build(stage, "asan-ubsan")):
        _ctest(stage, "asan-ubsan")
        if _starling_is_built("asan-ubsan"):
            binary = str(ROOT / "build/asan-ubsan/starling")
            _pytest(stage, "tests", "src", marker="smoke", preset="asan-ubsan", STARLING_BINARY=binary, **SANITIZER_OPTIONS)


def tsan(stage):
    """Without OpenVINO's own tests: it loads a library with RTLD_DEEPBIND, at which the sanitizer ends the program."""
    if stage.count(_build(stage, "tsan")):
        _ctest(stage, "tsan", without={"backends_inference_openvino_test"})


def fuzz(stage):
    """Each target of tests/fuzz with libFuzzer, for STARLING_FUZZ_SECONDS (60) each; an input that fails is kept in build/fuzz."""
    seconds = os.environ.get("STARLING_FUZZ_SECONDS", "60")
    if not stage.count(_build(stage, "fuzz")):
        return
    for target in sorted((ROOT / "tests/fuzz/corpus").iterdir()):
        found = ROOT / "build/fuzz-found" / target.name
        corpus = found / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        stage.count(stage.run(
            ROOT / "build/fuzz/tests/fuzz" / f"fuzz_{target.name}", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048",
            "-max_len=65536", "-print_final_stats=1", f"-artifact_prefix={found}/", corpus, target, **SANITIZER_OPTIONS,
        ))  # fmt: skip


def long(stage):
    """The black-box tests with their full counts."""
    if _starling_is_built("release"):
        binary = str(ROOT / "build/release/starling")
        _pytest(stage, "tests", "src", "examples", marker="long", STARLING_BINARY=binary)


# One after the other; then the lists beside each other, so that one computes while the other waits.
FIRST = [structure, format, build]
BESIDE = [[lint, unit, sanitize], [contracts, tools, blackbox]]
ON_REQUEST = [tsan, fuzz, long]


def _build(stage, preset):
    """What the preset builds by default."""
    configured = (ROOT / "build" / preset / "build.ninja").exists()
    ninja = [*([] if preset == "release" else POLITELY), "ninja", "-C", f"build/{preset}", "-j", JOBS]
    return (configured or stage.run("cmake", "--preset", preset)) and stage.run(*ninja)


def _starling_is_built(preset):
    return (ROOT / "build" / preset / "starling").exists()


def _ctest(stage, preset, without=frozenset()):
    """Runs the tests that have no verdict. Counts GoogleTest's cases where a test writes them, else the ctest test itself."""
    listing = subprocess.run(["ctest", "--test-dir", f"build/{preset}", "--show-only=json-v1"], cwd=ROOT, capture_output=True, text=True, check=True)
    keys = {test["name"]: reads.of_ctest(test, preset) for test in json.loads(listing.stdout)["tests"] if test["name"] not in without}
    todo = _without_verdict(stage, keys)
    if not todo:
        return
    junit = stage.results / "ctest.xml"
    cases = stage.results / "cases"
    cases.mkdir()
    stage.run(
        "ctest", "--test-dir", f"build/{preset}", "-j", JOBS, "--output-on-failure", "--no-tests=error", "--output-junit", junit,
        "-R", f"^({'|'.join(todo)})$", GTEST_OUTPUT=f"xml:{cases}/", **SANITIZER_OPTIONS,
    )  # fmt: skip
    counted = {path.stem: ran for path in cases.glob("*.xml") if (ran := stage.count_junit(path))}
    ended = junit_cases(junit)
    for test in ended:
        if test.name not in counted:
            stage.count(test.ok)
        elif not test.ok and all(case.ok for case in junit_cases(cases / f"{test.name}.xml")):
            stage.count(False)  # it failed after it had written its cases
        if test.ok and not reads.changed_since(stage.started):
            verdicts.keep(keys[test.name], f"{preset} {test.name}", counted.get(test.name, 1), test.seconds)
    for _ in set(todo) - {test.name for test in ended}:
        stage.count(False)


def _pytest(stage, *folders, marker=None, preset="release", **environment):
    """Runs the files below `folders` that have no verdict, first those that may take longest; each file stays in one process."""
    names = [name for name in reads.files() if reads.is_test(name) and name.startswith(tuple(f"{folder}/" for folder in folders))]
    if marker:
        names = [name for name in names if f"pytest.mark.{marker}" in (ROOT / name).read_text(encoding="utf-8")]
    keys = {name: reads.combined(reads.of_pytest_file(name, preset), str(marker)) for name in names}
    todo = _without_verdict(stage, keys)
    if not todo:
        return
    took = verdicts.seconds()
    todo.sort(key=lambda name: -took.get(_kept_as(name, preset, marker), math.inf))
    junit = stage.results / "pytest.xml"
    ok = stage.run(
        *PYTEST, "-m", marker or "not long", "-n", str(PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder", "--durations=40",
        f"--junitxml={junit}", *(["--override-ini=timeout=1800"] if marker == "long" else []), *todo, **{**BYTECODE, **environment},
    )  # fmt: skip
    ok = ok or stage.status == NOTHING_TO_RUN  # all that is left is marked otherwise
    ran = junit_cases(junit)
    for name in todo:
        module = name.removesuffix(".py").replace("/", ".")
        own = [case for case in ran if case.group == module or case.group.startswith(module + ".")]
        if ok and not own:
            verdicts.keep(keys[name], _kept_as(name, preset, marker), 0, 0)
        if own and all([stage.count(case.ok) for case in own]) and not reads.changed_since(stage.started):
            verdicts.keep(keys[name], _kept_as(name, preset, marker), len(own), sum(case.seconds for case in own))
    if not ok and not stage.failed:
        stage.count(False)


def _kept_as(name, preset, marker):
    return " ".join([preset, name, *([marker] if marker else [])])


def _without_verdict(stage, keys):
    """The names whose keys have none; counts the others as passed."""
    todo = []
    for name, key in keys.items():
        passed = verdicts.passed(key)
        if passed is None:
            todo.append(name)
        else:
            stage.count_unchanged(passed)
    return todo
