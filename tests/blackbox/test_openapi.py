"""/openapi.json: accepted by the stock validator, the same as the command prints, and true of what the server takes and answers."""

import json
import re
import subprocess

import httpx
import pytest
from jsonschema import Draft202012Validator

from harness.keys import make_key
from harness.program import BINARY, ROOT, Program

ISSUE_TEXTS = [
    "This product is absolutely amazing! Highly recommend.",
    "I had a terrible experience with their customer service.",
    "The weather today is neither good nor bad.",
]


@pytest.fixture(scope="module")
def document(starling):
    answer = httpx.get(starling.url + "/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def validator(document, schema):
    """Of a schema inside the document, whose references it may use."""
    return Draft202012Validator({**schema, "components": document["components"]})


def media(document, path, verb, status=None):
    operation = document["paths"][path][verb]
    if status is None:
        return operation["requestBody"]["content"]["application/json"]
    response = operation["responses"][status]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return response["content"]["application/json"]


def printed(*arguments):
    return subprocess.run([BINARY, "openapi", *arguments], cwd=ROOT, check=True, capture_output=True).stdout


def validate(document):
    """By the stock validator, which takes a third of a second of a processor to import, in every process that imports this file."""
    from openapi_spec_validator import OpenAPIV31SpecValidator

    OpenAPIV31SpecValidator(document).validate()


def test_stock_validator_accepts_it(document):
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_every_contract_of_the_program_is_valid_together():
    everything = json.loads(printed("--set", "placement.spam.mode=process", "--set", "placement.textstats.mode=process"))
    validate(everything)
    assert list(everything["paths"])[0] == "/analyze-sentiment"
    stream = everything["paths"]["/text-stats/paragraphs"]["post"]["responses"]["200"]["content"]
    assert list(stream) == ["text/event-stream"]


def test_admin_listener_has_its_own(starling):
    admin = httpx.get(starling.admin_url + "/openapi.json").json()
    validate(admin)
    assert {"/admin/status", "/admin/logs", "/metrics"} <= set(admin["paths"])
    assert "/analyze-sentiment" not in admin["paths"]


def test_command_prints_what_is_served(starling):
    served = httpx.get(starling.url + "/openapi.json").content
    assert printed("--config", str(starling.config_file)) == served


def test_document_holds_the_placed_services_only():
    config = {"placement": {"spam": {"mode": "off"}, "textstats": {"mode": "off"}}}
    with Program(config, ["--target", "models"], models=[]) as program:
        served = httpx.get(program.url + "/openapi.json").content
        assert printed("--config", str(program.config_file), "--target", "models") == served
        paths = json.loads(served)["paths"]
        assert "/models" in paths and "/analyze-sentiment" not in paths


def test_examples_are_valid_and_the_first_is_the_issues(document):
    assert media(document, "/analyze-sentiment", "post")["example"] == {"texts": ISSUE_TEXTS}
    checked = 0
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            contents = [operation.get("requestBody", {"content": {}})["content"]]
            contents += [response.get("content", {}) for response in operation["responses"].values()]
            for content in contents:
                for kind, body in content.items():
                    if "example" in body and kind == "application/json":
                        validator(document, body["schema"]).validate(body["example"])
                        checked += 1
            for parameter in operation.get("parameters", []):
                if "example" in parameter:
                    validator(document, parameter["schema"]).validate(parameter["example"])
                    checked += 1
    assert checked > 5


def test_sentiment_example_is_answered_as_described(starling, document):
    example = media(document, "/analyze-sentiment", "post")["example"]
    answer = httpx.post(starling.url + "/analyze-sentiment", json=example)
    assert answer.status_code == 200, answer.text
    validator(document, media(document, "/analyze-sentiment", "post", "200")["schema"]).validate(answer.json())


@pytest.mark.parametrize("body", [{}, {"texts": []}, {"texts": "one"}, {"texts": [1]}], ids=json.dumps)
def test_schema_and_server_refuse_the_same(starling, document, body):
    assert not validator(document, media(document, "/analyze-sentiment", "post")["schema"]).is_valid(body)
    answer = httpx.post(starling.url + "/analyze-sentiment", json=body)
    assert answer.status_code == 400
    refusal = media(document, "/analyze-sentiment", "post", "400")
    validator(document, refusal["schema"]).validate(answer.json())
    assert refusal["example"] == answer.json()


def test_answers_hold_what_their_schema_says(document):
    schema = document["components"]["schemas"]["starling.sentiment.v1.SentimentResult"]
    assert schema["required"] == ["text", "sentiment", "confidence"]
    assert schema["properties"]["sentiment"]["enum"] == ["positive", "negative", "neutral"]
    assert schema["properties"]["confidence"]["minimum"] == 0
    assert schema["properties"]["confidence"]["maximum"] == 1


def test_who_may_call_is_said(document):
    assert document["paths"]["/analyze-sentiment"]["post"]["security"] == []
    schemes = document["components"]["securitySchemes"]
    assert schemes["ApiKey"] == {**schemes["ApiKey"], "type": "apiKey", "in": "header", "name": "x-api-key"}
    models = document["paths"]["/models"]["get"]
    assert {"ApiKey": []} in models["security"] and {"BearerKey": []} in models["security"]
    assert "401" in models["responses"] and "401" not in document["paths"]["/analyze-sentiment"]["post"]["responses"]


def test_routes_of_other_protocols_are_all_there_with_their_access(document):
    listed = subprocess.run([BINARY, "list-routes"], check=True, capture_output=True, text=True).stdout.splitlines()
    checked = 0
    for line in listed:
        verb, path, access = line.split()[:3]
        if not path.startswith(("/v2", "/api/", "/classify-image")):
            continue
        operation = document["paths"][path.replace("=**", "")][verb.lower()]
        assert operation["summary"], line
        assert (operation["security"] == []) == (access == "anyone"), line
        assert {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "path"} == set(re.findall(r"{(\w+)", path))
        checked += 1
    assert checked > 80


def test_routes_of_other_protocols_say_what_they_take(document):
    image = document["paths"]["/classify-image"]["post"]
    assert set(image["requestBody"]["content"]) == {"image/png", "image/jpeg", "multipart/form-data", "application/json"}
    assert [parameter["name"] for parameter in image["parameters"]] == ["top"]
    infer = document["paths"]["/v2/models/{model}/infer"]["post"]
    assert set(infer["requestBody"]["content"]) == set(infer["responses"]["200"]["content"]) == {"application/json", "application/octet-stream"}
    artifact = document["paths"]["/api/2.0/mlflow-artifacts/artifacts/{path}"]
    assert list(artifact["put"]["requestBody"]["content"]) == list(artifact["get"]["responses"]["200"]["content"]) == ["application/octet-stream"]
    # What MLflow's route shares with a method of the contract it says in the contract's words.
    search = document["paths"]["/api/2.0/mlflow/registered-models/search"]["get"]
    assert {"filter", "max_results", "order_by", "page_token"} <= {parameter["name"] for parameter in search["parameters"]}
    rename = media(document, "/api/2.0/mlflow/registered-models/rename", "post")["schema"]
    assert "name" in rename["properties"]
    fields = rename["properties"] | document["components"]["schemas"].get(rename["allOf"][0].get("$ref", "").rsplit("/", 1)[-1], rename["allOf"][0])["properties"]
    assert set(fields) == {"name", "new_name"}


@pytest.fixture(scope="module")
def keyed():
    key, entry = make_key("operator", "admin")
    with Program({"auth": {"api_keys": [entry]}}) as program:
        program.headers = {"x-api-key": key}
        yield program


def test_an_inference_is_described_so_that_its_example_works(keyed, document):
    path = "/v2/models/{model}/infer"
    body = media(document, path, "post")
    url = keyed.url + path.format(model="sentiment")
    answer = httpx.post(url, json=body["example"], headers=keyed.headers)
    assert answer.status_code == 200, answer.text
    validator(document, media(document, path, "post", "200")["schema"]).validate(answer.json())
    label, probabilities = answer.json()["outputs"]
    assert label["data"] == ["positive"] and probabilities["data"][2] > 0.5
    x = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [[1, 2]], "parameters": {"binary_data_size": 8}}
    schema = validator(document, body["schema"])
    schema.validate({"id": "1", "inputs": [x], "outputs": [{"name": "y", "parameters": {"classification": 2}}], "parameters": {"priority": 1}})
    for wrong in ({}, {"inputs": []}, {"inputs": [x | {"datatype": "FP99"}]}, {"inputs": [x | {"shape": [-1]}]}, {"inputs": [{"name": "x"}]}, {"inputs": [x], "outputs": [{}]}):
        assert not schema.is_valid(wrong), wrong
        assert httpx.post(url, json=wrong, headers=keyed.headers).status_code == 400, wrong


