"""Writes a trained classifier as an ONNX file: text ids to the probabilities of the labels."""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from dataset import LABELS
from encoder import EPSILON, HEADS, WIDTH, layer_count

STORED_AS = ("float32", "float16", "int8")

_OPSET = 21
_IR_VERSION = 10
# What the attention gives to padding: small beside any score, and within float16.
_MASKED = -10000.0


class _Graph:
    def __init__(self, weights: str):
        self.nodes, self.constants, self.weights = [], [], weights

    def node(self, op: str, inputs: list[str], output: str = "", **attributes) -> str:
        output = output or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name: str, value: numpy.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def matrix(self, name: str, value: numpy.ndarray, axis: int) -> str:
        """A large constant, stored small and read as float32. int8 has one scale per position on `axis`."""
        if self.weights == "float32":
            return self.constant(name, value)
        if self.weights == "float16":
            return self.node("Cast", [self.constant(name, value.astype(numpy.float16))], to=TensorProto.FLOAT)
        stored, scale = _quantize(value, axis)
        return self.node("DequantizeLinear", [self.constant(name, stored), self.constant(f"{name}.scale", scale)], axis=axis)


def _quantize(value: numpy.ndarray, axis: int):
    """int8 with one symmetric scale per position on `axis` of a matrix."""
    scale = numpy.abs(value).max(axis=1 - axis, keepdims=True) / numpy.float32(127)
    scale = numpy.maximum(scale, numpy.float32(1e-8))
    return numpy.clip(numpy.rint(value / scale), -127, 127).astype(numpy.int8), scale.reshape(-1).astype(numpy.float32)


def write_model(path, parameters: dict[str, numpy.ndarray], temperature: float, weights: str, positions: int) -> None:
    graph = _Graph(weights)
    graph.constant("split_heads", numpy.array([0, 0, HEADS, WIDTH // HEADS], numpy.int64))
    graph.constant("join_heads", numpy.array([0, 0, WIDTH], numpy.int64))
    for name, value in (("one", 1.0), ("masked", _MASKED), ("score_scale", (WIDTH // HEADS) ** -0.5)):
        graph.constant(name, numpy.array(value, numpy.float32))
    for name, value in (("first", [0]), ("second", [1]), ("axis_last", [2]), ("axes_heads", [1, 2])):
        graph.constant(name, numpy.array(value, numpy.int64))

    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    bias = graph.node("Mul", [graph.node("Sub", ["one", graph.node("Unsqueeze", [mask, "axes_heads"])]), "masked"])
    hidden = _embeddings(graph, parameters, positions)
    for layer in range(layer_count(parameters)):
        hidden = _layer(graph, parameters, layer, hidden, bias)
    weight = graph.node("Unsqueeze", [mask, "axis_last"])
    total = graph.node("ReduceSum", [graph.node("Mul", [hidden, weight]), "second"], keepdims=0)
    pooled = graph.node("Div", [total, graph.node("ReduceSum", [mask, "second"], keepdims=1)])
    # Only the logits of the labels; the rating was there to train by.
    head = {kind: parameters[f"head.{kind}"][..., : len(LABELS)] / numpy.float32(temperature) for kind in ("weight", "bias")}
    product = graph.node("MatMul", [pooled, graph.constant("head.weight", numpy.ascontiguousarray(head["weight"]))])
    logits = graph.node("Add", [product, graph.constant("head.bias", head["bias"])])
    graph.node("Softmax", [logits], "probabilities", axis=-1)

    ids = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(LABELS)])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "sentiment", ids, [output], graph.constants),
        producer_name="starling", ir_version=_IR_VERSION, opset_imports=[helper.make_opsetid("", _OPSET)],
    )  # fmt: skip
    helper.set_model_props(model, {"labels": ",".join(LABELS)})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _embeddings(graph: _Graph, parameters, positions: int) -> str:
    # Quantized words are gathered before they are made floats, so that the table stays small in memory too.
    words = parameters["words"]
    if graph.weights == "int8":
        stored, scale = _quantize(words, 0)
        rows = graph.node("Cast", [graph.node("Gather", [graph.constant("words", stored), "input_ids"])], to=TensorProto.FLOAT)
        scales = graph.node("Gather", [graph.constant("words.scale", scale.reshape(-1, 1)), "input_ids"])
        words = graph.node("Mul", [rows, scales])
    else:
        words = graph.node("Gather", [graph.matrix("words", words, 0), "input_ids"])
    table = graph.constant("positions", parameters["positions"][:positions])
    length = graph.node("Gather", [graph.node("Shape", ["input_ids"]), "second"])
    summed = graph.node("Add", [words, graph.node("Slice", [table, "first", length, "first"])])
    return _normalize(graph, parameters, "embeddings.LayerNorm", summed)


def _layer(graph: _Graph, parameters, layer: int, hidden: str, bias: str) -> str:
    name = f"{layer}.attention.self"
    orders = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
    query, key, value = (
        graph.node("Transpose", [graph.node("Reshape", [_dense(graph, parameters, f"{name}.{part}", hidden), "split_heads"])], perm=order)
        for part, order in orders.items()
    )
    scores = graph.node("Mul", [graph.node("MatMul", [query, key]), "score_scale"])
    shares = graph.node("Softmax", [graph.node("Add", [scores, bias])], axis=-1)
    mixed = graph.node("Transpose", [graph.node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
    mixed = _dense(graph, parameters, f"{layer}.attention.output.dense", graph.node("Reshape", [mixed, "join_heads"]))
    hidden = _normalize(graph, parameters, f"{layer}.attention.output.LayerNorm", graph.node("Add", [mixed, hidden]))
    inner = graph.node("Gelu", [_dense(graph, parameters, f"{layer}.intermediate.dense", hidden)])
    outer = _dense(graph, parameters, f"{layer}.output.dense", inner)
    return _normalize(graph, parameters, f"{layer}.output.LayerNorm", graph.node("Add", [outer, hidden]))


def _dense(graph: _Graph, parameters, name: str, value: str) -> str:
    product = graph.node("MatMul", [value, graph.matrix(f"{name}.weight", parameters[f"{name}.weight"], 1)])
    return graph.node("Add", [product, graph.constant(f"{name}.bias", parameters[f"{name}.bias"])])


def _normalize(graph: _Graph, parameters, name: str, value: str) -> str:
    inputs = [value, *(graph.constant(f"{name}.{kind}", parameters[f"{name}.{kind}"]) for kind in ("weight", "bias"))]
    return graph.node("LayerNormalization", inputs, axis=-1, epsilon=EPSILON)
