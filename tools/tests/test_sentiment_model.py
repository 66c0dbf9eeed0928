"""The shipped sentiment model, judged by the onnx package: its checker, and its reference evaluator as the runtime."""

from pathlib import Path

import numpy
import onnx
import pytest
import tokenizers
from onnx.reference import ReferenceEvaluator

READS = ["models/sentiment/*", "tools/train_sentiment/*"]

PACKAGE = Path(__file__).resolve().parents[2] / "models" / "sentiment"
LABELS = ["negative", "neutral", "positive"]


@pytest.fixture(scope="module")
def classify():
    tokenizer = tokenizers.BertWordPieceTokenizer(str(PACKAGE / "vocab.txt"), lowercase=True)
    model = ReferenceEvaluator(str(PACKAGE / "sentiment.onnx"))

    def run(texts):
        tokenizer.enable_padding()
        encodings = tokenizer.encode_batch(texts)
        inputs = {
            "input_ids": numpy.array([e.ids for e in encodings], numpy.int64),
            "attention_mask": numpy.array([e.attention_mask for e in encodings], numpy.int64),
        }
        return model.run(["probabilities"], inputs)[0]

    return run


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
