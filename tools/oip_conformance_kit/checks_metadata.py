"""Health, metadata and readiness: inference_rest.md, sections "Health" to "Model Metadata"."""

import urllib.parse

from .rules import rule
from .server import NotApplicable, expect, expect_error, expect_ok
from .tensors import DATATYPES

UNKNOWN = "no-such-model-x7"


@rule("server-live", "must", "GET /v2/health/live answers 200")
def server_live(server):
    expect_ok(server.get("/v2/health/live"), "live")


@rule("server-ready", "must", "GET /v2/health/ready answers 200 when models are ready")
def server_ready(server):
    expect_ok(server.get("/v2/health/ready"), "ready")


@rule("server-metadata", "must", "GET /v2 says name, version and extensions")
def server_metadata(server):
    body = expect_ok(server.get("/v2"), "GET /v2").json()
    for field in ("name", "version"):
        expect(isinstance(body.get(field), str), f"'{field}' is no string")
    extensions = body.get("extensions")
    expect(isinstance(extensions, list) and all(isinstance(one, str) for one in extensions), "'extensions' is no list of strings")
    return f"{body['name']} {body['version']}"


@rule("model-ready", "must", "GET .../ready answers 200 for a model that is ready")
def model_ready(server):
    expect_ok(server.get(server.model_path("/ready")), "ready of the model")


@rule("model-ready-body", "must", "... with the model's name and ready: true")
def model_ready_body(server):
    body = expect_ok(server.get(server.model_path("/ready")), "ready of the model").json()
    expect(isinstance(body, dict) and body.get("ready") is True, f"the body is {body}")
    expect(body.get("name") == server.model, f"'name' is {body.get('name')!r}")


@rule("model-metadata", "must", "GET /v2/models/{model} says name, platform, and name, datatype and shape of each tensor")
def model_metadata(server):
    body = server.metadata
    expect(body.get("name") == server.model, f"'name' is {body.get('name')!r}")
    expect(isinstance(body.get("platform"), str), "'platform' is no string")
    for kind in ("inputs", "outputs"):
        expect(isinstance(body.get(kind), list) and body[kind], f"'{kind}' is no list, or an empty one")
        for tensor in body[kind]:
            expect(isinstance(tensor.get("name"), str), f"a tensor of '{kind}' has no name")
            expect(tensor.get("datatype") in DATATYPES, f"'{tensor.get('name')}' has the datatype {tensor.get('datatype')!r}")
            shape = tensor.get("shape")
            expect(isinstance(shape, list) and all(isinstance(size, int) and size >= -1 for size in shape),
                   f"'{tensor['name']}' has the shape {shape!r}")


@rule("model-versions", "must", "every version that the metadata lists can be asked for")
def model_versions(server):
    versions = server.metadata.get("versions")
    if not versions:
        raise NotApplicable("the model lists no versions")
    for version in versions:
        expect(isinstance(version, str), f"the version {version!r} is no string")
        expect_ok(server.get(server.model_path("", version)), f"metadata of version {version}")
        expect_ok(server.get(server.model_path("/ready", version)), f"ready of version {version}")


@rule("unknown-model", "must", "metadata of a model that there is not is an error with the protocol's body")
def unknown_model(server):
    expect_error(server.get(f"/v2/models/{UNKNOWN}"), "metadata of an unknown model")


@rule("unknown-model-ready", "must", "a model that there is not is not ready")
def unknown_model_ready(server):
    answer = server.get(f"/v2/models/{UNKNOWN}/ready")
    expect(answer.status != 200, "an unknown model is ready")


@rule("unknown-version", "must", "metadata of a version that there is not is an error with the protocol's body")
def unknown_version(server):
    if not server.metadata.get("versions"):
        raise NotApplicable("the model lists no versions")
    expect_error(server.get(server.model_path("", "987654")), "metadata of an unknown version")


@rule("unknown-is-404", "should", "an unknown model is 404, not a fault of the server")
def unknown_is_404(server):
    for path in (f"/v2/models/{UNKNOWN}", "/v2/models/" + urllib.parse.quote("../x", safe="")):
        status = server.get(path).status
        expect(status in (400, 404), f"GET {path} answers {status}")


@rule("configuration", "must", "extension model_configuration: GET .../config is an object with the model's name")
def configuration(server):
    server.need_extension("model_configuration")
    body = expect_ok(server.get(server.model_path("/config")), "config").json()
    expect(body.get("name") == server.model, f"'name' is {body.get('name')!r}")


@rule("repository-index", "must", "extension model_repository: POST /v2/repository/index is a list of models with name and state")
def repository_index(server):
    server.need_extension("model_repository")
    answer = server.request("POST", "/v2/repository/index", "{}", {"Content-Type": "application/json"})
    if answer.status in (401, 403):
        raise NotApplicable(f"the index answers {answer.status}: not for this caller")
    body = expect_ok(answer, "the index").json()
    expect(isinstance(body, list) and all(isinstance(one.get("name"), str) for one in body), "the index is no list of named models")
    expect(server.model in [one["name"] for one in body], f"the index has no model {server.model!r}")
