"""A program outside the repository builds and runs against the installed tree, and the installed program finds its libraries."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from harness.documents import blocks, follow

READS = ["*"]

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "release"


def run(*command, **environment):
    result = subprocess.run(
        [str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, env={**os.environ, **environment}
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BUILD, "--prefix", prefix)
    return prefix


@pytest.fixture
def cached(tmp_path):
    """What makes a compiler take from its cache what it has compiled in another run's folders."""
    if not shutil.which("ccache"):
        return {}
    return {"CMAKE_CXX_COMPILER_LAUNCHER": "ccache", "CCACHE_BASEDIR": str(tmp_path.parent), "CCACHE_NOHASHDIR": "1"}


@pytest.mark.timeout(400)
def test_a_program_outside_builds_and_runs(installed, cached, tmp_path):
    run("cmake", "-S", ROOT / "examples/outside", "-B", tmp_path, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed}", **cached)
    run("ninja", "-C", tmp_path, **cached)
    assert run(tmp_path / "outside") == "a quarter of 12 is 3\na quarter of 10: INVALID_ARGUMENT: 5 is odd\n"


@pytest.mark.timeout(400)
def test_the_page_about_services_outside(installed, cached, tmp_path):
    """docs/your-own-service.md, section by section; the fixture has done what "Install" says."""
    assert any("cmake --install build/release" in body for _, _, body in blocks("docs/your-own-service.md", "### Install"))
    follow("docs/your-own-service.md", "### The program", tmp_path, {"PREFIX": str(installed), **cached})


def test_nothing_installed_refers_to_the_source_tree(installed):
    for path in (installed / "lib/cmake").rglob("*.cmake"):
        assert str(ROOT) not in path.read_text(encoding="utf-8"), path


def test_the_installed_program_runs(installed):
    program = installed / "bin" / "starling"
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, check=True).stdout
    assert "not found" not in libraries
    assert str(installed) in libraries, "the runtime is taken from somewhere else"
    assert run(program, "version")
