#!/usr/bin/env python3
"""Trains the head of the sentiment model and writes models/sentiment/head.safetensors.

Not part of a build. Needs the packages of requirements.txt, and of third_party/packages.txt the encoder and the rated sentences.
The dev part chooses between the candidates below; the test part is not touched here (see evaluate.py).
"""

import argparse
import array
import pathlib
import tempfile

import numpy

import head_training
from dataset import Sentence, read_labelled_lines, read_sentences, split_sentences
from encoder_graph import WIDTH
from encoder_package import EncoderPackage
from safetensors_file import Tensor, write
from sentiment_graph import Head, write_features_model
from text_model import TextModel

_HERE = pathlib.Path(__file__).resolve().parent

# Which encoder layers the head sees, its members and their width; the cheapest to run comes first.
_CANDIDATES = [
    ((3, 4, 5), 1, 64),
    ((3, 4, 5), 4, 32),
    ((6,), 4, 32),
    ((3, 4, 5, 6), 4, 32),
    ((3, 4, 5, 6), 4, 64),
    ((1, 2, 3, 4, 5, 6), 4, 32),
]
# One standard error of the accuracy on 1,897 sentences is 0.01; within half of it the cheaper candidate wins.
_TOLERANCE = 0.005
# How often the few own sentences are repeated beside the 17,000 rated ones; see the model card.
_EVERYDAY_REPEATS = 4


def _features(encoder: EncoderPackage, texts: list[str]) -> numpy.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "features.onnx"
        write_features_model(path, encoder.weights())
        return TextModel(path, encoder.tokenizer_json()).run(texts)


def _labels(sentences: list[Sentence]) -> numpy.ndarray:
    return numpy.array([s.label for s in sentences])


def _train(features, labels, layers, members, width) -> head_training.Layers:
    columns = _columns(features, layers)
    mean, deviation = columns.mean(axis=0), columns.std(axis=0) + numpy.float32(1e-6)
    standard = (columns - mean) / deviation
    trained = [head_training.train_member(standard, labels, width, seed) for seed in range(members)]
    return head_training.fold_standardisation(head_training.merge(trained), mean, deviation)


def _columns(features, layers):
    return numpy.concatenate([features[:, WIDTH * (layer - 1) : WIDTH * layer] for layer in layers], axis=1)


def _write_head(path, head: head_training.Layers, layers) -> None:
    tensors = {
        name: Tensor(values.shape, array.array("f", values.astype(numpy.float32).tobytes()))
        for name, values in zip(Head.NAMES, head)
    }
    write(path, tensors, {"layers": ",".join(map(str, layers))})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=_HERE.parents[1] / "models" / "sentiment" / "head.safetensors")
    arguments = parser.parse_args()

    split = split_sentences(read_sentences())
    train = split.train + read_labelled_lines(_HERE / "everyday_sentences.tsv") * _EVERYDAY_REPEATS
    encoder = EncoderPackage()
    features = _features(encoder, [s.text for s in train + split.dev])
    train_features, dev_features = features[: len(train)], features[len(train) :]

    results = []
    for layers, members, width in _CANDIDATES:
        head = _train(train_features, _labels(train), layers, members, width)
        chosen = head.probabilities(_columns(dev_features, layers)).argmax(axis=1)
        accuracy = float((chosen == _labels(split.dev)).mean())
        print(f"layers {layers} members {members} width {width}: dev accuracy {accuracy:.4f}", flush=True)
        results.append((accuracy, layers, head))
    best = max(accuracy for accuracy, _, _ in results)
    accuracy, layers, head = next(r for r in results if r[0] >= best - _TOLERANCE)
    _write_head(arguments.out, head, layers)
    print(f"wrote {arguments.out}: layers {layers}, dev accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
