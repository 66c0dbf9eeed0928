#!/usr/bin/env python3
"""Trains models/churn on synthetic customers (customers.py) and prints the figures of its card. Half a minute.

  build/venv/bin/python tools/train_churn/train.py [--out models/churn/churn.ubj]
"""

import argparse
import sys
from pathlib import Path

import numpy

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/boosting"), str(ROOT / "tools/train_churn")]
import features  # noqa: E402
import fit  # noqa: E402
from customers import Generator  # noqa: E402

COUNT = 60_000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "models/churn/churn.ubj")
    arguments = parser.parse_args()
    pairs = list(Generator(seed=20260102).customers(COUNT))
    rows = features.matrix([customer for customer, _ in pairs])
    labels = numpy.array([left for _, left in pairs], numpy.float32)
    for_training, for_test = fit.split(COUNT)
    booster = fit.train(features.NAMES, rows[for_training], labels[for_training])
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    booster.save_model(arguments.out)
    print(f"{len(features.NAMES)} features, {fit.TREES} trees, {arguments.out.stat().st_size} bytes")
    print("\n".join(fit.judge(booster, features.NAMES, rows[for_test], labels[for_test], (0.2, 0.3, 0.5, 0.7))))


if __name__ == "__main__":
    main()
