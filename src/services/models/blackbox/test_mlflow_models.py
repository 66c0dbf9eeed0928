"""What MLflow's flavours write is served as it is: a training script needs no model.yaml."""

import re
import sys
import time
from importlib import import_module
from pathlib import Path

import httpx
import numpy as np
import pytest
from harness.late import Late
from harness.program import ROOT, wait_for

sys.path.insert(0, str(Path(__file__).parent))
from followed import Served, register  # noqa: E402

sys.path.insert(0, str(ROOT / "src/services/registry/blackbox"))
from clients import client_of  # noqa: E402

RUNS = ["models", "registry"]

mlflow = Late("mlflow")
onnx = Late("onnx")
xgboost = Late("xgboost")

COLUMNS = 4
ROWS = np.random.default_rng(7).normal(size=(200, COLUMNS)).astype(np.float32)
CLASSES = (ROWS[:, 0] > 0).astype(int) + (ROWS[:, 1] * ROWS[:, 2] > 0)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("served")) as made:
        yield made


@pytest.fixture
def client(served):
    with client_of(served.program.url) as made:
        yield made


def make_champion(client, name, folder):
    version = register(client, name, folder)
    client.set_registered_model_alias(name, "champion", version)


def live(served, name):
    began = time.monotonic()

    def settled():
        model = served.models().get(f"{name}/1", {})
        assert model.get("state") != "MODEL_STATE_FAILED", model
        return "champion" in model.get("aliases", [])

    wait_for(settled, what="the alias to be live")
    print(f"live {time.monotonic() - began:.2f} s after the alias was set")
    assert time.monotonic() - began < 5


def ask(served, name, tensor, rows):
    given = {"name": tensor, "datatype": "FP32", "shape": list(rows.shape), "data": rows.flatten().tolist()}
    answer = served.infer(name, request={"inputs": [given]})
    assert answer.status_code == 200, answer.text
    [output] = answer.json()["outputs"]
    return output["name"], np.array(output["data"], np.float32).reshape(output["shape"])


def stopped(booster, kind):
    """Trained past the best round, on noise that has little to learn."""
    noise = np.random.default_rng(11).normal(scale=2, size=len(ROWS))
    value = ROWS[:, 0] + noise
    if kind is xgboost.XGBClassifier:
        value = (value > 0).astype(int) + (value > 1)
    model = kind(n_estimators=40, max_depth=3, n_jobs=1, early_stopping_rounds=3, booster=booster, random_state=1)
    model.fit(ROWS[:120], value[:120], eval_set=[(ROWS[120:], value[120:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    return model


def trained(kind):
    matrix = xgboost.DMatrix(ROWS, CLASSES > 0)
    return {
        "stopped-classifier": lambda: stopped("gbtree", xgboost.XGBClassifier),
        "stopped-regressor": lambda: stopped("dart", xgboost.XGBRegressor),
        "stopped-booster": lambda: stopped("gbtree", xgboost.XGBRegressor).get_booster(),
        "booster": lambda: xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, matrix, 10),
        "regressor": lambda: xgboost.XGBRegressor(n_estimators=8, max_depth=3, n_jobs=1).fit(ROWS, ROWS[:, 0] * ROWS[:, 3]),
        "classifier": lambda: xgboost.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1).fit(ROWS, CLASSES),
    }[kind]()


def predicted(kind, model):
    if kind.endswith("booster"):
        return model.predict(xgboost.DMatrix(ROWS))[:, None]
    return model.predict_proba(ROWS) if kind.endswith("classifier") else model.predict(ROWS)[:, None]


FORMATS = [("booster", "ubj"), ("booster", "json"), ("booster", "xgb"), ("regressor", "ubj"), ("classifier", "ubj")]
STOPPED = [("stopped-classifier", "ubj"), ("stopped-classifier", "json"), ("stopped-regressor", "ubj"), ("stopped-booster", "ubj")]


@pytest.mark.parametrize(("kind", "model_format"), FORMATS + STOPPED)
def test_trees_answer_what_xgboost_predicts(served, client, tmp_path, kind, model_format):
    model = trained(kind)
    expected = predicted(kind, model)
    name = f"{kind}-{model_format}"
    mlflow.xgboost.save_model(model, tmp_path / "m", model_format=model_format, signature=mlflow.models.infer_signature(ROWS, expected), pip_requirements=["xgboost"])
    make_champion(client, name, tmp_path / "m")
    live(served, name)
    output, answer = ask(served, name, "features", ROWS)
    assert output == "predictions"
    np.testing.assert_allclose(answer, expected, rtol=1e-6)
    assert served.models()[f"{name}/1"]["runtime"] == "xgboost"


def linear(first):
    """y = x W, with weights that MLflow puts into a file beside the model."""
    weights = np.random.default_rng(5).normal(size=(COLUMNS, 512)).astype(np.float32)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [first, COLUMNS])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [first, 512])],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), weights


