#!/usr/bin/env python3
"""Writes a smaller copy of a model: without the words that no training text holds.

Special tokens and single characters stay, so any text that could be spelled still can be. WordPiece takes the longest piece first:
the training texts are cut as before, and since training leaves the words' rows as they were, training with the smaller vocabulary
would give the same parameters. Other texts may be spelled in more pieces; `evaluate.py --model OUT/sentiment.onnx` says what that
costs.
"""

import argparse
import pathlib

import onnx
import tokenizers
from onnx import numpy_helper

from dataset import read_labelled_lines, read_sentences, split_sentences

_HERE = pathlib.Path(__file__).resolve().parent
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# What export.py calls the constants that have a row for each word.
_TABLES = ("words", "words.scale")


def kept_rows(words: list[str], training_ids: list[list[int]]) -> list[int]:
    used = {row for ids in training_ids for row in ids}
    return [row for row, word in enumerate(words) if row in used or word in _SPECIAL or len(word.removeprefix("##")) == 1]


def _training_texts() -> list[str]:
    sentences = split_sentences(read_sentences()).train + read_labelled_lines(_HERE / "everyday_sentences.tsv")
    return [s.text for s in sentences]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=pathlib.Path, default=_HERE.parents[1] / "models" / "sentiment" / "sentiment.onnx",
                        help="with its vocab.txt beside it")  # fmt: skip
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder for sentiment.onnx and vocab.txt")
    arguments = parser.parse_args()

    vocabulary = arguments.model.parent / "vocab.txt"
    tokenizer = tokenizers.BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    words = vocabulary.read_text(encoding="utf-8").rstrip("\n").split("\n")
    kept = kept_rows(words, [encoding.ids for encoding in tokenizer.encode_batch(_training_texts())])

    model = onnx.load(arguments.model)
    for constant in model.graph.initializer:
        if constant.name in _TABLES:
            constant.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(constant)[kept], constant.name))
    onnx.checker.check_model(model, full_check=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    onnx.save(model, arguments.out / "sentiment.onnx")
    (arguments.out / "vocab.txt").write_text("".join(words[row] + "\n" for row in kept), encoding="utf-8")
    print(f"wrote {arguments.out}/sentiment.onnx, {len(kept)} of {len(words)} words")


if __name__ == "__main__":
    main()
