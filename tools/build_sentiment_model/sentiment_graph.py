"""The sentiment model: the frozen encoder, the means of some of its layers, and a small trained head."""

import onnx_writer
from encoder_graph import LAYERS, WIDTH, EncoderGraph
from safetensors_file import SafetensorsFile, Tensor

# The order of the columns of `probabilities`; model.yaml names the same.
LABELS = ("negative", "neutral", "positive")


class Head:
    """Two dense layers with a ReLU between them, on the concatenated means of the encoder layers `layers` (from 1)."""

    NAMES = ("hidden.weight", "hidden.bias", "output.weight", "output.bias")

    def __init__(self, layers, tensors):
        self.layers = tuple(layers)
        self.tensors = tensors
        shapes = [tensors[name].shape for name in self.NAMES]
        inputs, hidden = WIDTH * len(self.layers), shapes[1][0]
        expected = [(inputs, hidden), (hidden,), (hidden, len(LABELS)), (len(LABELS),)]
        if shapes != expected or not set(self.layers) <= set(range(1, LAYERS + 1)):
            raise SystemExit(f"head for layers {self.layers} has shapes {shapes}, expected {expected}")

    @staticmethod
    def read(path) -> "Head":
        with open(path, "rb") as file:
            stored = SafetensorsFile(file.read())
        layers = [int(layer) for layer in stored.metadata["layers"].split(",")]
        return Head(layers, {name: stored.tensor(name) for name in Head.NAMES})


def write_features_model(path, weights: SafetensorsFile) -> None:
    """Writes the encoder alone, with output `features`: the mean of every layer, concatenated, [batch, 6 * 384]."""
    graph = onnx_writer.GraphWriter()
    pooled = EncoderGraph(graph, weights).build(LAYERS)
    graph.node("Concat", pooled, "features", axis=1)
    graph.output("features", onnx_writer.FLOAT, ["batch", WIDTH * LAYERS])
    graph.write(path, "features", {})


def write_sentiment_model(path, weights: SafetensorsFile, head: Head) -> None:
    """Writes the whole model, with output `probabilities`: [batch, 3] in the order of LABELS, each row sums to 1."""
    graph = onnx_writer.GraphWriter()
    pooled = EncoderGraph(graph, weights).build(max(head.layers))
    features = graph.node("Concat", [pooled[layer - 1] for layer in head.layers], axis=1)
    hidden = graph.node("Relu", [_dense(graph, "hidden", head.tensors, features)])
    graph.node("Softmax", [_dense(graph, "output", head.tensors, hidden)], "probabilities", axis=-1)
    graph.output("probabilities", onnx_writer.FLOAT, ["batch", len(LABELS)])
    graph.write(path, "sentiment", {"labels": ",".join(LABELS)})


def _dense(graph: onnx_writer.GraphWriter, name: str, tensors: dict[str, Tensor], value: str) -> str:
    weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    product = graph.node("MatMul", [value, graph.floats(f"{name}.weight", weight.shape, weight.bytes())])
    return graph.node("Add", [product, graph.floats(f"{name}.bias", bias.shape, bias.bytes())])
