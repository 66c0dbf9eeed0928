"""The models service in every placement: asked by callers with a key, and by the sentiment service, which needs it."""

from contextlib import ExitStack

import grpc
import httpx
import pytest
from harness.certificates import Authority
from harness.contracts import contract
from harness.keys import make_key
from harness.placements import PLACEMENTS
from harness.program import Program

messages, stubs = contract("starling/models/v1/models.proto")
TEXTS = ["This product is absolutely amazing! Highly recommend.", "I had a terrible experience with their customer service."]


@pytest.fixture(scope="module", params=PLACEMENTS)
def placed(request, tmp_path_factory):
    """(program, headers of a caller with a key). A remote models service knows its caller by certificate."""
    key, entry = make_key("test")
    auth = {"api_keys": [entry]}
    placement = {"mode": request.param}
    with ExitStack() as stack:
        if request.param == "remote":
            authority = Authority(tmp_path_factory.mktemp("authority"))
            own, front = authority.issue("models.example"), authority.issue("front.example", "DNS:front.example")
            tls = {"certificate_file": own[0], "key_file": own[1], "client_ca_file": str(authority.certificate)}
            listening = {"server": {"grpc": {"tls": tls}}, "auth": {"service_certificates": ["front.example"]}}
            behind = stack.enter_context(Program(listening, ["--target", "models"], models=["sentiment"]))
            shown = {"ca_file": str(authority.certificate), "certificate_file": front[0], "key_file": front[1]}
            placement |= {"targets": [behind.grpc], "tls": shown}
        program = stack.enter_context(Program({"auth": auth, "placement": {"models": placement}}, models=["sentiment"]))
        yield program, {"x-api-key": key}


def test_classifies_with_the_probability_of_each_label(placed):
    program, headers = placed
    answer = httpx.post(program.url + "/models/sentiment/classify-text", json={"texts": TEXTS}, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert [result["label"] for result in body["results"]] == ["positive", "negative"]
    for result in body["results"]:
        assert len(result["probabilities"]) == len(body["labels"]) == 3
        assert sum(result["probabilities"]) == pytest.approx(1, abs=1e-4)
        assert result["probability"] == max(result["probabilities"])


def test_lists_its_models_and_knows_no_others(placed):
    program, headers = placed
    listed = {model["name"]: model for model in httpx.get(program.url + "/models", headers=headers).json()["models"]}
    model = listed["sentiment"]
    assert (model["runtime"], model["state"]) == ("openvino", "MODEL_STATE_READY")
    assert httpx.get(program.url + "/models/sentiment", headers=headers).json() == model
    missing = httpx.get(program.url + "/models/nothing", headers=headers)
    assert missing.status_code == 404 and "nothing" in missing.json()["details"]


def test_the_same_over_grpc(placed):
    program, headers = placed
    with grpc.insecure_channel(program.grpc) as channel:
        stub = stubs.ModelsServiceStub(channel)
        request = messages.ClassifyTextRequest(model="sentiment", texts=TEXTS)
        answer = stub.ClassifyText(request, metadata=list(headers.items()), timeout=30)
        assert [result.label for result in answer.results] == ["positive", "negative"]
        with pytest.raises(grpc.RpcError) as error:
            stub.ClassifyText(request, timeout=30)
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_sentiment_asks_it(placed):
    program, _ = placed
    answer = httpx.post(program.url + "/analyze-sentiment", json={"texts": TEXTS}, timeout=30)
    assert [result["sentiment"] for result in answer.json()["results"]] == ["positive", "negative"]
