#!/usr/bin/env python3
"""Writes model.onnx and vocab.txt: a sentiment model of a dozen words, for tests whose subject is not what it answers. It has the inputs and
outputs of models/sentiment; a text's logits are the sum of its words'."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
# Negative, neutral, positive.
WORDS = {
    "[PAD]": (0, 0, 0), "[UNK]": (0, 0.1, 0), "[CLS]": (0, 1, 0), "[SEP]": (0, 0, 0), "[MASK]": (0, 0, 0),
    "love": (0, 0, 4), "great": (0, 0, 4), "good": (0, 0, 4), "amazing": (0, 0, 4), "bad": (4, 0, 0), "terrible": (4, 0, 0), "never": (4, 0, 0),
}  # fmt: skip


def main():
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["gathered"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["gathered", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "tokens"], ["logits"], keepdims=0),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]
    ids = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask")]
    answer = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 3])]
    constants = {"words": np.array(list(WORDS.values()), np.float32), "last": np.array([2]), "tokens": np.array([1])}
    graph = helper.make_graph(nodes, "tiny_sentiment", ids, answer, [numpy_helper.from_array(value, name) for name, value in constants.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    (HERE / "model.onnx").write_bytes(model.SerializeToString())
    (HERE / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
