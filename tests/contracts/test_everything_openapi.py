"""The OpenAPI document of the contract that has every type and every shape of call."""

import base64
import json
import re
import subprocess

import pytest
from jsonschema import Draft202012Validator

from harness.program import BINARY, ROOT

RUNS = []

EVERYTHING = "starling.everything.v1.Everything"


@pytest.fixture(scope="module")
def document():
    printed = subprocess.run([BINARY.parent / "tests/contracts/everything_openapi"], check=True, capture_output=True).stdout
    return json.loads(printed)


@pytest.fixture(scope="module")
def properties(document):
    return document["components"]["schemas"][EVERYTHING]["properties"]


def accepts(document, name, value):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema).is_valid(value)


def validate(document):
    """By the stock validator, which takes a third of a second of a processor to import, in every process that imports this file."""
    from openapi_spec_validator import OpenAPIV31SpecValidator

    OpenAPIV31SpecValidator(document).validate()


def test_stock_validator_accepts_it(document):
    validate(document)


def test_paths_and_verbs(document):
    verbs = {path: list(item) for path, item in document["paths"].items() if path.startswith("/v1")}
    assert verbs == {
        "/v1/echo": ["post"],
        "/v1/count/{to}": ["get"],
        "/v1/find/{place.city}/{name}": ["get"],
        "/v1/find/{name}": ["put"],
        "/v1/find": ["delete"],
    }
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids)) and "EverythingService_Find_2" in ids


def test_comments_become_summary_and_description(document):
    echo = document["paths"]["/v1/echo"]["post"]
    assert (echo["summary"], echo["description"]) == ("One for one", "One for one.\n\nThe second paragraph.")
    assert document["paths"]["/v1/find"]["delete"]["summary"] == "Find"
    assert {"name": "Everything", "description": "Gives back what it gets."} in document["tags"]


def test_path_and_query_parameters(document):
    parameters = document["paths"]["/v1/find/{place.city}/{name}"]["get"]["parameters"]
    assert [(p["name"], p["in"], p.get("required", False)) for p in parameters] == [
        ("place.city", "path", True), ("name", "path", True), ("place.latitude", "query", False), ("place.longitude", "query", False),
        ("filter.words", "query", False), ("filter.limit", "query", False), ("filter.after", "query", False), ("colors", "query", False),
        ("exact", "query", False), ("score", "query", False), ("page", "query", False), ("token", "query", False),
    ]  # fmt: skip
    schemas = {p["name"]: p["schema"] for p in parameters}
    assert schemas["place.city"] == {"type": "string", "maxLength": 20}
    assert schemas["filter.limit"] == {"type": "integer", "format": "int32", "minimum": 0, "maximum": 100}
    assert schemas["filter.words"] == {"type": "array", "items": {"type": "string"}}
    assert schemas["score"] == {"type": "number", "format": "double"}
    assert schemas["filter.after"] == {"type": "string", "format": "date-time"}


def test_body_of_one_field_leaves_the_rest_to_the_query(document):
    put = document["paths"]["/v1/find/{name}"]["put"]
    body = put["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/starling.everything.v1.FindRequest.Filter"}
    names = [parameter["name"] for parameter in put["parameters"]]
    assert "place.city" in names and not any(name.startswith("filter") for name in names)


