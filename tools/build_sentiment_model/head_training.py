"""Trains the head on features of the frozen encoder: an MLP with dropout by AdamW (arXiv:1711.05101), in numpy."""

import typing

import numpy

_LEARNING_RATE = 1e-3
_BATCH = 64
_EPOCHS = 8
_WEIGHT_DECAY = 0.02
_DROPOUT = 0.3
_CLASSES = 3


class Layers(typing.NamedTuple):
    """hidden: [inputs, width], hidden_bias: [width], output: [width, 3], output_bias: [3]."""

    hidden: numpy.ndarray
    hidden_bias: numpy.ndarray
    output: numpy.ndarray
    output_bias: numpy.ndarray

    def probabilities(self, features: numpy.ndarray) -> numpy.ndarray:
        return _softmax(numpy.maximum(features @ self.hidden + self.hidden_bias, 0) @ self.output + self.output_bias)


def _softmax(logits: numpy.ndarray) -> numpy.ndarray:
    exponentials = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _gradients(layers: Layers, x, target, random) -> Layers:
    """Of the mean cross entropy, with dropout on the features and on the hidden values."""
    keep = 1 - _DROPOUT
    x = x * ((random.random(x.shape, dtype=numpy.float32) < keep) / numpy.float32(keep))
    raw = x @ layers.hidden + layers.hidden_bias
    mask = (random.random(raw.shape, dtype=numpy.float32) < keep) / numpy.float32(keep)
    hidden = numpy.maximum(raw, 0) * mask
    error = (_softmax(hidden @ layers.output + layers.output_bias) - target) / len(x)
    hidden_error = error @ layers.output.T * mask * (raw > 0)
    return Layers(x.T @ hidden_error, hidden_error.sum(0), hidden.T @ error, error.sum(0))


def train_member(features: numpy.ndarray, labels: numpy.ndarray, width: int, seed: int) -> Layers:
    """One MLP on standardised `features` [n, inputs]; the same seed gives the same weights on the same machine."""
    random = numpy.random.default_rng(seed)
    inputs, float32 = features.shape[1], numpy.float32
    weights = [
        random.normal(0, numpy.sqrt(2 / inputs), (inputs, width)).astype(float32),
        numpy.zeros(width, float32),
        random.normal(0, numpy.sqrt(1 / width), (width, _CLASSES)).astype(float32),
        numpy.zeros(_CLASSES, float32),
    ]
    means = [numpy.zeros_like(w) for w in weights]
    squares = [numpy.zeros_like(w) for w in weights]
    targets = numpy.eye(_CLASSES, dtype=float32)[labels]
    step = 0
    for epoch in range(_EPOCHS):
        rate = _LEARNING_RATE * 0.5 * (1 + numpy.cos(numpy.pi * epoch / _EPOCHS))
        order = random.permutation(len(features))
        for begin in range(0, len(order), _BATCH):
            chosen = order[begin : begin + _BATCH]
            step += 1
            for i, gradient in enumerate(_gradients(Layers(*weights), features[chosen], targets[chosen], random)):
                means[i] = 0.9 * means[i] + 0.1 * gradient
                squares[i] = 0.999 * squares[i] + 0.001 * gradient**2
                change = means[i] / (1 - 0.9**step) / (numpy.sqrt(squares[i] / (1 - 0.999**step)) + 1e-8)
                decay = _WEIGHT_DECAY if weights[i].ndim == 2 else 0.0
                weights[i] = (weights[i] - rate * (change + decay * weights[i])).astype(float32)
    return Layers(*weights)


def merge(members: list[Layers]) -> Layers:
    """One MLP, wider, whose logits are the means of the members' logits."""
    return Layers(
        numpy.concatenate([m.hidden for m in members], axis=1),
        numpy.concatenate([m.hidden_bias for m in members]),
        numpy.concatenate([m.output for m in members]) / numpy.float32(len(members)),
        numpy.mean([m.output_bias for m in members], axis=0),
    )


def fold_standardisation(layers: Layers, mean: numpy.ndarray, deviation: numpy.ndarray) -> Layers:
    """The same function on features that are not standardised."""
    hidden = layers.hidden / deviation[:, None]
    return layers._replace(hidden=hidden, hidden_bias=layers.hidden_bias - mean @ hidden)
