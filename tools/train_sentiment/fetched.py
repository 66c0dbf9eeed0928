"""Where third_party/fetch puts a package that third_party/packages.txt pins."""

import pathlib
import subprocess

_FETCH = pathlib.Path(__file__).resolve().parents[2] / "third_party" / "fetch"


def fetched_package(name: str) -> pathlib.Path:
    printed = subprocess.run([_FETCH, "--path", name], check=True, capture_output=True, text=True).stdout
    return pathlib.Path(printed.strip())
