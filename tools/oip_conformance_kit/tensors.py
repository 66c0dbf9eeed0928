"""Inputs for a model of which only the metadata is known."""

import math
import struct

# Name: (format of struct, a value that is in range, one that is not).
NUMBERS = {
    "UINT8": ("B", 1, 256), "UINT16": ("H", 1, 65536), "UINT32": ("I", 1, 2**32), "UINT64": ("Q", 1, 2**64),
    "INT8": ("b", 1, 128), "INT16": ("h", 1, 32768), "INT32": ("i", 1, 2**31), "INT64": ("q", 1, 2**63),
    "FP16": ("e", 0.5, 1e6), "FP32": ("f", 0.5, 1e39), "FP64": ("d", 0.5, None),
}
DATATYPES = {*NUMBERS, "BOOL", "BF16", "BYTES"}


def value_of(datatype):
    if datatype == "BOOL":
        return True
    if datatype == "BYTES":
        return "text"
    return NUMBERS.get(datatype, (None, 0.5, None))[1]


def shape_of(server, tensor):
    """As the caller of the kit says, or with 1 for every size that is free."""
    return server.shapes.get(tensor["name"], [1 if size < 0 else size for size in tensor["shape"]])


def count_of(shape):
    return math.prod(shape)


def nested(values, shape):
    if len(shape) <= 1:
        return list(values)
    step = len(values) // shape[0] if shape[0] else 0
    return [nested(values[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])]


def inputs_of(server):
    """Every input of the model, flat."""
    inputs = []
    for tensor in server.metadata["inputs"]:
        shape = shape_of(server, tensor)
        data = [value_of(tensor["datatype"])] * count_of(shape)
        inputs.append({"name": tensor["name"], "shape": shape, "datatype": tensor["datatype"], "data": data})
    return inputs


def raw(datatype, values):
    """The binary form of the values."""
    if datatype == "BOOL":
        return bytes(int(value) for value in values)
    if datatype == "BYTES":
        encoded = [value.encode() if isinstance(value, str) else value for value in values]
        return b"".join(struct.pack("<I", len(value)) + value for value in encoded)
    if datatype == "BF16":
        return b"".join(struct.pack("<f", value)[2:] for value in values)
    return struct.pack(f"<{len(values)}{NUMBERS[datatype][0]}", *values)


def flat(data):
    for item in data:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item
