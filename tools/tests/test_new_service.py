"""tools/new_service in a copy of the tree: what it writes holds to the rules, builds, passes its own tests and answers."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.documents import follow

READS = [
    "*.h", "*.def", "*CMakeLists.txt", "CMakePresets.json", "Makefile", "cmake/*", "api/*", "tools/*", "third_party/*", "src/app/*", "docs/your-own-service.md",
]  # fmt: skip

ROOT = Path(__file__).resolve().parents[2]
NAME = "word_count"


def run(tree, *command, ok=True, **environment):
    result = subprocess.run(
        [str(part) for part in command], cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert not ok or result.returncode == 0, result.stdout + result.stderr
    return result


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The files of this checkout, the packages it has fetched, and the Python of its tests."""
    copy = tmp_path_factory.mktemp("new-service") / "starling"
    listing = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listing.stdout.rstrip("\0").split("\0"):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    if (ROOT / "third_party/.cache").exists():
        (copy / "third_party/.cache").symlink_to((ROOT / "third_party/.cache").resolve())
    run(copy, "git", "init", "-q")
    # What `make build` would otherwise have to make again: nothing is to install, and the Python of the tests is there.
    (copy / "build/.stamp").mkdir(parents=True)
    (copy / "build/.stamp/debian").touch()
    (copy / "build/venv").symlink_to(Path(sys.prefix))
    yield copy
    (copy / "build/venv").unlink()
    shutil.rmtree(copy / "build", ignore_errors=True)


@pytest.mark.timeout(600)
def test_it_builds_passes_its_tests_and_answers(tree):
    """As docs/your-own-service.md says. What the compiler cache knows from this checkout is not compiled again."""
    printed = follow("docs/your-own-service.md", "## Inside this repository", tree, {"STARLING_BINARY": str(tree / "build/release/starling")})
    assert f"wrote   src/services/{NAME}/service.cc" in printed
    assert "100% tests passed" in printed
    assert re.search(r"^\d+ passed", printed, re.MULTILINE), printed
    again = run(tree, "ninja", "-C", "build/release", "-n", "starling").stdout
    assert "Building" not in again and "Generating" not in again, "a second build has something to do:\n" + again
    schema = json.loads(run(tree, "build/release/starling", "print-config-schema").stdout)
    assert NAME in schema["properties"]


def test_what_it_writes_holds_to_the_rules(tree):
    assert "0 breaches" in run(tree, "tools/check_structure").stdout
    written = [*(tree / "src/services" / NAME).rglob("*.h"), *(tree / "src/services" / NAME).rglob("*.cc"), tree / "src/app/services.cc"]
    run(tree, "clang-format-19", "--dry-run", "-Werror", *written)
    assert "0 breaches" in run(tree, sys.executable, "tools/check_contracts").stdout
    for path in (tree / "src/services" / NAME).rglob("*"):
        assert path.is_dir() or path.suffix == ".pyc" or not re.search(r"@\w+@", path.read_text()), path


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sentiment", "There is a src/services/sentiment already."),
        ("Word-Count", "lower case letters and digits"),
        ("class", "taken by C++"),
        ("http", "a part of Starling"),
    ],
)
def test_names_that_cannot_be_are_refused(tree, name, sentence):
    before = (tree / "src/app/services.def").read_text()
    result = run(tree, "tools/new_service", name, ok=False)
    assert result.returncode == 1 and sentence in result.stderr
    assert (tree / "src/app/services.def").read_text() == before
