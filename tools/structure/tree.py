"""The files that the checks look at, and what a check returns."""

import subprocess
from pathlib import Path
from typing import NamedTuple


class Finding(NamedTuple):
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


class Tree:
    """All files of the project under `root`, as paths relative to it. Under git, those that are tracked or could be."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = sorted(path for path in self._list() if (self.root / path).is_file())
        self._lines = {}

    def _list(self):
        if (self.root / ".git").exists():
            command = ["git", "-C", str(self.root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            return set(output.rstrip("\0").split("\0"))
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}

    def lines(self, path):
        """The lines of a text file; none of a file that is not UTF-8."""
        if path not in self._lines:
            try:
                self._lines[path] = (self.root / path).read_text(encoding="utf-8").splitlines()
            except UnicodeDecodeError:
                self._lines[path] = []
        return self._lines[path]

    def cpp(self, *tops):
        return [path for path in self.files if path.endswith((".h", ".cc")) and path.startswith(tops or ("src/", "tools/"))]

    def folders(self, parent):
        """Names of the folders directly in `parent` ('' is the root)."""
        prefix = f"{parent}/" if parent else ""
        rests = [path[len(prefix):] for path in self.files if path.startswith(prefix)]
        return sorted({rest.split("/")[0] for rest in rests if "/" in rest})


def is_test(path):
    name = path.rsplit("/", 1)[-1]
    return (
        name.endswith(("_test.cc", "_bench.cc", "_test.h"))
        or "/testing/" in path
        or (name.startswith(("test_", "conftest")) and name.endswith(".py"))
        or path.startswith("tests/")
    )
