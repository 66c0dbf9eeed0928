#!/usr/bin/env python3
"""Judges the sentiment model on the rated sentences and prints the figures of its model card.

Asks a running server (--url), or runs a model file in Python (--model). The test part is read once per release.
"""

import argparse
import json
import pathlib
import urllib.request

import numpy

from dataset import LABELS, Sentence, read_labelled_lines, read_sentences, split_sentences

_TEXTS_PER_REQUEST = 32
_CALIBRATION_BINS = 15


def _ask_model(path: pathlib.Path, float_activations: bool, texts: list[str]):
    """Runs the file in Python on one core, and prints how many texts it reads in a second of processor time."""
    import text_model

    model = text_model.TextModel(path, float_activations)
    for batch in (1, text_model.BATCH):
        print(f"texts per second in batches of {batch}: {model.speed(texts[:512], batch):.0f}")
    rows = model.run(texts)
    return rows.argmax(axis=1), rows.max(axis=1)


def ask_server(url: str, texts: list[str]):
    """The label of each text, as index into LABELS, and its confidence. Texts of like length are asked together: they need the least padding."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    results = [None] * len(texts)
    for begin in range(0, len(texts), _TEXTS_PER_REQUEST):
        asked = order[begin : begin + _TEXTS_PER_REQUEST]
        body = json.dumps({"texts": [texts[index] for index in asked]}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            for index, result in zip(asked, json.load(response)["results"], strict=True):
                results[index] = result
    chosen = numpy.array([LABELS.index(r["sentiment"]) for r in results])
    return chosen, numpy.array([r["confidence"] for r in results])


def calibration_error(correct: numpy.ndarray, confidence: numpy.ndarray) -> float:
    """Expected calibration error with equal bins (arXiv:1706.04599, section 2)."""
    bins = numpy.minimum((confidence * _CALIBRATION_BINS).astype(int), _CALIBRATION_BINS - 1)
    error = 0.0
    for index in numpy.unique(bins):
        inside = bins == index
        error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(error)


def _report(sentences: list[Sentence], chosen: numpy.ndarray, confidence: numpy.ndarray) -> None:
    labels = numpy.array([s.label for s in sentences])
    sources = numpy.array([s.source for s in sentences])
    correct = chosen == labels
    print(f"sentences {len(sentences)}\naccuracy {correct.mean():.4f}")
    print(f"expected calibration error {calibration_error(correct, confidence):.4f}")
    for source in sorted(set(sources)):
        inside = sources == source
        print(f"{source}: {correct[inside].mean():.4f} of {inside.sum()}")
    print("rated (row), answered (column): " + ", ".join(LABELS))
    for label, name in enumerate(LABELS):
        print(f"{name}: " + " ".join(str(((labels == label) & (chosen == c)).sum()) for c in range(len(LABELS))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--lines", type=pathlib.Path, help="a file of label<TAB>text in place of the rated sentences")
    judged = parser.add_mutually_exclusive_group(required=True)
    judged.add_argument("--url", help="for example http://127.0.0.1:8000/analyze-sentiment")
    judged.add_argument("--model", type=pathlib.Path, help="an ONNX file beside its vocab.txt")
    parser.add_argument("--float-activations", action="store_true", help="of a model with int8 weights, as where there is AVX2 alone")
    arguments = parser.parse_args()
    if arguments.lines:
        sentences = read_labelled_lines(arguments.lines)
    else:
        sentences = getattr(split_sentences(read_sentences()), arguments.part)
    texts = [s.text for s in sentences]
    ask = ask_server(arguments.url, texts) if arguments.url else _ask_model(arguments.model, arguments.float_activations, texts)
    _report(sentences, *ask)


if __name__ == "__main__":
    main()
