"""What `make test` runs, in this order. Each function gets a Stage and counts into it."""

import os
import subprocess
from pathlib import Path

from test_driver.stage import ROOT

PYTEST = [ROOT / "build/venv/bin/python", "-m", "pytest", "-q", "-m", "not long"]
JOBS = str(len(os.sched_getaffinity(0)))
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
    stage.count(stage.run("tools/lint", "build/release"))


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
            _pytest(stage, "-m", "smoke", "tests", "src", STARLING_BINARY=binary, **SANITIZER_OPTIONS)


def tsan(stage):
    if stage.count(_build(stage, "tsan")):
        _ctest(stage, "tsan")


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
        _pytest(stage, "-m", "long", "--override-ini=timeout=1800", "tests", "src", "examples", STARLING_BINARY=binary)


ALL = [structure, format, build, lint, unit, tools, contracts, blackbox, sanitize]
ON_REQUEST = [tsan, fuzz, long]


def _build(stage, preset):
    """What the preset builds by default."""
    configured = (ROOT / "build" / preset / "build.ninja").exists()
    return (configured or stage.run("cmake", "--preset", preset)) and stage.run("ninja", "-C", f"build/{preset}", "-j", JOBS)


def _starling_is_built(preset):
    return (ROOT / "build" / preset / "starling").exists()


def _ctest(stage, preset):
    """Counts GoogleTest's cases where a test writes them, else the ctest test itself."""
    junit = stage.results / "ctest.xml"
    cases = stage.results / "cases"
    cases.mkdir()
    stage.run(
        "ctest", "--test-dir", f"build/{preset}", "-j", JOBS, "--output-on-failure", "--no-tests=error", "--output-junit", junit,
        GTEST_OUTPUT=f"xml:{cases}/", **SANITIZER_OPTIONS,
    )  # fmt: skip
    counted = {path.stem for path in cases.glob("*.xml") if stage.count_junit(path)}
    failed = stage.failed
    ran = stage.count_junit(junit, lambda name: name not in counted)
    if not ran and not counted:
        stage.count(False)
    # A binary that crashed leaves no list of its cases and was counted by ctest; one that failed after writing it was not.
    if stage.failed == failed == 0 and not _ctest_passed(junit):
        stage.count(False)


def _ctest_passed(junit):
    return junit.exists() and 'status="fail"' not in junit.read_text(encoding="utf-8")


def _pytest(stage, *arguments, **environment):
    junit = stage.results / f"pytest-{len(list(stage.results.iterdir()))}.xml"
    ok = stage.run(*PYTEST, f"--junitxml={junit}", *arguments, **environment)
    failed = stage.failed
    ran = stage.count_junit(junit)
    nothing_collected = ran == 0 and Path(junit).exists() and not ok and "smoke" in arguments
    if not ok and stage.failed == failed and not nothing_collected:
        stage.count(False)
