"""What a test reads, as one hash: the key under which its verdict is kept (verdicts.py).

A pytest file reads its own text, what every test file shares, and the files that its READS names:

    READS = ["examples/python-spam/*", "api/*", "build/release/tools/protoc_gen_starling/protoc-gen-starling"]

patterns over paths from the top, where * goes through folders too; below build/ the names of files. Without READS it is taken to read every file
but our C++ sources, of which it sees the built programs, and the text of other test files.

    RUNS = ["fraud", "models"]

says that its programs run these services and no others, which the harness sees to (tests/harness/fixtures.py). Then the built programs count, also
beside READS, but for what only the other services execute.
"""

import ast
import fnmatch
import hashlib
import re
import subprocess
from functools import cache
from pathlib import Path

from test_driver.stage import ROOT

_SHARED = ["conftest.py", "pytest.ini", "tests/requirements.txt", "tests/harness/*", "tools/tests/conftest.py"]
_CPP = ("*.h", "*.cc")
# Each of these is written anew with every commit, and says nothing else.
_NO_PROGRAM = ("build_info.cc.o", "_test.cc.o")
# Of a service that is off the program calls Definition() in service.cc, and what declares its settings, in config.cc. One with adapters defines
# these in other files.
_CALLED_WHEN_OFF = ("service.cc.o", "config.cc.o")


@cache
def files():
    """Every file that git has or would take."""
    listing = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    return sorted(name for name in set(listing.stdout.split("\0")) if name and (ROOT / name).is_file())


def changed_since(moment):
    """Whether somebody has written to a file since `moment` (time.time()): then nobody knows which text a test has read."""
    return any((ROOT / name).stat().st_mtime > moment for name in files() if (ROOT / name).exists())


def is_test(name):
    return fnmatch.fnmatch(name.rpartition("/")[2], "test_*.py")


@cache
def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "none"


def combined(*parts):
    """One hash of strings."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def of_pytest_file(name, preset):
    """The key of a test file that drives the programs of `preset`."""
    text = (ROOT / name).read_text(encoding="utf-8")
    patterns, runs = _declared(text, "READS"), _declared(text, "RUNS")
    parts = [name, preset, digest(ROOT / name), _of_imported_tests(text), _of_patterns(tuple(_SHARED))]
    if patterns is None:
        parts.append(_of_all_but_cpp())
    else:
        parts += [_of_patterns(tuple(patterns)), *(digest(ROOT / pattern) for pattern in patterns if pattern.startswith("build/"))]
    if patterns is None or runs is not None:
        parts.append(_of_programs(preset, None if runs is None else tuple(runs)))
    return combined(*parts)


def of_ctest(test, preset):
    """The key of one entry of `ctest --show-only=json-v1`: its command's files, the Python beside its script, and all data."""
    command = [str(word) for word in test["command"]]
    own = [ROOT / word for word in command if (ROOT / word).is_file()]
    beside = [path for script in own if script.suffix == ".py" for path in sorted(script.parent.glob("*.py"))]
    return combined(preset, *command, *map(digest, own + beside), _of_data())


def _declared(text, name):
    """The list that a test file gives to `name`, or None."""
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.Assign) and [getattr(target, "id", "") for target in statement.targets] == [name]:
            return ast.literal_eval(statement.value)
    return None


def _of_imported_tests(text):
    """Some test files use what others have."""
    imported = re.findall(r"^from (test_\w+) import", text, re.MULTILINE)
    return _of_files(name for name in files() if is_test(name) and Path(name).stem in imported)


def _of_files(names):
    return combined(*(f"{name} {digest(ROOT / name)}" for name in names))


@cache
def _of_patterns(patterns):
    return _of_files(name for name in files() if not is_test(name) and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns))


@cache
def _of_all_but_cpp():
    return _of_files(name for name in files() if not is_test(name) and not any(fnmatch.fnmatchcase(name, pattern) for pattern in _CPP))


@cache
def _of_data():
    code = (*_CPP, "*.py", "*.md", "Makefile", "tools/*", ".ci/*")
    return _of_files(name for name in files() if not any(fnmatch.fnmatchcase(name, pattern) for pattern in code))


@cache
def _of_programs(preset, runs):
    """The programs that were built, by the objects in them; where `runs` is given, without those that only other services execute."""
    build = ROOT / "build" / preset
    objects = sorted(path for path in build.rglob("*.o") if not path.name.endswith(_NO_PROGRAM))
    if runs is not None:
        off = [build / "src/services" / name for name in _services_without_adapters() if name not in runs]
        objects = [path for path in objects if path.name in _CALLED_WHEN_OFF or not any(folder in path.parents for folder in off)]
    return combined(*(f"{path.relative_to(build)} {digest(path)}" for path in objects))


@cache
def _services_without_adapters():
    definitions = (ROOT / "src/services").glob("*/service.cc")
    return [path.parent.name for path in definitions if "adapters" not in path.read_text(encoding="utf-8")]
