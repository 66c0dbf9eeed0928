"""Inference over HTTP: inference_rest.md, sections "Inference" and "Tensor Data"; Triton's binary data and statistics extensions."""

from .rules import rule
from .server import NotApplicable, expect, expect_ok
from .tensors import DATATYPES, count_of, flat, inputs_of, nested, raw


def infer(server, **fields):
    return expect_ok(server.infer({"inputs": inputs_of(server), **fields}), "an inference").json()


def outputs_of(response):
    return {output["name"]: list(flat(output["data"])) for output in response["outputs"]}


@rule("infer", "must", "POST .../infer answers 200 with outputs: name, shape, datatype, data")
def infer_shape(server):
    body = infer(server)
    expect(isinstance(body.get("outputs"), list) and body["outputs"], "there are no outputs")
    for output in body["outputs"]:
        name = output.get("name")
        expect(isinstance(name, str), "an output has no name")
        expect(output.get("datatype") in DATATYPES, f"output '{name}' has the datatype {output.get('datatype')!r}")
        shape = output.get("shape")
        expect(isinstance(shape, list) and all(isinstance(size, int) and size >= 0 for size in shape), f"'{name}': shape {shape!r}")
        count = len(list(flat(output["data"])))
        expect(count == count_of(shape), f"output '{name}' has {count} elements and the shape {shape}")


@rule("infer-model-name", "must", "the response says the model's name")
def infer_model_name(server):
    expect(infer(server).get("model_name") == server.model, "'model_name' is another")


@rule("infer-metadata", "must", "outputs have the names and datatypes of the metadata")
def infer_metadata(server):
    known = {tensor["name"]: tensor["datatype"] for tensor in server.metadata["outputs"]}
    for output in infer(server)["outputs"]:
        expect(output["name"] in known, f"the metadata knows no output '{output['name']}'")
        expect(output["datatype"] == known[output["name"]],
               f"output '{output['name']}' is {output['datatype']}, {known[output['name']]} in the metadata")


@rule("infer-id", "must", "the request's id comes back")
def infer_id(server):
    returned = infer(server, id="request 42").get("id")
    expect(returned == "request 42", f"the id comes back as {returned!r}")


@rule("infer-parameters", "must", "parameters that are strings, numbers and booleans are accepted")
def infer_parameters(server):
    infer(server, parameters={"kit_text": "a", "kit_number": 1.5, "kit_flag": True})


@rule("infer-content-type", "should", "the response's content-type is application/json")
def infer_content_type(server):
    answer = expect_ok(server.infer({"inputs": inputs_of(server)}), "an inference")
    kind = answer.headers.get("content-type", "")
    expect(kind.startswith("application/json"), f"the content-type is {kind!r}")


@rule("infer-nested", "must", "nested data are the same as flat data")
def infer_nested(server):
    inputs = inputs_of(server)
    for one in inputs:
        one["data"] = nested(one["data"], one["shape"])
    answer = expect_ok(server.infer({"inputs": inputs}), "nested data").json()
    expect(outputs_of(answer) == outputs_of(infer(server)), "the outputs differ")


@rule("infer-outputs", "must", "only the outputs that are asked for come back")
def infer_outputs(server):
    name = server.metadata["outputs"][-1]["name"]
    returned = [output["name"] for output in infer(server, outputs=[{"name": name}])["outputs"]]
    expect(returned == [name], f"asked for '{name}', got {returned}")


@rule("infer-version", "must", "a version that the metadata lists can be run")
def infer_version(server):
    versions = server.metadata.get("versions")
    if not versions:
        raise NotApplicable("the model lists no versions")
    body = expect_ok(server.infer({"inputs": inputs_of(server)}, versions[-1]), f"version {versions[-1]}").json()
    expect(body.get("model_version") == versions[-1], f"'model_version' is {body.get('model_version')!r}")


@rule("infer-unknown-fields", "should", "fields that the protocol does not know are passed over")
def infer_unknown_fields(server):
    infer(server, kit_unknown={"x": [1, 2]})


def binary_request(server, **fields):
    inputs, binary = inputs_of(server), b""
    for one in inputs:
        part = raw(one["datatype"], one.pop("data"))
        one["parameters"] = {"binary_data_size": len(part)}
        binary += part
    return {"inputs": inputs, **fields}, binary


@rule("binary-input", "must", "extension binary_tensor_data: inputs behind the JSON are the same as in it")
def binary_input(server):
    server.need_extension("binary_tensor_data")
    answer = expect_ok(server.infer_binary(*binary_request(server)), "binary inputs").json()
    expect(outputs_of(answer) == outputs_of(infer(server)), "the outputs differ")


@rule("binary-output", "must", "extension binary_tensor_data: an output is sent behind the JSON if asked for")
def binary_output(server):
    server.need_extension("binary_tensor_data")
    name = server.metadata["outputs"][0]["name"]
    plain = infer(server, outputs=[{"name": name}])["outputs"][0]
    request = {"inputs": inputs_of(server), "outputs": [{"name": name, "parameters": {"binary_data": True}}]}
    check_binary(expect_ok(server.infer(request), "a binary output"), plain)
    everything = expect_ok(server.infer({"inputs": inputs_of(server), "outputs": [{"name": name}],
                                         "parameters": {"binary_data_output": True}}), "binary_data_output")
    check_binary(everything, plain)


def check_binary(answer, plain):
    length = answer.headers.get("inference-header-content-length")
    expect(length is not None, "there is no header Inference-Header-Content-Length")
    answer.body, binary = answer.body[:int(length)], answer.body[int(length):]
    output = answer.json()["outputs"][0]
    expect("data" not in output, "the output has 'data' too")
    expect(output.get("parameters", {}).get("binary_data_size") == len(binary), "'binary_data_size' is not what follows")
    expect(raw(plain["datatype"], list(flat(plain["data"]))) == binary, "the bytes are not those of the JSON output")


@rule("statistics", "must", "extension statistics: an inference is counted")
def statistics(server):
    server.need_extension("statistics")

    def count():
        body = expect_ok(server.get(server.model_path("/stats")), "stats").json()
        stats = [one for one in body["model_stats"] if one["name"] == server.model]
        return sum(int(one["inference_stats"]["success"].get("count", 0)) for one in stats)

    before = count()
    infer(server)
    expect(count() == before + 1, f"'success' went from {before} to {count()} by one inference")
