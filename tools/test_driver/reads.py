"""What a test reads, as one hash: the key under which its verdict is kept (verdicts.py).

A pytest file reads its own text, what every test file shares, and the files that its READS names:

    READS = ["examples/python-spam/*", "api/*", "build/release/tools/protoc_gen_starling/protoc-gen-starling"]

patterns over paths from the top, where * goes through folders too; below build/ the names of files. Without READS it is taken to read every file
but our C++ sources, of which it sees the built programs, and the text of other test files.
"""

import ast
import fnmatch
import hashlib
import subprocess
from functools import cache

from test_driver.stage import ROOT

_SHARED = ["conftest.py", "pytest.ini", "tests/requirements.txt", "tests/harness/*", "tools/tests/conftest.py"]
_CPP = ("*.h", "*.cc")
# Each of these is written anew with every commit, and says nothing else.
_NO_PROGRAM = ("build_info.cc.o", "_test.cc.o")


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
    parts = [name, preset, digest(ROOT / name), _of_patterns(tuple(_SHARED))]
    patterns = _declared(ROOT / name)
    if patterns is None:
        parts += [_of_all_but_cpp(), _of_programs(preset)]
    else:
        parts += [_of_patterns(tuple(patterns)), *(digest(ROOT / pattern) for pattern in patterns if pattern.startswith("build/"))]
    return combined(*parts)


def of_ctest(test, preset):
    """The key of one entry of `ctest --show-only=json-v1`: its command's files, the Python beside its script, and all data."""
    command = [str(word) for word in test["command"]]
    own = [ROOT / word for word in command if (ROOT / word).is_file()]
    beside = [path for script in own if script.suffix == ".py" for path in sorted(script.parent.glob("*.py"))]
    return combined(preset, *command, *map(digest, own + beside), _of_data())


def _declared(path):
    """The list that the file gives to READS, or None."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and [getattr(target, "id", "") for target in statement.targets] == ["READS"]:
            return ast.literal_eval(statement.value)
    return None


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
def _of_programs(preset):
    """The programs that were built, by the objects in them."""
    build = ROOT / "build" / preset
    objects = sorted(path for path in build.rglob("*.o") if not path.name.endswith(_NO_PROGRAM))
    return combined(*(f"{path.relative_to(build)} {digest(path)}" for path in objects))
