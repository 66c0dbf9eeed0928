#!/usr/bin/env python3
"""Fine-tunes the sentence encoder on the rated sentences and writes models/sentiment/{sentiment.onnx,vocab.txt}.

With fewer --layers than the encoder has, the model so made is the teacher of a smaller student: its lower layers are the
student's beginning, and what it answers is half of what the student is taught (arXiv:1503.02531). Not part of a build. Choices
are made on the dev part; the test part is not touched here (see evaluate.py). Some 12 minutes of processor time; prints the loss
as it goes and the accuracy on the dev part after each epoch.
"""

import argparse
import math
import pathlib

import numpy
import tokenizers

import encoder
import encoder_package
import export
import training
from dataset import LABELS, Sentence, read_labelled_lines, read_sentences, split_sentences

_HERE = pathlib.Path(__file__).resolve().parent

_TEACHER = training.Recipe(epochs=2, rate=1e-4, seed=0)
# A second run of 12,500 sentences after this one did not help (0.785 after 0.793 on the dev part).
_STUDENT = training.Recipe(epochs=1, rate=1e-4, seed=1)
_STUDENT_SENTENCES = 7000  # drawn at random
_TEACHER_SHARE = 0.5
# How often the few own sentences are repeated beside the 17,000 rated ones; see the model card.
_EVERYDAY_REPEATS = 3
# The mean of some twenty people's ratings is uncertain by about this much; a sentence near a threshold teaches both labels.
_RATING_DEVIATION = 0.25
_THRESHOLD = 0.5
# As many positions as model.yaml's max_length.
_POSITIONS = 128


def _label_probabilities(rating: float) -> numpy.ndarray:
    def below(bound: float) -> float:
        return 0.5 * (1 + math.erf((bound - rating) / _RATING_DEVIATION / math.sqrt(2)))

    negative, positive = below(-_THRESHOLD), 1 - below(_THRESHOLD)
    return numpy.array([negative, 1 - negative - positive, positive], numpy.float32)


def _softmax(logits: numpy.ndarray) -> numpy.ndarray:
    powers = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _cross_entropy(logits: numpy.ndarray, labels: numpy.ndarray) -> float:
    return float(-numpy.log(_softmax(logits)[numpy.arange(len(labels)), labels]).mean())


def _best_temperature(logits: numpy.ndarray, labels: numpy.ndarray) -> float:
    """What the logits are divided by so that probabilities are frequencies (arXiv:1706.04599, section 4.2)."""
    return float(min(numpy.arange(0.6, 2.01, 0.02), key=lambda temperature: _cross_entropy(logits / temperature, labels)))


class _Data:
    def __init__(self, tokenizer):
        split = split_sentences(read_sentences())
        rated = self._ids(tokenizer, split.train)
        self.rated = [training.Example(i, _label_probabilities(s.rating), s.rating) for i, s in zip(rated, split.train)]
        own = read_labelled_lines(_HERE / "everyday_sentences.tsv") * _EVERYDAY_REPEATS
        self.own = [training.Example(i, _label_probabilities(s.rating), s.rating) for i, s in zip(self._ids(tokenizer, own), own)]
        self.dev = self._ids(tokenizer, split.dev)
        self.dev_labels = numpy.array([s.label for s in split.dev])

    @staticmethod
    def _ids(tokenizer, sentences: list[Sentence]) -> list[list[int]]:
        return [encoding.ids for encoding in tokenizer.encode_batch([s.text for s in sentences])]


def _logits(parameters: dict, texts: list[list[int]]) -> numpy.ndarray:
    return training.predict(parameters, texts)[:, : len(LABELS)]


def _train(name: str, parameters: dict, examples: list[training.Example], recipe: training.Recipe, data: _Data) -> dict:
    def report(epoch: int, trained: dict) -> None:
        logits = _logits(trained, data.dev)
        accuracy = (logits.argmax(axis=1) == data.dev_labels).mean()
        print(f"{name}, epoch {epoch}: dev accuracy {accuracy:.4f}, cross entropy {_cross_entropy(logits, data.dev_labels):.4f}", flush=True)

    return training.train(parameters, examples, recipe, report)


def _distil(teacher: dict, layers: int, data: _Data) -> dict:
    answers = _softmax(_logits(teacher, [example.ids for example in data.rated]))
    taught = [
        example._replace(label=(1 - _TEACHER_SHARE) * example.label + _TEACHER_SHARE * answer)
        for example, answer in zip(data.rated, answers)
    ]
    student = encoder.first_layers(teacher, layers)
    drawn = numpy.random.default_rng(_STUDENT.seed).permutation(len(taught))[: _STUDENT_SENTENCES - len(data.own)]
    return _train("student", student, [taught[i] for i in drawn] + data.own, _STUDENT, data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=encoder_package.LAYERS, help="of the model that is written")
    parser.add_argument("--weights", choices=export.STORED_AS, default="int8", help="how the file stores them")
    parser.add_argument("--out", type=pathlib.Path, default=_HERE.parents[1] / "models" / "sentiment")
    arguments = parser.parse_args()

    vocabulary = encoder_package.vocabulary()
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    data = _Data(tokenizers.BertWordPieceTokenizer(str(arguments.out / "vocab.txt"), lowercase=True))

    start = encoder.from_package(encoder_package.weights(), encoder_package.LAYERS, _TEACHER.seed)
    parameters = _train("teacher", start, data.rated + data.own, _TEACHER, data)
    if arguments.layers < encoder_package.LAYERS:
        parameters = _distil(parameters, arguments.layers, data)
    temperature = _best_temperature(_logits(parameters, data.dev), data.dev_labels)
    export.write_model(arguments.out / "sentiment.onnx", parameters, temperature, arguments.weights, _POSITIONS)
    print(f"wrote {arguments.out}/sentiment.onnx, temperature {temperature:.2f}")


if __name__ == "__main__":
    main()
