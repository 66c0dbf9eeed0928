"""The churn service from outside, with stock clients, and the Python package as the judge."""

import sys

import grpc
import httpx
import pytest
from google.protobuf import json_format
from harness.contracts import contract
from harness.program import ROOT, Program

sys.path.insert(0, str(ROOT / "tests" / "feature_skew"))
from test_feature_skew import load, requests  # noqa: E402

RUNS = ["churn", "models"]
MODELS = ["churn"]

LEAVING = {
    "user_id": "u-1",
    "user": {"account_age_days": 90, "transactions_30d": 1, "support_contacts_90d": 4},
    "days_since_last_login": 28,
    "logins_30d": 0,
    "logins_previous_30d": 21,
    "transactions_previous_30d": 30,
    "products": 1,
    "open_complaints": 2,
    "bound_by_contract": False,
}
STAYING = {
    "user_id": "u-2",
    "user": {"account_age_days": 3000, "transactions_30d": 40, "support_contacts_90d": 0},
    "days_since_last_login": 0.2,
    "logins_30d": 30,
    "logins_previous_30d": 25,
    "transactions_previous_30d": 35,
    "products": 4,
    "open_complaints": 0,
    "bound_by_contract": True,
}


def post(program, body):
    return httpx.post(program.url + "/predict-churn", json=body, timeout=30)


@pytest.fixture(scope="module")
def program():
    with Program(models=MODELS) as started:
        yield started


@pytest.mark.smoke
def test_tells_who_leaves_and_why(program):
    response = post(program, LEAVING)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["user_id"] == "u-1"
    assert body["churn_probability"] > 0.6 and body["risk"] == "high"
    assert {"logins_trend", "open_complaints"} & {reason["feature"] for reason in body["reasons"]}
    body = post(program, STAYING).json()
    assert body["churn_probability"] < 0.1 and body["risk"] == "low"


@pytest.mark.parametrize(
    "change, details",
    [
        ({"user_id": None}, "'user_id' field must be a non-empty string."),
        ({"user": None}, "'user' field must be an object with the customer's features."),
        ({"user": 3}, "'user' field must be an object with the customer's features."),
        ({"user": {"countries_30d": 301}}, "'user.countries_30d'"),
        ({"logins_30d": -1}, "'logins_30d'"),
        ({"products": "many"}, "'products'"),
    ],
)
def test_invalid_customers_are_told(program, change, details):
    response = post(program, {name: value for name, value in {**LEAVING, **change}.items() if value is not None})
    assert response.status_code == 400, response.text
    assert response.json()["error"] == "Invalid input format"
    assert response.json()["details"].startswith(details), response.json()


def test_answers_are_those_of_the_python_package(program):
    import xgboost  # more than a second of a processor, for every process that imports this file

    features = load("train_churn", "features")
    booster = xgboost.Booster(model_file=ROOT / "models/churn/churn.ubj")
    asked = requests("churn", 100, seed=12)
    matrix = xgboost.DMatrix(features.matrix(asked), feature_names=list(features.NAMES))
    probabilities, margins = booster.predict(matrix), booster.predict(matrix, output_margin=True)
    with httpx.Client(base_url=program.url, timeout=30) as client:
        for number, customer in enumerate(asked):
            body = client.post("/predict-churn", json=customer).json()
            assert body["churn_probability"] == pytest.approx(probabilities[number], abs=2e-6)
            parts = [reason["contribution"] for reason in body["reasons"]]
            assert body["baseline"] + sum(parts) + body["other_contributions"] == pytest.approx(margins[number], abs=2e-4)


def test_the_same_over_grpc(program):
    messages, stubs = contract("starling/churn/v1/churn.proto")
    with grpc.insecure_channel(program.grpc) as channel:
        response = stubs.ChurnServiceStub(channel).PredictChurn(json_format.ParseDict(LEAVING, messages.PredictChurnRequest()), timeout=30)
    assert response.risk == "high"
    assert response.churn_probability == post(program, LEAVING).json()["churn_probability"]


def test_where_risks_begin_is_a_setting():
    with Program({"churn": {"medium_from": 0.0, "high_from": 1.0}}, models=MODELS) as program:
        assert post(program, STAYING).json()["risk"] == "medium"
