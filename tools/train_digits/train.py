#!/usr/bin/env python3
"""Trains models/digits on the handwritten digits inside scikit-learn, writes it as ONNX and prints the figures of its card. A few seconds.

  build/venv/bin/python tools/train_digits/train.py [--out models/digits/digits.onnx]
"""

import argparse
from pathlib import Path

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

ROOT = Path(__file__).resolve().parents[2]
SIDE = 8
HIDDEN = 96


def samples():
    """Pixels from 0 (paper) to 1 (ink), [samples, 1, 8, 8], and digits; the last fifth is for the test."""
    digits = load_digits()
    pixels = (digits.images / 16.0).astype(numpy.float32)[:, None]
    return train_test_split(pixels, digits.target, test_size=0.2, random_state=0, stratify=digits.target)


def moved(pixels):
    """Each image as it is, and a pixel to each side: people do not write in the middle."""
    parts = [pixels]
    for axis, step in ((2, 1), (2, -1), (3, 1), (3, -1)):
        shifted = numpy.roll(pixels, step, axis=axis)
        edge = [slice(None)] * 4
        edge[axis] = 0 if step > 0 else -1
        shifted[tuple(edge)] = 0
        parts.append(shifted)
    return numpy.concatenate(parts)


def to_onnx(network):
    """A graph that takes `pixels` [batch, 1, 8, 8] and gives `probabilities` [batch, 10]."""
    names = ("w1", "b1", "w2", "b2")
    values = (network.coefs_[0], network.intercepts_[0], network.coefs_[1], network.intercepts_[1])
    weights = [numpy_helper.from_array(value.astype(numpy.float32), name) for name, value in zip(names, values, strict=True)]
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"], axis=1),
        helper.make_node("Gemm", ["flat", "w1", "b1"], ["h1"]),
        helper.make_node("Relu", ["h1"], ["h2"]),
        helper.make_node("Gemm", ["h2", "w2", "b2"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    inputs = [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 10])]
    model = helper.make_model(helper.make_graph(nodes, "digits", inputs, outputs, weights), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "models/digits/digits.onnx")
    arguments = parser.parse_args()
    train, test, train_labels, test_labels = samples()
    train, train_labels = moved(train), numpy.tile(train_labels, 5)
    network = MLPClassifier((HIDDEN,), alpha=1e-2, max_iter=60, random_state=0).fit(train.reshape(len(train), -1), train_labels)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(to_onnx(network), arguments.out)
    probabilities = network.predict_proba(test.reshape(len(test), -1))
    chosen, confidence = probabilities.argmax(1), probabilities.max(1)
    right = chosen == test_labels
    print(f"{len(test)} test images, accuracy {right.mean():.4f}, {arguments.out.stat().st_size} bytes")
    print("by digit: " + ", ".join(f"{digit} {right[test_labels == digit].mean():.3f}" for digit in range(10)))
    error = sum(abs(confidence[part].mean() - right[part].mean()) * len(part) for part in numpy.array_split(numpy.argsort(confidence), 10)) / len(test)
    print(f"expected calibration error {error:.4f}")


if __name__ == "__main__":
    main()
