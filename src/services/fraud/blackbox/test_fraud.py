"""The fraud service from outside, with stock clients, and the Python package as the judge of scores and explanations."""

import math
import sys

import grpc
import httpx
import numpy
import pytest
from google.protobuf import json_format
from harness.contracts import contract
from harness.placements import PLACEMENTS, placed
from harness.program import ROOT, Program

sys.path.insert(0, str(ROOT / "tests" / "feature_skew"))
from test_feature_skew import load, requests  # noqa: E402

RUNS = ["fraud", "churn", "models"]
MODELS = ["fraud"]

STOLEN = {
    "transaction_id": "t-1",
    "time": "2026-11-25T03:12:00Z",
    "amount": 1899.0,
    "merchant_category": "electronics",
    "channel": "magnetic_stripe",
    "merchant_country": "BR",
    "card_country": "DE",
    "last_country": "DE",
    "known_merchant": False,
    "distance_from_home_km": 8400,
    "distance_from_last_km": 8390,
    "minutes_since_last": 42,
    "user": {"average_amount_30d": 38.5},
}
GROCERIES = {
    "time": "2026-11-25T17:40:00Z",
    "amount": 31.2,
    "merchant_category": "groceries",
    "channel": "contactless",
    "known_device": True,
    "known_merchant": True,
    "distance_from_last_km": 2.5,
    "minutes_since_last": 700,
    "transactions_last_hour": 0,
    "user": {"average_amount_30d": 38.5},
}


def post(program, body):
    return httpx.post(program.url + "/score-transaction", json=body, timeout=30)


@pytest.fixture(scope="module", params=PLACEMENTS)
def program(request):
    with placed("fraud", request.param, beside=["models"], models=MODELS) as started:
        yield started


@pytest.fixture(scope="module")
def inline():
    with Program(models=MODELS) as started:
        yield started


@pytest.mark.smoke
def test_scores_decides_and_gives_reasons(program):
    response = post(program, STOLEN)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["transaction_id"] == "t-1"
    assert body["fraud_score"] > 0.9 and body["decision"] == "decline"
    assert body["model_version"] == "1"
    strengths = [abs(reason["contribution"]) for reason in body["reasons"]]
    assert len(strengths) == 5 and strengths == sorted(strengths, reverse=True)
    by_name = {reason["feature"]: reason for reason in body["reasons"]}
    assert by_name["speed_km_per_hour"]["contribution"] > 0
    assert by_name["speed_km_per_hour"]["value"] == pytest.approx(8390 / 42 * 60, rel=1e-6)
    body = post(program, GROCERIES).json()
    assert body["fraud_score"] < 0.01 and body["decision"] == "approve"


@pytest.mark.parametrize(
    "change, details",
    [
        ({"amount": None}, "'amount' field must be a number greater than 0."),
        ({"amount": "much"}, "'amount' field must be a number greater than 0."),
        ({"amount": -1}, "'amount' must be greater than 0."),
        ({"amount": "NaN"}, "'amount' must be at most"),
        ({"time": None}, "'time' field must be a time such as \"2026-11-25T03:12:00Z\"."),
        ({"time": "yesterday"}, "'time' field must be a time such as \"2026-11-25T03:12:00Z\"."),
        ({"channel": "carrier pigeon"}, "'channel'"),
        ({"merchant_category": None}, "'merchant_category'"),
        ({"merchant_country": "Brazil"}, "'merchant_country'"),
        ({"distance_from_home_km": -5}, "'distance_from_home_km'"),
        ({"user": {"transactions_30d": -1}}, "'user.transactions_30d'"),
        ({"user": [1]}, "'user'"),
    ],
)
def test_invalid_transactions_are_told(program, change, details):
    body = {name: value for name, value in {**STOLEN, **change}.items() if value is not None}
    response = post(program, body)
    assert response.status_code == 400, response.text
    assert set(response.json()) == {"error", "details"}
    assert response.json()["error"] == "Invalid input format"
    assert response.json()["details"].startswith(details), response.json()


def test_scores_and_explanations_are_those_of_the_python_package(inline):
    import xgboost  # more than a second of a processor, for every process that imports this file

    features = load("train_fraud", "features")
    booster = xgboost.Booster(model_file=ROOT / "models/fraud/fraud.ubj")
    asked = requests("fraud", 200, seed=11)
    matrix = xgboost.DMatrix(features.matrix(asked), feature_names=list(features.NAMES))
    scores, margins = booster.predict(matrix), booster.predict(matrix, output_margin=True)
    contributions = booster.predict(matrix, pred_contribs=True)
    with httpx.Client(base_url=inline.url, timeout=30) as client:
        for number, transaction in enumerate(asked):
            body = client.post("/score-transaction", json=transaction).json()
            assert body["fraud_score"] == pytest.approx(scores[number], abs=2e-6)
            assert body["log_odds"] == pytest.approx(margins[number], abs=2e-4)
            parts = [reason["contribution"] for reason in body["reasons"]]
            assert body["baseline"] + sum(parts) + body["other_contributions"] == pytest.approx(body["log_odds"], abs=1e-5)
            assert 1 / (1 + math.exp(-body["log_odds"])) == pytest.approx(body["fraud_score"], abs=1e-4)
            strongest = numpy.argmax(numpy.abs(contributions[number][:-1]))
            assert body["reasons"][0]["contribution"] == pytest.approx(contributions[number][strongest], abs=1e-5)
            assert body["reasons"][0]["feature"] == features.NAMES[strongest]


def test_the_same_over_grpc(program):
    messages, stubs = contract("starling/fraud/v1/fraud.proto")
    request = json_format.ParseDict(STOLEN, messages.ScoreTransactionRequest())
    with grpc.insecure_channel(program.grpc) as channel:
        stub = stubs.FraudServiceStub(channel)
        response = stub.ScoreTransaction(request, timeout=30)
        assert response.decision == "decline"
        assert response.fraud_score == post(program, STOLEN).json()["fraud_score"]
        request.amount = 0
        with pytest.raises(grpc.RpcError) as error:
            stub.ScoreTransaction(request, timeout=30)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_thresholds_and_number_of_reasons_are_settings():
    with Program({"fraud": {"review_from": 0.0, "decline_from": 1.0, "reasons": 2}}, models=MODELS) as program:
        body = post(program, GROCERIES).json()
        assert body["decision"] == "review" and len(body["reasons"]) == 2


def test_a_broken_model_fails_alone(tmp_path):
    folder = tmp_path / "fraud"
    folder.mkdir()
    (folder / "model.yaml").write_text((ROOT / "models/fraud/model.yaml").read_text())
    (folder / "fraud.ubj").write_bytes(b"\x80\x05cos\nsystem\n")
    packages = [str(folder), str(ROOT / "models/churn")]
    with Program({"models": {"packages": packages}}, ["--target", "fraud,churn,models"], wait_ready=False) as program:
        customer = {"user_id": "u", "user": {}}
        answer = httpx.post(program.url + "/predict-churn", json=customer, timeout=30)
        while answer.status_code == 503:
            answer = httpx.post(program.url + "/predict-churn", json=customer, timeout=30)
        assert answer.status_code == 200, answer.text
        assert post(program, GROCERIES).status_code == 500
        ready = httpx.get(program.url + "/readyz")
        assert ready.status_code == 503 and "fraud" in ready.text
