"""Reads and writes safetensors files (https://huggingface.co/docs/safetensors) with the standard library.

Layout: 8 bytes little-endian header length, a JSON header `{name: {dtype, shape, data_offsets}}`, then the data.
"""

import array
import json
import struct
import sys


class Tensor:
    """float32 values in row-major order with their shape."""

    def __init__(self, shape, values: array.array):
        self.shape = tuple(shape)
        self.values = values

    def bytes(self) -> bytes:
        return self.values.tobytes()

    def transposed(self) -> "Tensor":
        rows, columns = self.shape
        values = array.array("f")
        for column in range(columns):
            values.extend(self.values[column::columns])
        return Tensor((columns, rows), values)


class SafetensorsFile:
    """The tensors of one file, read on demand."""

    def __init__(self, data: bytes):
        if sys.byteorder != "little":
            raise SystemExit("weights are little-endian; this machine is not")
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        self.metadata = header.pop("__metadata__", {})
        self._entries = header
        self._data = memoryview(data)[8 + length :]

    def names(self):
        return list(self._entries)

    def tensor(self, name: str) -> Tensor:
        entry = self._entries[name]
        if entry["dtype"] != "F32":
            raise SystemExit(f"tensor {name} is {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        values = array.array("f")
        values.frombytes(self._data[begin:end])
        return Tensor(entry["shape"], values)


def write(path, tensors, metadata) -> None:
    """Writes `tensors`, a dict of name to Tensor, with a dict of strings beside them."""
    header, blobs, offset = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        blob = tensor.bytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + len(blob)]}
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blobs)
