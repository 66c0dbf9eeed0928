"""The classifier in JAX: BERT (arXiv:1810.04805) of any number of layers with a small head.

Parameters are float32 under the names of the encoder's package; matrix products run in bfloat16 (arXiv:1905.12322), which halves
their time where the processor knows it.
"""

import jax
import jax.numpy as jnp
import numpy

WIDTH = 384
HEADS = 12
EPSILON = 1e-12

_ATTENTION = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
_DENSE = (*_ATTENTION, "intermediate.dense", "output.dense")
_NORM = ("attention.output.LayerNorm", "output.LayerNorm")


def from_package(weights: dict[str, numpy.ndarray], layers: int, seed: int) -> dict:
    """Parameters with the first `layers` layers of the encoder and a new head."""
    parameters = {
        "words": weights["embeddings.word_embeddings.weight"],
        # A single sentence has token type 0 throughout.
        "positions": weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0],
        "embeddings.LayerNorm.weight": weights["embeddings.LayerNorm.weight"],
        "embeddings.LayerNorm.bias": weights["embeddings.LayerNorm.bias"],
    }
    for layer in range(layers):
        for part in (*_DENSE, *_NORM):
            for kind in ("weight", "bias"):
                value = weights[f"encoder.layer.{layer}.{part}.{kind}"]
                parameters[f"{layer}.{part}.{kind}"] = value.T.copy() if value.ndim == 2 else value
    generator = numpy.random.default_rng(seed)
    parameters["head.weight"] = generator.normal(0, 0.02, (WIDTH, 4)).astype(numpy.float32)
    parameters["head.bias"] = numpy.zeros(4, numpy.float32)
    return parameters


def first_layers(parameters: dict, layers: int) -> dict:
    """The same without the layers from `layers` on."""
    return {name: value for name, value in parameters.items() if not name[0].isdigit() or int(name.split(".")[0]) < layers}


def layer_count(parameters: dict) -> int:
    return sum(name.endswith(".intermediate.dense.bias") for name in parameters)


def _dense(parameters, name, value):
    product = jax.lax.dot_general(
        value.astype(jnp.bfloat16), parameters[f"{name}.weight"].astype(jnp.bfloat16), (((value.ndim - 1,), (0,)), ((), ()))
    )
    return product.astype(jnp.float32) + parameters[f"{name}.bias"]


def _normalize(parameters, name, value):
    centred = value - value.mean(-1, keepdims=True)
    deviation = jnp.sqrt((centred * centred).mean(-1, keepdims=True) + EPSILON)
    return centred / deviation * parameters[f"{name}.weight"] + parameters[f"{name}.bias"]


def _dropout(key, value, rate):
    if key is None or rate == 0:
        return value
    return jnp.where(jax.random.bernoulli(key, 1 - rate, value.shape), value / (1 - rate), 0)


def outputs(parameters: dict, ids, mask, key=None, dropout: float = 0.1):
    """[batch, 4]: the logits of the three labels, and the rating divided by 2."""
    keys = iter([None] * 100 if key is None else jax.random.split(key, 100))
    batch, length = ids.shape
    hidden = parameters["words"][ids] + parameters["positions"][:length]
    hidden = _dropout(next(keys), _normalize(parameters, "embeddings.LayerNorm", hidden), dropout)
    bias = jnp.where(mask, 0.0, -10000.0)[:, None, None, :]
    for layer in range(layer_count(parameters)):
        name = f"{layer}.attention.self"
        heads = [
            _dense(parameters, f"{name}.{part}", hidden).reshape(batch, length, HEADS, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        ]
        query, keys_, value = (h.astype(jnp.bfloat16) for h in heads)
        scores = jnp.einsum("bhid,bhjd->bhij", query, keys_).astype(jnp.float32) * (WIDTH // HEADS) ** -0.5
        shares = _dropout(next(keys), jax.nn.softmax(scores + bias, -1), dropout).astype(jnp.bfloat16)
        mixed = jnp.einsum("bhij,bhjd->bhid", shares, value).transpose(0, 2, 1, 3).reshape(batch, length, WIDTH)
        mixed = _dropout(next(keys), _dense(parameters, f"{layer}.attention.output.dense", mixed), dropout)
        hidden = _normalize(parameters, f"{layer}.attention.output.LayerNorm", hidden + mixed)
        inner = jax.nn.gelu(_dense(parameters, f"{layer}.intermediate.dense", hidden), approximate=False)
        inner = _dropout(next(keys), _dense(parameters, f"{layer}.output.dense", inner), dropout)
        hidden = _normalize(parameters, f"{layer}.output.LayerNorm", hidden + inner)
    weight = mask[:, :, None].astype(jnp.float32)
    pooled = (hidden * weight).sum(1) / weight.sum(1)
    pooled = _dropout(next(keys), pooled, dropout)
    return pooled @ parameters["head.weight"] + parameters["head.bias"]
