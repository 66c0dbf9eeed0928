"""No skew between training and serving: the services make the same rows of features as the tools that trained their models."""

import importlib.util
import json
import subprocess
import sys

import numpy
import pytest
from harness.program import BINARY, ROOT

PROGRAM = BINARY.parent / "tests/feature_skew/feature_rows"


def load(tool, module):
    """A module of tools/TOOL under a name of its own: both tools have a features.py."""
    spec = importlib.util.spec_from_file_location(f"{tool}_{module}", ROOT / "tools" / tool / f"{module}.py")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def requests(name, count, seed):
    if name == "fraud":
        return [transaction for transaction, _ in load("train_fraud", "transactions").Generator(seed).transactions(count)]
    return [customer for customer, _ in load("train_churn", "customers").Generator(seed).customers(count)]


@pytest.mark.parametrize("name", ["fraud", "churn"])
def test_the_rows_of_the_services_are_those_of_the_tools(name):
    subprocess.run(["ninja", "-C", str(BINARY.parent), "feature_rows"], check=True, capture_output=True)
    asked = requests(name, 1000, seed=5)
    done = subprocess.run([PROGRAM, name], input="".join(json.dumps(one) + "\n" for one in asked), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    header, *lines = done.stdout.splitlines()
    features = load(f"train_{name}", "features")
    assert header.split() == list(features.NAMES)
    served = numpy.array([[float.fromhex(number) for number in line.split()] for line in lines], numpy.float32)
    trained = features.matrix(asked)
    assert served.shape == trained.shape == (1000, len(features.NAMES))
    assert numpy.array_equal(served, trained, equal_nan=True)
    assert numpy.isnan(trained).any() and not numpy.isnan(trained).all()


@pytest.mark.parametrize("name", ["fraud", "churn"])
def test_the_model_was_trained_on_these_features(name):
    import xgboost  # more than a second of a processor, for every process that imports this file

    booster = xgboost.Booster(model_file=ROOT / "models" / name / f"{name}.ubj")
    assert booster.feature_names == list(load(f"train_{name}", "features").NAMES)
