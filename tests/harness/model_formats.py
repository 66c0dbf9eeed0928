"""Tiny models in the formats that OpenVINO reads, written byte by byte: doubling, FP32 [-1, 2]. Sources: TensorFlow's saved_model.proto, graph.proto and
tflite schema.fbs; PaddlePaddle's framework.proto; ONNX's onnx.proto by its own package."""

import struct


def _varint(number):
    number &= (1 << 64) - 1
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _message(*fields):
    """protobuf: (number, value) pairs; ints, floats (32 bits), text, bytes and nested messages."""
    out = b""
    for number, value in fields:
        if isinstance(value, float):
            out += _varint(number << 3 | 5) + struct.pack("<f", value)
        elif isinstance(value, int):
            out += _varint(number << 3) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | 2) + _varint(len(data)) + data
    return out


def write_onnx(folder):
    import onnx
    from onnx import TensorProto, helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubles", [x], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx")
    return "model.onnx"


def write_ir(folder):
    import openvino

    openvino.save_model(openvino.Core().read_model(folder / write_onnx(folder)), folder / "model.xml", compress_to_fp16=False)
    (folder / "model.onnx").unlink()
    return "model.xml"


def saved_model(op="AddV2"):
    float_type = (b"T", _message((6, 1)))
    shape = _message((2, _message((1, -1))), (2, _message((1, 2))))

    def attribute(name, value):
        return 5, _message((1, name), (2, value))

    x = _message((1, "x"), (2, "Placeholder"), attribute("dtype", _message((6, 1))), attribute("shape", _message((7, shape))))
    y = _message((1, "y"), (2, op), (3, "x"), (3, "x"), attribute(*float_type))
    graph = _message((1, x), (1, y), (4, _message((1, 1286))))

    def tensor(name):
        return _message((1, name), (2, _message((1, f"{name}:0"), (2, 1), (3, shape))))

    signature = _message((1, tensor("x")), (2, tensor("y")), (3, "tensorflow/serving/predict"))
    meta = _message((1, _message((4, "serve"))), (2, graph), (5, _message((1, "serving_default"), (2, signature))))
    return _message((1, 1), (2, meta))


def write_saved_model(folder):
    (folder / "doubles").mkdir()
    (folder / "doubles" / "saved_model.pb").write_bytes(saved_model())
    return "doubles"


class _Flat:
    """A flatbuffer, written from its end to its front as the format allows: offsets count from the end."""

    def __init__(self):
        self.data = b""

    def _align(self, size, extra=0):
        self.data = b"\0" * (-(len(self.data) + extra) % size) + self.data

    def _here(self):
        return len(self.data)

    def text(self, value):
        raw = value.encode()
        self._align(4, len(raw) + 1)
        self.data = struct.pack("<I", len(raw)) + raw + b"\0" + self.data
        return self._here()

    def numbers(self, values):
        self._align(4)
        self.data = struct.pack(f"<I{len(values)}i", len(values), *values) + self.data
        return self._here()

    def offsets(self, targets):
        self._align(4)
        for target in reversed(targets):
            self.data = struct.pack("<I", self._here() + 4 - target) + self.data
        self.data = struct.pack("<I", len(targets)) + self.data
        return self._here()

    def table(self, **fields):
        """f<slot>_<kind>: kind is `b` (int8), `i` (int32) or `o` (offset)."""
        self._align(4)
        placed = {}
        for name, value in fields.items():
            slot, kind = name[1:].split("_")
            if kind == "o":
                self.data = struct.pack("<I", self._here() + 4 - value) + self.data
            else:
                self.data = struct.pack("<i", value) + self.data
            placed[int(slot)] = self._here()
        end = self._here() + 4  # where the table begins
        slots = max(placed, default=-1) + 1
        offsets = [end - placed[slot] if slot in placed else 0 for slot in range(slots)]
        size = 4 + 4 * len(placed)
        vtable = struct.pack(f"<HH{slots}H", 4 + 2 * slots, size, *offsets)
        vtable += b"\0" * (len(vtable) % 4)
        self.data = vtable + struct.pack("<i", len(vtable)) + self.data
        return end

    def finish(self, root, identifier):
        self._align(16, 8)
        return struct.pack("<I", self._here() + 8 - root) + identifier + self.data


def write_tflite(folder):
    flat = _Flat()

    def tensor(name):
        name, shape, signature = flat.text(name), flat.numbers([1, 2]), flat.numbers([-1, 2])
        return flat.table(f0_o=shape, f3_o=name, f7_o=signature)  # type 0: FLOAT32; buffer 0

    tensors = flat.offsets([tensor("x"), tensor("y")])
    inputs, outputs = flat.numbers([0]), flat.numbers([1])
    add = flat.table(f1_o=flat.numbers([0, 0]), f2_o=flat.numbers([1]), f3_b=11, f4_o=flat.table())  # AddOptions
    graph = flat.table(f0_o=tensors, f1_o=inputs, f2_o=outputs, f3_o=flat.offsets([add]))
    code = flat.table(f2_i=1)  # builtin 0: ADD
    buffers = flat.offsets([flat.table()])
    codes, graphs = flat.offsets([code]), flat.offsets([graph])
    root = flat.table(f0_i=3, f1_o=codes, f2_o=graphs, f4_o=buffers)
    (folder / "model.tflite").write_bytes(flat.finish(root, b"TFL3"))
    return "model.tflite"


def write_paddle(folder):
    def variable(name, kind, shape=None):
        tensor = _message((1, 5), *((2, size) for size in shape or []))
        details = [(1, kind)] + ([(3, _message((1, tensor), (2, 0)))] if shape else [])
        return 3, _message((1, name), (2, _message(*details)), (3, int(shape is None)))

    def operator(name, inputs, outputs, *attributes):
        def slots(number, wanted):
            return [(number, _message((1, slot), (2, argument))) for slot, argument in wanted]

        return 4, _message(*slots(1, inputs), *slots(2, outputs), (3, name), *((4, attribute) for attribute in attributes))

    col = _message((1, "col"), (2, 0), (3, 0))
    scale = [_message((1, "scale"), (2, 1), (4, 2.0)), _message((1, "bias"), (2, 1), (4, 0.0)), _message((1, "bias_after_scale"), (2, 6), (10, 1))]
    block = _message((1, 0), (2, -1),
                     variable("feed", 9), variable("fetch", 10), variable("x", 7, [-1, 2]), variable("y", 7, [-1, 2]),
                     operator("feed", [("X", "feed")], [("Out", "x")], col),
                     operator("scale", [("X", "x")], [("Out", "y")], *scale),
                     operator("fetch", [("X", "y")], [("Out", "fetch")], col))
    (folder / "model.pdmodel").write_bytes(_message((1, block), (4, _message((1, 2000000)))))
    return "model.pdmodel"


WRITERS = {"onnx": write_onnx, "ir": write_ir, "tensorflow": write_saved_model, "tflite": write_tflite, "paddle": write_paddle}
