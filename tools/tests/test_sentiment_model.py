"""The shipped sentiment model, judged by the onnx package: its checker, and its reference evaluator as the runtime."""

import subprocess
import sys
from pathlib import Path

import numpy
import onnx
import pytest
import tokenizers
from onnx.reference import ReferenceEvaluator

READS = ["models/sentiment/*", "tools/train_sentiment/*", "third_party/*"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "models" / "sentiment"
LABELS = ["negative", "neutral", "positive"]


def classifier(package):
    """A function from texts to the probabilities that the model in the folder gives them."""
    tokenizer = tokenizers.BertWordPieceTokenizer(str(package / "vocab.txt"), lowercase=True)
    tokenizer.enable_padding()
    model = ReferenceEvaluator(str(package / "sentiment.onnx"))

    def run(texts):
        encodings = tokenizer.encode_batch(texts)
        inputs = {
            "input_ids": numpy.array([e.ids for e in encodings], numpy.int64),
            "attention_mask": numpy.array([e.attention_mask for e in encodings], numpy.int64),
        }
        return model.run(["probabilities"], inputs)[0]

    return run


@pytest.fixture(scope="module")
def classify():
    return classifier(PACKAGE)


def test_is_valid_onnx():
    model = onnx.load(PACKAGE / "sentiment.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [i.name for i in model.graph.input] == ["input_ids", "attention_mask"]
    assert [o.name for o in model.graph.output] == ["probabilities"]


def test_is_small_enough_to_be_committed():
    assert (PACKAGE / "sentiment.onnx").stat().st_size <= 25 * 1000 * 1000


def test_has_the_files_that_model_yaml_names():
    text = (PACKAGE / "model.yaml").read_text()
    assert "file: sentiment.onnx" in text and (PACKAGE / "sentiment.onnx").is_file()
    assert "vocabulary: vocab.txt" in text and (PACKAGE / "vocab.txt").is_file()
    assert f"labels: [{', '.join(LABELS)}]" in text


def test_labels_plain_sentences(classify):
    probabilities = classify(
        [
            "This product is absolutely amazing! Highly recommend.",
            "I had a terrible experience with their customer service.",
            "The weather today is neither good nor bad.",
        ]
    )
    assert [LABELS[i] for i in probabilities.argmax(axis=1)] == ["positive", "negative", "neutral"]
    assert numpy.allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_an_answer_does_not_depend_on_the_other_texts_of_the_batch(classify):
    short, long = "Good.", "The parcel arrived on Tuesday and everything in it was as described, thank you. " * 3
    assert numpy.allclose(classify([short, long])[0], classify([short])[0], atol=1e-5)


def test_a_trimmed_copy_is_smaller_and_answers_what_training_texts_get(classify, tmp_path):
    command = [sys.executable, ROOT / "tools/train_sentiment/trim_vocabulary.py", "--out", tmp_path]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    assert (tmp_path / "sentiment.onnx").stat().st_size < 0.85 * (PACKAGE / "sentiment.onnx").stat().st_size
    whole, kept = ((folder / "vocab.txt").read_text(encoding="utf-8").splitlines() for folder in (PACKAGE, tmp_path))
    assert kept == [word for word in whole if word in set(kept)] and len(kept) < 0.7 * len(whole)
    gone = set(whole) - set(kept)
    assert not {word for word in gone if len(word.removeprefix("##")) == 1} and not gone & {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    sentences = (ROOT / "tools/train_sentiment/everyday_sentences.tsv").read_text(encoding="utf-8").splitlines()
    trained = [line.split("\t")[1] for line in sentences[:2]]
    trimmed = classifier(tmp_path)
    assert numpy.array_equal(trimmed(trained), classify(trained))
    # A word that is gone is spelled, and no text is unknown.
    word = next(word for word in sorted(gone) if word.isalpha())
    tokens = tokenizers.BertWordPieceTokenizer(str(tmp_path / "vocab.txt"), lowercase=True).encode(word).tokens
    assert len(tokens) > 3 and "[UNK]" not in tokens
