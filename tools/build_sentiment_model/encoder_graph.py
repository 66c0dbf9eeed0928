"""The sentence encoder all-MiniLM-L6-v2 as ONNX operations: BERT (arXiv:1810.04805) with 6 layers of width 384."""

import math

import onnx_writer
from safetensors_file import SafetensorsFile

LAYERS = 6
WIDTH = 384
HEADS = 12
_HEAD_WIDTH = WIDTH // HEADS
_EPSILON = 1e-12


class EncoderGraph:
    """Adds the encoder to `graph`. `weights` are those of the package, under their names there."""

    def __init__(self, graph: onnx_writer.GraphWriter, weights: SafetensorsFile):
        self._graph = graph
        self._weights = weights

    def build(self, layers: int):
        """Returns the mean over the attention mask of the outputs of the first `layers` layers: [batch, 384] each."""
        graph = self._graph
        ids = graph.input("input_ids", onnx_writer.INT64, ["batch", "sequence"])
        mask = graph.input("attention_mask", onnx_writer.INT64, ["batch", "sequence"])
        graph.ints("split_heads", [0, 0, HEADS, _HEAD_WIDTH])
        graph.ints("join_heads", [0, 0, WIDTH])
        graph.ints("axis_sequence", [1])
        graph.ints("axis_last", [2])
        graph.ints("axes_heads", [1, 2])
        graph.scalar("one", 1.0)
        graph.scalar("masked", -10000.0)
        graph.scalar("score_scale", 1.0 / math.sqrt(_HEAD_WIDTH))

        float_mask = graph.node("Cast", [mask], to=onnx_writer.FLOAT)
        hidden = self._embeddings(ids)
        bias = graph.node("Unsqueeze", [float_mask, "axes_heads"])
        bias = graph.node("Mul", [graph.node("Sub", ["one", bias]), "masked"])
        weight = graph.node("Unsqueeze", [float_mask, "axis_last"])
        tokens = graph.node("ReduceSum", [float_mask, "axis_sequence"], keepdims=1)

        pooled = []
        for layer in range(layers):
            hidden = self._layer(f"encoder.layer.{layer}", hidden, bias)
            total = graph.node("ReduceSum", [graph.node("Mul", [hidden, weight]), "axis_sequence"], keepdims=0)
            pooled.append(graph.node("Div", [total, tokens]))
        return pooled

    def _embeddings(self, ids: str) -> str:
        graph = self._graph
        words = graph.node("Gather", [self._constant("embeddings.word_embeddings.weight"), ids])
        # A single sentence has token type 0 throughout, so its embedding is one constant.
        types = self._weights.tensor("embeddings.token_type_embeddings.weight")
        first = graph.floats("token_type_0", [WIDTH], types.values[:WIDTH].tobytes())
        graph.ints("zero", [0])
        graph.ints("index_1", [1])
        length = graph.node("Gather", [graph.node("Shape", [ids]), "index_1"])
        positions = graph.node(
            "Slice", [self._constant("embeddings.position_embeddings.weight"), "zero", length, "zero"]
        )
        summed = graph.node("Add", [graph.node("Add", [words, first]), positions])
        return self._normalize("embeddings.LayerNorm", summed)

    def _layer(self, name: str, hidden: str, bias: str) -> str:
        graph = self._graph
        attended = self._dense(f"{name}.attention.output.dense", self._attention(f"{name}.attention.self", hidden, bias))
        hidden = self._normalize(f"{name}.attention.output.LayerNorm", graph.node("Add", [attended, hidden]))
        inner = graph.node("Gelu", [self._dense(f"{name}.intermediate.dense", hidden)])
        outer = self._dense(f"{name}.output.dense", inner)
        return self._normalize(f"{name}.output.LayerNorm", graph.node("Add", [outer, hidden]))

    def _attention(self, name: str, hidden: str, bias: str) -> str:
        graph = self._graph
        query = self._heads(f"{name}.query", hidden, [0, 2, 1, 3])
        key = self._heads(f"{name}.key", hidden, [0, 2, 3, 1])
        value = self._heads(f"{name}.value", hidden, [0, 2, 1, 3])
        scores = graph.node("Mul", [graph.node("MatMul", [query, key]), "score_scale"])
        shares = graph.node("Softmax", [graph.node("Add", [scores, bias])], axis=-1)
        mixed = graph.node("Transpose", [graph.node("MatMul", [shares, value])], perm=[0, 2, 1, 3])
        return graph.node("Reshape", [mixed, "join_heads"])

    def _heads(self, name: str, hidden: str, order) -> str:
        split = self._graph.node("Reshape", [self._dense(name, hidden), "split_heads"])
        return self._graph.node("Transpose", [split], perm=order)

    def _dense(self, name: str, hidden: str) -> str:
        weight = self._weights.tensor(f"{name}.weight").transposed()
        product = self._graph.node(
            "MatMul", [hidden, self._graph.floats(f"{name}.weight", weight.shape, weight.bytes())]
        )
        return self._graph.node("Add", [product, self._constant(f"{name}.bias")])

    def _normalize(self, name: str, hidden: str) -> str:
        inputs = [hidden, self._constant(f"{name}.weight"), self._constant(f"{name}.bias")]
        return self._graph.node("LayerNormalization", inputs, axis=-1, epsilon=_EPSILON)

    def _constant(self, name: str) -> str:
        tensor = self._weights.tensor(name)
        return self._graph.floats(name, tensor.shape, tensor.bytes())
