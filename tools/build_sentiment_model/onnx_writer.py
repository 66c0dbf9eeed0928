"""Writes an ONNX file with the standard library alone, so that a build needs no Python package.

An ONNX file is one protobuf message. The field numbers below are those of onnx.proto (ONNX IR version 10):
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. The tests read the result back with the `onnx` package
and run its checker on it.
"""

import struct

FLOAT = 1
INT64 = 7

_IR_VERSION = 10
_OPSET = 20

_VARINT = 0
_BYTES = 2
_FIXED32 = 5


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _int(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | _FIXED32) + struct.pack("<f", value)


def _blob(field: int, value) -> bytes:
    data = value.encode() if isinstance(value, str) else bytes(value)
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def _attribute(name: str, value) -> bytes:
    """AttributeProto: name=1 f=2 i=3 ints=8 type=20, where type is FLOAT=1, INT=2, INTS=7."""
    if isinstance(value, float):
        return _blob(1, name) + _float(2, value) + _int(20, 1)
    if isinstance(value, int):
        return _blob(1, name) + _int(3, value) + _int(20, 2)
    return _blob(1, name) + b"".join(_int(8, v) for v in value) + _int(20, 7)


def _value_info(name: str, data_type: int, shape) -> bytes:
    """ValueInfoProto: name=1 type=2; TypeProto.tensor_type=1: elem_type=1 shape=2; dim=1: dim_value=1 dim_param=2."""
    dims = b"".join(_blob(1, _blob(2, d) if isinstance(d, str) else _int(1, d)) for d in shape)
    return _blob(1, name) + _blob(2, _blob(1, _int(1, data_type) + _blob(2, dims)))


class GraphWriter:
    """Collects nodes in the order they are added, which must be an order in which they can run."""

    def __init__(self):
        self._nodes = []
        self._initializers = []
        self._inputs = []
        self._outputs = []
        self._names = 0

    def input(self, name: str, data_type: int, shape) -> str:
        self._inputs.append(_value_info(name, data_type, shape))
        return name

    def output(self, name: str, data_type: int, shape) -> None:
        self._outputs.append(_value_info(name, data_type, shape))

    def floats(self, name: str, shape, data: bytes) -> str:
        """A constant of little-endian float32. TensorProto: dims=1 data_type=2 name=8 raw_data=9."""
        dims = b"".join(_int(1, d) for d in shape)
        self._initializers.append(dims + _int(2, FLOAT) + _blob(8, name) + _blob(9, data))
        return name

    def scalar(self, name: str, value: float) -> str:
        return self.floats(name, [], struct.pack("<f", value))

    def ints(self, name: str, values) -> str:
        raw = struct.pack(f"<{len(values)}q", *values)
        self._initializers.append(_int(1, len(values)) + _int(2, INT64) + _blob(8, name) + _blob(9, raw))
        return name

    def node(self, op: str, inputs, output: str = "", **attributes) -> str:
        """Adds one operation and returns the name of its output. NodeProto: input=1 output=2 op_type=4 attribute=5."""
        if not output:
            self._names += 1
            output = f"{op.lower()}_{self._names}"
        body = b"".join(_blob(1, i) for i in inputs) + _blob(2, output) + _blob(3, output) + _blob(4, op)
        body += b"".join(_blob(5, _attribute(k, v)) for k, v in attributes.items())
        self._nodes.append(body)
        return output

    def write(self, path, graph_name: str, metadata) -> None:
        """ModelProto: ir_version=1 producer_name=2 graph=7 opset_import=8 metadata_props=14."""
        graph = [_blob(1, n) for n in self._nodes] + [_blob(2, graph_name)]
        graph += [_blob(5, i) for i in self._initializers]
        graph += [_blob(11, i) for i in self._inputs] + [_blob(12, o) for o in self._outputs]
        props = b"".join(_blob(14, _blob(1, k) + _blob(2, v)) for k, v in metadata.items())
        head = _int(1, _IR_VERSION) + _blob(2, "starling")
        with open(path, "wb") as file:
            file.write(head + _varint(7 << 3 | _BYTES) + _varint(sum(map(len, graph))))
            file.writelines(graph)
            file.write(_blob(8, _int(2, _OPSET)) + props)
