"""How often the sentiment service is right: the rated test sentences and our own everyday ones, over HTTP."""

import sys

import pytest
from harness.program import ROOT

sys.path.insert(0, str(ROOT / "tools" / "train_sentiment"))
from dataset import LABELS, read_labelled_lines, read_sentences, split_sentences  # noqa: E402
from evaluate import ask_server, calibration_error  # noqa: E402


def ask(program, sentences):
    """Whether each answer is right, and how sure the service was of it."""
    chosen, confidence = ask_server(program.url + "/analyze-sentiment", [s.text for s in sentences])
    return chosen == [s.label for s in sentences], confidence


@pytest.mark.timeout(300)
def test_accuracy_and_calibration_on_the_rated_test_sentences(starling):
    sentences = split_sentences(read_sentences()).test
    assert len(sentences) == 4741
    correct, confidence = ask(starling, sentences)
    assert correct.mean() >= 0.77
    assert calibration_error(correct, confidence) < 0.05


def test_everyday_sentences_that_no_training_saw(starling):
    sentences = read_labelled_lines(ROOT / "models" / "sentiment" / "everyday_test.tsv")
    assert len(sentences) == 150
    trained = {s.text for s in read_labelled_lines(ROOT / "tools" / "train_sentiment" / "everyday_sentences.tsv")}
    assert not trained & {s.text for s in sentences}
    correct, _ = ask(starling, sentences)
    assert correct.mean() >= 0.9
    for label in range(len(LABELS)):
        inside = [s.label == label for s in sentences]
        assert correct[inside].mean() >= 0.8, LABELS[label]
