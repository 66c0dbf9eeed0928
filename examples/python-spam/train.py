"""Trains the detector, measures it and writes model.json. Same data, same figures, each time.

  python train.py [--out FILE]
"""

import argparse
import json
import pathlib

import numpy
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split

from detector import Detector, new_vectorizer

HERE = pathlib.Path(__file__).resolve().parent
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0)  # inverse regularisation, chosen on the training part only
SEED = 0


def read_messages():
    texts, labels = [], []
    for label, name in enumerate(("ham", "spam")):
        lines = (HERE / "data" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        texts += lines
        labels += [label] * len(lines)
    return numpy.array(texts), numpy.array(labels)


def fit(texts, labels, strength):
    vectorizer = new_vectorizer()
    classifier = LogisticRegression(C=strength, class_weight="balanced", max_iter=1000)
    classifier.fit(vectorizer.fit_transform(texts), labels)
    return Detector(vectorizer, classifier)


def predict(detector, texts):
    return (numpy.array(detector.probabilities(texts)) >= 0.5).astype(int)


def cross_validated(texts, labels, strength):
    """Accuracy over five folds."""
    right = 0
    for train, test in StratifiedKFold(5, shuffle=True, random_state=SEED).split(texts, labels):
        right += int((predict(fit(texts[train], labels[train], strength), texts[test]) == labels[test]).sum())
    return right / len(labels)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "model.json")
    out = parser.parse_args().out
    texts, labels = read_messages()
    train_texts, test_texts, train_labels, test_labels = train_test_split(
        texts, labels, test_size=0.25, stratify=labels, random_state=SEED)
    scores = {strength: cross_validated(train_texts, train_labels, strength) for strength in STRENGTHS}
    strength = max(scores, key=scores.get)
    detector = fit(train_texts, train_labels, strength)
    predicted = predict(detector, test_texts)
    confusion = numpy.zeros((2, 2), dtype=int)
    numpy.add.at(confusion, (test_labels, predicted), 1)
    print(json.dumps({
        "messages": {"train": len(train_texts), "test": len(test_texts)},
        "cross_validated_on_train": {str(key): round(value, 3) for key, value in scores.items()},
        "strength": strength,
        "test_accuracy": round(float((predicted == test_labels).mean()), 3),
        "test_confusion": {"ham": {"as_ham": int(confusion[0, 0]), "as_spam": int(confusion[0, 1])},
                           "spam": {"as_ham": int(confusion[1, 0]), "as_spam": int(confusion[1, 1])}},
        "test_mistakes": test_texts[predicted != test_labels].tolist(),
    }, indent=2))
    detector.save(out)


if __name__ == "__main__":
    main()
