"""third_party/fetch against a folder that stands for the registry: pins hold, nothing of a package runs, the cache stays whole."""

import hashlib
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

READS = ["third_party/*"]

FETCH = Path(__file__).resolve().parents[2] / "third_party" / "fetch"


@pytest.fixture
def registry(tmp_path):
    """One wheel, and one source archive whose setup.py leaves a file behind when it is run."""
    folder = tmp_path / "registry"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_wheel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/data.txt", "data")
        wheel.writestr("tiny_wheel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-wheel\nVersion: 1.0\n")
        wheel.writestr("tiny_wheel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("tiny_wheel-1.0.dist-info/RECORD", "")
    source = tmp_path / "tiny-source-2.0"
    source.mkdir()
    (source / "setup.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')\n")
    (source / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny-source\nVersion: 2.0\n")
    (source / "code.c").write_text("int x;\n")
    with tarfile.open(folder / "tiny-source-2.0.tar.gz", "w:gz") as archive:
        archive.add(source, "tiny-source-2.0")
    return folder


@pytest.fixture
def fetch(tmp_path, registry):
    def call(pins, *arguments):
        (tmp_path / "packages.txt").write_text("\n".join(pins) + "\n")
        environment = dict(os.environ, STARLING_CACHE=str(tmp_path / "cache"), STARLING_PACKAGES=str(tmp_path / "packages.txt"))
        environment.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(registry))
        return subprocess.run([FETCH, *arguments], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    return call


def pin(registry, name, version, filename):
    return f"pypi {name} {version} {filename} {hashlib.sha256((registry / filename).read_bytes()).hexdigest()}  # test"


def wheel_pin(registry):
    return pin(registry, "tiny-wheel", "1.0", "tiny_wheel-1.0-py3-none-any.whl")


def source_pin(registry):
    return pin(registry, "tiny-source", "2.0", "tiny-source-2.0.tar.gz")


def test_packages_are_unpacked(fetch, registry, tmp_path):
    result = fetch([wheel_pin(registry), source_pin(registry)])
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "cache/unpacked/tiny-wheel-1.0/tiny/data.txt").read_text() == "data"
    assert (tmp_path / "cache/unpacked/tiny-source-2.0/code.c").exists()
    assert fetch([wheel_pin(registry)], "--path", "tiny-wheel").stdout == f"{tmp_path}/cache/unpacked/tiny-wheel-1.0\n"


def test_nothing_of_a_source_archive_runs(fetch, registry, tmp_path):
    assert fetch([source_pin(registry)]).returncode == 0
    assert not (tmp_path / "was-run").exists()


def test_a_second_call_needs_no_registry(fetch, registry):
    pins = [wheel_pin(registry)]
    assert fetch(pins).returncode == 0
    for file in registry.iterdir():
        file.unlink()
    again = fetch(pins)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


@pytest.mark.parametrize("make_pin", [wheel_pin, source_pin])
def test_a_file_that_differs_from_its_pin_is_refused_in_one_sentence(fetch, registry, tmp_path, make_pin):
    fields = make_pin(registry).split()
    actual, fields[4] = fields[4], "0" * 64
    result = fetch([" ".join(fields)])
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    assert actual in last and "0" * 64 in last and "was not used" in last
    assert list((tmp_path / "cache/unpacked").iterdir()) == []


def test_a_damaged_file_in_the_cache_is_fetched_again(fetch, registry, tmp_path):
    assert fetch([wheel_pin(registry)]).returncode == 0
    (tmp_path / "cache/files/tiny_wheel-1.0-py3-none-any.whl").write_bytes(b"damaged")
    subprocess.run(["rm", "-r", tmp_path / "cache/unpacked/tiny-wheel-1.0"], check=True)
    assert fetch([wheel_pin(registry)]).returncode == 0
    assert (tmp_path / "cache/unpacked/tiny-wheel-1.0/tiny/data.txt").exists()


def test_a_changed_pin_replaces_the_package(fetch, registry, tmp_path):
    assert fetch([wheel_pin(registry)]).returncode == 0
    with zipfile.ZipFile(registry / "tiny_wheel-1.0-py3-none-any.whl", "a") as wheel:
        wheel.writestr("tiny/more.txt", "more")
    assert fetch([wheel_pin(registry)]).returncode == 0
    assert (tmp_path / "cache/unpacked/tiny-wheel-1.0/tiny/more.txt").exists()


def test_an_unknown_name_and_a_bad_line_are_said_plainly(fetch, registry):
    assert "pins no package 'other'" in fetch([wheel_pin(registry)], "other").stderr
    assert "packages.txt:1: expected" in fetch(["pypi tiny-wheel 1.0"]).stderr
