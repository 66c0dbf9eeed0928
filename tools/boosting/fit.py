"""Trains, judges and writes one boosted model of two classes."""

import numpy
import xgboost
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

PARAMETERS = {
    "objective": "binary:logistic",
    "eta": 0.1,
    "max_depth": 5,
    "min_child_weight": 5,
    "subsample": 0.8,
    "colsample_bytree": 0.8,
    "lambda": 2.0,
    "tree_method": "hist",
    "nthread": 1,
    "seed": 1,
}
TREES = 100


def split(count):
    """Numbers of the rows that train and of those that test, a fifth."""
    order = numpy.random.default_rng(0).permutation(count)
    return order[count // 5 :], order[: count // 5]


def train(names, rows, labels):
    matrix = xgboost.DMatrix(rows, labels, feature_names=list(names))
    return xgboost.train(PARAMETERS, matrix, TREES)


def calibration(labels, scores, bins=10):
    """Expected calibration error, and (mean score, share of events, rows) of each bin of as many rows."""
    table = []
    for part in numpy.array_split(numpy.argsort(scores, kind="stable"), bins):
        table.append((scores[part].mean(), labels[part].mean(), len(part)))
    error = sum(abs(score - share) * size for score, share, size in table) / len(labels)
    return error, table


def judge(booster, names, rows, labels, thresholds):
    """The figures of the model's card, as lines."""
    scores = booster.predict(xgboost.DMatrix(rows, feature_names=list(names)))
    error, table = calibration(labels, scores)
    yield f"rows {len(labels)}, events {int(labels.sum())} ({labels.mean():.4f})"
    yield f"ROC AUC {roc_auc_score(labels, scores):.4f}"
    yield f"average precision {average_precision_score(labels, scores):.4f}"
    yield f"Brier score {brier_score_loss(labels, scores):.5f} (of the base rate: {labels.mean() * (1 - labels.mean()):.5f})"
    yield f"expected calibration error {error:.5f}"
    yield "mean score, share of events, rows: " + "; ".join(f"{score:.4f} {share:.4f} {size}" for score, share, size in table)
    for threshold in thresholds:
        chosen = scores >= threshold
        yield (
            f"score >= {threshold}: {chosen.mean():.4f} of rows, {labels[chosen].sum() / max(labels.sum(), 1):.3f} of events, "
            f"precision {labels[chosen].mean() if chosen.any() else 0:.3f}"
        )
    gains = booster.get_score(importance_type="total_gain")
    total = sum(gains.values())
    best = sorted(gains.items(), key=lambda item: -item[1])[:8]
    yield "share of gain: " + ", ".join(f"{name} {gain / total:.3f}" for name, gain in best)
