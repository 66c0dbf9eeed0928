"""The sentiment service from outside, in every placement, with stock clients."""

import grpc
import httpx
import pytest
from harness.contracts import contract
from harness.program import Program
from harness.waiting import wait_for

TEXTS = [
    "This product is absolutely amazing! Highly recommend.",
    "I had a terrible experience with their customer service.",
    "The weather today is neither good nor bad.",
]
NOT_A_LIST = {"error": "Invalid input format", "details": "'texts' field must be a non-empty list of strings."}


def post(program, **arguments):
    return httpx.post(program.url + "/analyze-sentiment", timeout=30, **arguments)


@pytest.mark.smoke
def test_labels_the_three_texts(sentiment_placed):
    response = post(sentiment_placed, json={"texts": TEXTS})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert list(body) == ["results"]
    assert [result["text"] for result in body["results"]] == TEXTS
    assert [result["sentiment"] for result in body["results"]] == ["positive", "negative", "neutral"]
    for result in body["results"]:
        assert set(result) == {"text", "sentiment", "confidence"}
        assert 1 / 3 <= result["confidence"] <= 1


@pytest.mark.parametrize(
    "body",
    [{}, {"texts": None}, {"texts": "text"}, {"texts": {}}, {"texts": []}, {"texts": [1]}, {"texts": ["a", None]}, {"texts": ["a", ["b"]]}],
)
def test_texts_must_be_a_list_of_strings(sentiment_placed, body):
    response = post(sentiment_placed, json=body)
    assert (response.status_code, response.json()) == (400, NOT_A_LIST)


@pytest.mark.parametrize(
    "body, details",
    [
        (b"", "The body is empty; it must be a JSON document."),
        (b"{", "The JSON is malformed: it ends where a key in quotes or } is expected."),
        (b'{"texts": ["a"', "The JSON is malformed: it ends where a comma or ] is expected."),
        (b"[]", "The JSON must be an object, not a list."),
        (b'"texts"', "The JSON must be an object, not a string."),
        (b'{"texts": ["a"]} x', "The JSON is malformed at line 1, column 18: nothing may follow the end of the document."),
        (b'{"texts": ["\\ud800"]}', "The JSON is malformed at line 1, column 13: this is the first half of a surrogate pair without the second."),
        (b'{"texts": ["\xff"]}', "The JSON is not valid UTF-8 at line 1, column 13."),
        (b'\xef\xbb\xbf{"texts": ["a"]}', "The JSON begins with a byte order mark (U+FEFF), which is not allowed."),
        (b'{"texts": ["a"], "texts": ["a"]}', "'texts' is given more than once."),
        (b'{"unknown": ' + b"[" * 1000000, "The JSON is nested more than 64 levels deep."),
    ],
)
def test_malformed_json_is_told(sentiment_placed, body, details):
    response = post(sentiment_placed, content=body, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()) == (400, {"error": "Invalid input format", "details": details})


def test_unknown_fields_are_ignored(sentiment_placed):
    response = post(sentiment_placed, json={"texts": ["a"], "unknown": {"texts": [1, {"a": None}]}})
    assert response.status_code == 200, response.text
    assert [result["text"] for result in response.json()["results"]] == ["a"]


def test_escapes_and_surrogate_pairs_come_back_as_the_same_text(sentiment_placed):
    body = rb'{"texts": ["\u0000 \ud83d\ude00 \u00e9", "' + "\U0001f600".encode() + b'"]}'
    response = post(sentiment_placed, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200, response.text
    assert [result["text"] for result in response.json()["results"]] == ["\0 \U0001f600 \u00e9", "\U0001f600"]


def test_any_text_comes_back_unchanged(sentiment_placed):
    texts = ["", " ", "\u0000\u0007\u001f", "\u2028\u2029\ufeff", "e\u0301 \u00e9", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u202eright to left", '"\\/\b\f\n\r\t', "中文 한국어 עברית"]
    response = post(sentiment_placed, json={"texts": texts})
    assert response.status_code == 200, response.text
    assert [result["text"] for result in response.json()["results"]] == texts


@pytest.mark.smoke
def test_a_long_text_is_read_to_its_end(sentiment_placed):
    """Its first two thirds, praise and blame, are each beyond any window and balance each other; its last third decides."""
    praise = "This is absolutely wonderful, I love it and I am so happy with it. " * 25
    blame = "This is absolutely terrible, I hate it and I am so unhappy with it. " * 25
    response = post(sentiment_placed, json={"texts": [praise + blame + praise, praise + blame + blame]})
    assert response.status_code == 200, response.text
    assert [result["sentiment"] for result in response.json()["results"]] == ["positive", "negative"]
    assert all(0.5 < result["confidence"] < 0.9 for result in response.json()["results"])


def test_number_and_size_of_texts_are_bounded(sentiment_placed):
    response = post(sentiment_placed, json={"texts": ["a"] * 257})
    assert response.status_code == 400
    assert response.json()["error"] == "Invalid input format"
    assert "texts" in response.json()["details"] and "256" in response.json()["details"]
    response = post(sentiment_placed, json={"texts": ["ok", "x" * (16 * 1024 + 1)]})
    assert response.status_code == 400
    assert "texts[1]" in response.json()["details"] and "16384" in response.json()["details"]


def test_a_model_that_is_not_there_is_told_to_the_operator_and_not_to_callers():
    with Program({"sentiment": {"model": "sentimental"}}, ["--target", "sentiment,models"]) as program:
        response = post(program, json={"texts": ["a"]})
        assert (response.status_code, response.json()["error"]) == (500, "Internal server error")
        assert "sentimental" not in response.text and response.headers["x-request-id"] in response.json()["details"]
        wait_for(lambda: "sentiment.model: There is no model 'sentimental'." in program.log(), what="a line for the operator")


def test_the_same_over_grpc(sentiment_placed):
    messages, stubs = contract("starling/sentiment/v1/sentiment.proto")
    with grpc.insecure_channel(sentiment_placed.grpc) as channel:
        stub = stubs.SentimentServiceStub(channel)
        response = stub.AnalyzeSentiment(messages.AnalyzeSentimentRequest(texts=TEXTS), timeout=30)
        assert [result.sentiment for result in response.results] == ["positive", "negative", "neutral"]
        over_http = post(sentiment_placed, json={"texts": TEXTS}).json()["results"]
        assert [result.confidence for result in response.results] == pytest.approx([r["confidence"] for r in over_http], abs=1e-4)
        with pytest.raises(grpc.RpcError) as error:
            stub.AnalyzeSentiment(messages.AnalyzeSentimentRequest(), timeout=30)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert error.value.details() == NOT_A_LIST["details"]
        # What stubs do not let through: a text that is no UTF-8.
        call = channel.unary_unary("/starling.sentiment.v1.SentimentService/AnalyzeSentiment")
        for text in (b"\xff", b"good\xc0\xaf", b"\xed\xa0\x80"):
            with pytest.raises(grpc.RpcError) as error:
                call(b"\x0a" + bytes([len(text)]) + text, timeout=30)
            assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT, text
