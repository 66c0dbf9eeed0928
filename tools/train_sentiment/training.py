"""One training run: examples and a starting point to trained parameters."""

import time
import typing

import jax
import jax.numpy as jnp
import numpy

import encoder

BATCH = 32
# Texts are padded to one of these lengths, so that few shapes are compiled; a longer one is cut, for training only.
_LENGTHS = (16, 24, 32, 40, 64)
_WARM_UP = 0.06
_WEIGHT_DECAY = 0.01
_HEAD_RATE = 1e-3
# How much the squared error of the rating (halved) weighs beside the cross entropy of the label.
_RATING_WEIGHT = 0.5
# The word and position embeddings stay as they are: words that no training text holds keep their place among those that are in one.
_FROZEN = ("words", "positions")


class Example(typing.NamedTuple):
    ids: list[int]
    label: numpy.ndarray  # probabilities of the three labels
    rating: float


class Recipe(typing.NamedTuple):
    epochs: int
    rate: float
    seed: int


def _pad(examples: list[Example], length: int):
    ids = numpy.zeros((len(examples), length), numpy.int32)
    mask = numpy.zeros((len(examples), length), bool)
    for row, example in enumerate(examples):
        kept = example.ids[:length]
        ids[row, : len(kept)] = kept
        mask[row, : len(kept)] = True
    return ids, mask


def _length(ids: list[int]) -> int:
    return next((length for length in _LENGTHS if len(ids) <= length), _LENGTHS[-1])


def _batches(examples: list[Example], generator: numpy.random.Generator):
    """Batches of texts of like length, in random order; the last, smaller one of a length is filled up with others of that length."""
    by_length = {}
    for index in generator.permutation(len(examples)):
        by_length.setdefault(_length(examples[index].ids), []).append(int(index))
    batches = []
    for length, indices in by_length.items():
        indices += indices[: -len(indices) % BATCH]
        while len(indices) % BATCH:
            indices.append(indices[0])
        batches += [(length, indices[begin : begin + BATCH]) for begin in range(0, len(indices), BATCH)]
    return [batches[i] for i in generator.permutation(len(batches))]


def _loss(trained, frozen, ids, mask, label, rating, key):
    outputs = encoder.outputs({**trained, **frozen}, ids, mask, key)
    cross_entropy = -(label * jax.nn.log_softmax(outputs[:, :3])).sum(-1).mean()
    return cross_entropy + _RATING_WEIGHT * ((outputs[:, 3] - rating / 2) ** 2).mean()


def _step(trained, moments, frozen, batch, seed, step, rate):
    """AdamW (arXiv:1711.05101)."""
    loss, gradients = jax.value_and_grad(_loss)(trained, frozen, *batch, jax.random.key(seed, impl="unsafe_rbg"))
    norm = jnp.sqrt(sum((g * g).sum() for g in gradients.values()))
    scale = jnp.minimum(1.0, 1.0 / norm)
    new_trained, new_moments = {}, {}
    for name, value in trained.items():
        gradient = gradients[name] * scale
        first = 0.9 * moments[name][0] + 0.1 * gradient
        second = 0.999 * moments[name][1] + 0.001 * gradient * gradient
        update = first / (1 - 0.9**step) / (jnp.sqrt(second / (1 - 0.999**step)) + 1e-8)
        own_rate = rate * (_HEAD_RATE / 1e-4 if name.startswith("head.") else 1.0)
        decay = _WEIGHT_DECAY if value.ndim == 2 else 0.0
        new_trained[name] = value - own_rate * (update + decay * value)
        new_moments[name] = (first, second)
    return new_trained, new_moments, loss


_jit_step = jax.jit(_step, donate_argnums=(0, 1))
_jit_outputs = jax.jit(encoder.outputs)


def predict(parameters: dict, texts: list[list[int]]) -> numpy.ndarray:
    """The four outputs of encoder.outputs for each list of ids."""
    rows = numpy.zeros((len(texts), 4), numpy.float32)
    by_length = {}
    for index, ids in enumerate(texts):
        by_length.setdefault(_length(ids), []).append(index)
    for length, indices in by_length.items():
        for begin in range(0, len(indices), BATCH):
            chosen = indices[begin : begin + BATCH]
            ids, mask = _pad([Example(texts[i], None, 0) for i in chosen] + [Example([0], None, 0)] * (BATCH - len(chosen)), length)
            rows[chosen] = numpy.asarray(_jit_outputs(parameters, ids, mask))[: len(chosen)]
    return rows


def train(parameters: dict, examples: list[Example], recipe: Recipe, after_epoch) -> dict:
    """Trains all but _FROZEN. `after_epoch` is called with the number of each epoch, from 1, and the parameters after it."""
    frozen = {name: jnp.asarray(value) for name, value in parameters.items() if name in _FROZEN}
    trained = {name: jnp.array(value) for name, value in parameters.items() if name not in _FROZEN}
    moments = {name: (jnp.zeros_like(value), jnp.zeros_like(value)) for name, value in trained.items()}
    generator = numpy.random.default_rng(recipe.seed)
    epochs = [_batches(examples, generator) for _ in range(recipe.epochs)]
    total, step, mean_loss, begin = sum(map(len, epochs)), 0, 1.5, time.monotonic()
    for epoch, batches in enumerate(epochs):
        for length, indices in batches:
            step += 1
            warm = step / (_WARM_UP * total)
            rate = recipe.rate * min(warm, (total - step) / (total * (1 - _WARM_UP)))
            chosen = [examples[i] for i in indices]
            batch = (*_pad(chosen, length), numpy.stack([e.label for e in chosen]), numpy.array([e.rating for e in chosen], numpy.float32))
            seed = recipe.seed * 1_000_003 + step
            trained, moments, loss = _jit_step(trained, moments, frozen, batch, seed, float(step), rate)
            mean_loss = 0.98 * mean_loss + 0.02 * float(loss)
            if step % 50 == 0:
                print(f"step {step} of {total}, loss {mean_loss:.4f}, {time.monotonic() - begin:.0f} s", flush=True)
        after_epoch(epoch + 1, {**trained, **frozen})
    return {name: numpy.asarray(value) for name, value in {**trained, **frozen}.items()}