@pytest.mark.parametrize(("first", "signed", "batch"), [("n", True, 32), ("n", False, 0), (1, True, 0)])
def test_onnx_answers_what_its_weights_say(served, client, tmp_path, monkeypatch, first, signed, batch):
    model, weights = linear(first)
    name = f"linear-{first}-{signed}"
    signature = mlflow.models.infer_signature(ROWS, ROWS @ weights) if signed else None
    # It imports onnxruntime, which is not here, to look at options that are not given.
    monkeypatch.setattr(import_module("mlflow.onnx"), "_validate_onnx_session_options", lambda options: None)
    mlflow.onnx.save_model(model, tmp_path / "m", signature=signature, pip_requirements=["onnx"])
    assert len([path for path in (tmp_path / "m").iterdir() if path.stat().st_size > 8000]) == 1, "the weights are to lie outside"
    assert (tmp_path / "m/model.onnx").stat().st_size < 1000
    make_champion(client, name, tmp_path / "m")
    live(served, name)
    rows = ROWS[: 1 if first == 1 else 20]
    output, answer = ask(served, name, "x", rows)
    assert output == "y"
    np.testing.assert_allclose(answer, rows @ weights, rtol=1e-4, atol=1e-4)
    config = httpx.get(served.program.url + f"/v2/models/{name}/versions/1/config", headers={"x-api-key": served.key}).json()
    assert config["max_batch_size"] == batch, config


def test_a_pickle_is_refused_with_why_and_what_to_do_and_nobody_else_minds(served, client, tmp_path):
    mlflow.sklearn.save_model(Late("sklearn.linear_model").LogisticRegression().fit(ROWS, CLASSES), tmp_path / "m", serialization_format="cloudpickle", pip_requirements=["scikit-learn"])
    make_champion(client, "pickled", tmp_path / "m")
    wait_for(lambda: served.states().get("pickled/1") == "FAILED", what="the version to fail")
    why = r"MLmodel:\d+: 'flavors' are python_function, sklearn; xgboost and onnx are served\. .*run Python code.*mlflow\.onnx\.log_model"
    wait_for(lambda: re.search(why, served.program.log()), what="the reason in the log")
    assert httpx.get(served.program.url + "/readyz").status_code == 200


def test_a_model_yaml_beside_it_counts_alone(served, client, tmp_path):
    model = trained("booster")
    mlflow.xgboost.save_model(model, tmp_path / "m", pip_requirements=["xgboost"])
    (tmp_path / "m/model.yaml").write_text(
        "task: tensors\nruntime: xgboost\nfile: model.ubj\n"
        f"inputs: [{{name: features, datatype: FP32, shape: [-1, {COLUMNS}]}}]\n"
        "outputs: [{name: margins, datatype: FP32, shape: [-1, 1]}]\n"
    )
    make_champion(client, "margins", tmp_path / "m")
    live(served, "margins")
    output, answer = ask(served, "margins", "features", ROWS)
    assert output == "margins"
    np.testing.assert_allclose(answer[:, 0], model.predict(xgboost.DMatrix(ROWS), output_margin=True), rtol=1e-5)


def test_a_stock_training_script_is_served_when_its_alias_is_set(served, client):
    model = trained("booster")
    mlflow.set_experiment("stock")
    with mlflow.start_run():
        mlflow.log_metric("auc", 0.9)
        mlflow.xgboost.log_model(model, name="model", registered_model_name="stock", pip_requirements=["xgboost"])
    client.set_registered_model_alias("stock", "champion", "1")
    live(served, "stock")
    _, answer = ask(served, "stock", "features", ROWS)
    np.testing.assert_allclose(answer, predicted("booster", model), rtol=1e-6)
