"""The human-rated sentences of the paper on VADER (Hutto and Gilbert, ICWSM 2014) and their split."""

import pathlib
import tarfile
import typing

import numpy

from fetched import fetched_package

# The order of the columns of `probabilities`; model.yaml names the same.
LABELS = ("negative", "neutral", "positive")

_ARCHIVE = "additional_resources/hutto_ICWSM_2014.tar.gz"
_SUFFIX = "_GroundTruth.txt"


class Sentence(typing.NamedTuple):
    text: str
    label: int  # index into LABELS
    rating: float  # mean of what people gave, -4 to 4
    source: str


class Split(typing.NamedTuple):
    train: list[Sentence]
    dev: list[Sentence]  # the last tenth of the training part; every choice is made on it
    test: list[Sentence]  # read once per release


def _label(rating: float) -> int:
    return LABELS.index("positive" if rating >= 0.5 else "negative" if rating <= -0.5 else "neutral")


def read_sentences() -> list[Sentence]:
    """All sentences, files in name order, lines in order. A line is: id, mean rating, text."""
    sentences = []
    with tarfile.open(fetched_package("vaderSentiment") / _ARCHIVE) as inner:
        for member in sorted((m for m in inner if m.name.endswith(_SUFFIX)), key=lambda m: m.name):
            source = pathlib.PurePosixPath(member.name).name.removesuffix(_SUFFIX)
            for line in inner.extractfile(member).read().decode().split("\n"):
                if line:
                    _, rating, text = line.rstrip("\r").split("\t")
                    sentences.append(Sentence(text, _label(float(rating)), float(rating), source))
    return sentences


def split_sentences(sentences: list[Sentence]) -> Split:
    order = numpy.random.default_rng(0).permutation(len(sentences))
    shuffled = [sentences[i] for i in order]
    train_end = int(0.8 * len(shuffled))
    dev_begin = train_end - train_end // 10
    return Split(shuffled[:dev_begin], shuffled[dev_begin:train_end], shuffled[train_end:])


def read_labelled_lines(path: pathlib.Path) -> list[Sentence]:
    """Lines of `label<TAB>text`. Their rating is what the rated sentences of that label have on average, about."""
    sentences = []
    for line in path.read_text(encoding="utf-8").splitlines():
        label, text = line.split("\t")
        sentences.append(Sentence(text, LABELS.index(label), {"negative": -2.0, "neutral": 0.0, "positive": 2.0}[label], path.stem))
    return sentences
