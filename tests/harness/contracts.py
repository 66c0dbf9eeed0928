"""Stock Python messages and stubs of the contracts, compiled on the fly by grpcio-tools."""

import importlib
import re
import sys
import tempfile
from functools import cache
from pathlib import Path

from grpc_tools import protoc

from harness.program import ROOT

_OUT = tempfile.TemporaryDirectory(prefix="starling-protos-")


def _googleapis():
    import google.api.annotations_pb2 as annotations

    return str(Path(annotations.__file__).parents[2])


@cache
def contract(path):
    """`contract("starling/sentiment/v1/sentiment.proto")` gives the modules (messages, stubs)."""
    return compile_protos(ROOT / "api", path)


def _imported(file):
    """Contracts of other services whose messages the contract `file` holds."""
    found = re.findall(r'^import (?:public )?"(starling/[^"]+)"', file.read_text(encoding="utf-8"), re.M)
    return [path for path in found if not path.startswith("starling/options/")]


@cache
def compile_protos(folder, path):
    """The modules (messages, stubs) of the contract `path` under `folder`."""
    if _OUT.name not in sys.path:
        sys.path.insert(0, _OUT.name)
    files = [path, "buf/validate/validate.proto", "starling/options/v1/options.proto", *_imported(Path(folder) / path)]
    includes = [folder, ROOT / "api", _googleapis(), Path(protoc.__file__).parent / "_proto"]
    code = protoc.main(["protoc", *(f"-I{include}" for include in includes), f"--python_out={_OUT.name}", f"--grpc_python_out={_OUT.name}", *files])
    assert code == 0, f"protoc failed for {path}"
    module = path.removesuffix(".proto").replace("/", ".")
    importlib.invalidate_caches()
    return importlib.import_module(module + "_pb2"), importlib.import_module(module + "_pb2_grpc")