def test_response_body_is_the_field(document):
    answer = document["paths"]["/v1/find/{place.city}/{name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert answer == {"type": "array", "items": {"type": "string"}}


def test_stream_is_an_event_stream_and_names_its_scope(document):
    count = document["paths"]["/v1/count/{to}"]["get"]
    assert list(count["responses"]["200"]["content"]) == ["text/event-stream"]
    assert count["security"] == [{"BearerKey": ["count"]}, {"ApiKey": ["count"]}]
    assert {"401", "403", "404"} <= set(count["responses"])


def test_errors_have_one_body_and_say_when_to_come_back(document):
    responses = document["components"]["responses"]
    for name in ["TooManyRequests", "Unavailable"]:
        assert "retry-after" in responses[name]["headers"]
    assert all(r["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"} for r in responses.values())
    assert document["components"]["schemas"]["Error"]["required"] == ["error", "details"]


@pytest.mark.parametrize("name, schema", [
    ("a_double", {"type": "number", "format": "double"}),
    ("an_int64", {"type": "integer", "format": "int64"}),
    ("a_uint64", {"type": "integer", "format": "uint64", "minimum": 0}),
    ("some_bytes", {"type": "string", "contentEncoding": "base64"}),
    ("weather", {"$ref": "#/components/schemas/starling.everything.v1.Weather"}),
    ("self", {"$ref": f"#/components/schemas/{EVERYTHING}"}),
    ("int64s_by_int32", {"type": "object", "propertyNames": {"pattern": "^-?[0-9]+$"},
                         "additionalProperties": {"type": "integer", "format": "int64"}}),
    ("colors_by_bool", {"type": "object", "propertyNames": {"enum": ["true", "false"]},
                        "additionalProperties": {"$ref": f"#/components/schemas/{EVERYTHING}.Color"}}),
    ("timestamp", {"type": "string", "format": "date-time"}),
    ("a_struct", {"type": "object", "additionalProperties": True}),
    ("a_list", {"type": "array", "items": {}}),
    ("chosen_null", {"type": "null"}),
    ("int64_value", {"type": ["integer", "null"], "format": "int64"}),
    ("string_values", {"type": "array", "items": {"type": ["string", "null"]}}),
])  # fmt: skip
def test_types(properties, name, schema):
    assert properties[name] == schema


def test_enums_go_by_name(document):
    assert document["components"]["schemas"]["starling.everything.v1.Weather"]["enum"] == [
        "WEATHER_UNSPECIFIED", "WEATHER_SUN", "WEATHER_RAIN", "WEATHER_BELOW_ZERO",
    ]  # fmt: skip


@pytest.mark.parametrize("value, valid", [
    ({}, True),
    ({"chosen_string": "a"}, True),
    ({"chosen_string": "a", "chosen_int64": 1}, False),
    ({"an_int32": "x"}, False),
    ({"some_bytes": base64.b64encode(b"\0\1").decode(), "nested": {"deeper": {"number": 3}}, "self": {"self": {}}}, True),
    ({"int64s_by_int32": {"-3": 1}}, True),
    ({"int64s_by_int32": {"x": 1}}, False),
    ({"duration": "1.5s"}, True),
    ({"duration": "PT1S"}, False),
    ({"int64_value": None}, True),
    ({"place": {"city": "a" * 21}}, False),
], ids=json.dumps)  # fmt: skip
def test_schema_accepts_what_the_contract_does(document, value, valid):
    assert accepts(document, EVERYTHING, value) == valid


def test_what_comes_in_answers_alone_is_always_there(document):
    assert document["components"]["schemas"]["starling.everything.v1.CountResponse"]["required"] == ["number"]


BAD = """syntax = "proto3";
package bad.v1;
import "google/api/annotations.proto";
import "starling/options/v1/options.proto";
message Request {
  int32 number = 1 [(starling.options.v1.field).example = "EXAMPLE"];
}
service S { rpc Get(Request) returns (Request) { option (google.api.http) = {post: "/a" body: "*"}; option (starling.options.v1.method) = {access: ACCESS_PUBLIC}; } }
"""


@pytest.mark.parametrize("example, sentence", [
    ("3", None),
    ("many", "the example of 'number' does not fit"),
    ("1e99", "the example of 'number' does not fit"),
])  # fmt: skip
def test_example_must_fit_its_field(tmp_path, example, sentence):
    (tmp_path / "bad.proto").write_text(BAD.replace("EXAMPLE", example))
    fetched = subprocess.run([ROOT / "third_party/fetch", "--path", "googleapis-common-protos"], capture_output=True, text=True, check=True)
    plugin = BINARY.parent / "tools/protoc_gen_starling/protoc-gen-starling"
    result = subprocess.run(
        ["protoc", f"-I{tmp_path}", f"-I{ROOT / 'api'}", f"-I{fetched.stdout.strip()}", f"--plugin=protoc-gen-starling={plugin}",
         f"--starling_out={tmp_path}", "bad.proto"], capture_output=True, text=True, check=False,
    )  # fmt: skip
    if sentence is None:
        assert result.returncode == 0, result.stderr
    else:
        assert result.returncode != 0 and sentence in result.stderr
        assert re.search(r"bad\.proto:6:\d+: ", result.stderr)