def test_other_bodies_of_the_protocol_are_what_the_server_takes_and_answers(keyed, document):
    for verb, path, values in [
        ("get", "/v2", {}),
        ("get", "/v2/models/{model}", {"model": "sentiment"}),
        ("post", "/v2/repository/index", {}),
        ("get", "/v2/logging", {}),
        ("post", "/v2/logging", {}),
        ("get", "/v2/trace/setting", {}),
        ("post", "/v2/trace/setting", {}),
        ("get", "/v2/systemsharedmemory/status", {}),
    ]:
        body = media(document, path, verb)["example"] if verb == "post" else None
        answer = httpx.request(verb, keyed.url + path.format(**values), json=body, headers=keyed.headers)
        assert answer.status_code == 200, (path, answer.text)
        schema = media(document, path, verb, "200")["schema"]
        assert schema != {"type": "object"}, path
        validator(document, schema).validate(answer.json())


@pytest.mark.parametrize(
    ("verb", "path", "template"),
    [
        ("get", "/v2/models/none-such", "/v2/models/{model}"),
        ("post", "/v2/models/none-such/infer", "/v2/models/{model}/infer"),
        ("get", "/api/2.0/mlflow/runs/get?run_id=none-such", "/api/2.0/mlflow/runs/get"),
        ("post", "/classify-image", "/classify-image"),
    ],
)
def test_errors_of_other_protocols_are_as_described(starling, document, verb, path, template):
    answer = httpx.request(verb, starling.url + path, content=b"{" if verb == "post" else None, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500
    body = document["paths"][template][verb]["responses"]["default"]["content"]["application/json"]["schema"]
    validator(document, body).validate(answer.json())


def test_health_pages_answer_as_described(starling, document):
    for path in ["/livez", "/readyz"]:
        answer = httpx.get(starling.url + path)
        validator(document, media(document, path, "get", "200")["schema"]).validate(answer.json())


def test_browsers_ask_whether_it_is_new(starling):
    first = httpx.get(starling.url + "/openapi.json")
    again = httpx.get(starling.url + "/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(starling.url + "/openapi.json", headers={"if-none-match": '"other"'}).status_code == 200


def test_events_are_what_the_stream_says():
    """The log has lines because a child was started."""
    with Program({"placement": {"sentiment": {"mode": "process"}}}, models=[]) as program:
        admin = httpx.get(program.admin_url + "/openapi.json").json()
        answer = httpx.get(program.admin_url + "/admin/logs", params={"last": 2, "no_follow": "true"})
    logs = admin["paths"]["/admin/logs"]["get"]
    assert {"last", "no_follow"} == {parameter["name"] for parameter in logs["parameters"]}
    schema = logs["responses"]["200"]["content"]["text/event-stream"]["schema"]
    events = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert events
    for event in events:
        validator(admin, schema).validate(json.loads(event))


def test_first_request_that_the_program_prints_works_as_it_stands():
    with Program() as program:
        command = program.process.stdout.readline().decode()
        assert "/docs" not in command
        answer = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True).stdout
        assert json.loads(answer)["results"][0]["sentiment"] == "positive"
