"""What must be refused: every one of these is the caller's fault, gets the protocol's error, and harms nobody."""

import copy
import json

from .checks_infer import binary_request
from .rules import rule
from .server import NotApplicable, expect, expect_callers_fault, expect_error, expect_ok
from .tensors import NUMBERS, inputs_of

REFUSALS = {}  # name: a function of the server that gives what is sent


def refusal(name):
    def add(function):
        REFUSALS[name] = function
        return function

    return add


def changed(server, **fields):
    inputs = inputs_of(server)
    inputs[0].update(fields)
    return {"inputs": inputs}


@refusal("malformed JSON")
def malformed(server):
    return json.dumps({"inputs": inputs_of(server)})[:-2]


@refusal("no JSON object")
def no_object(_):
    return "[1, 2]"


@refusal("an empty body")
def empty(_):
    return ""


@refusal("no inputs")
def no_inputs(_):
    return {"id": "1"}


@refusal("a missing input")
def missing_input(_):
    return {"inputs": []}


@refusal("an unknown input")
def unknown_input(server):
    return changed(server, name="no-such-input")


@refusal("the same input twice")
def twice(server):
    inputs = inputs_of(server)
    return {"inputs": inputs + [copy.deepcopy(inputs[0])]}


@refusal("an unknown output")
def unknown_output(server):
    return {"inputs": inputs_of(server), "outputs": [{"name": "no-such-output"}]}


@refusal("an unknown datatype")
def unknown_datatype(server):
    return changed(server, datatype="FP12")


@refusal("an input without a datatype")
def no_datatype(server):
    request = changed(server)
    del request["inputs"][0]["datatype"]
    return request


@refusal("an input without a shape")
def no_shape(server):
    request = changed(server)
    del request["inputs"][0]["shape"]
    return request


@refusal("an input without data")
def no_data(server):
    request = changed(server)
    del request["inputs"][0]["data"]
    return request


@refusal("one element too few")
def too_few(server):
    return changed(server, data=inputs_of(server)[0]["data"][:-1])


@refusal("one element too many")
def too_many(server):
    data = inputs_of(server)[0]["data"]
    return changed(server, data=data + data[:1])


@refusal("a negative dimension")
def negative(server):
    shape = inputs_of(server)[0]["shape"]
    return changed(server, shape=[-1, *shape[1:]])


@refusal("dimensions whose product overflows")
def overflow(server):
    return changed(server, shape=[2**32, 2**32, 2**32])


@refusal("a dimension that is no integer")
def fraction(server):
    return changed(server, shape=[1.5])


@refusal("data that are no list")
def no_list(server):
    return changed(server, data={"x": 1})


@refusal("null among the data")
def null(server):
    data = inputs_of(server)[0]["data"]
    return changed(server, data=[None, *data[1:]])


@refusal("NaN, which is no JSON")
def nan(server):
    if inputs_of(server)[0]["datatype"] not in NUMBERS:
        raise NotApplicable("the first input holds no numbers")
    data = inputs_of(server)[0]["data"]
    return changed(server, data=[float("nan"), *data[1:]])


@refusal("a number past the datatype's range")
def out_of_range(server):
    first = inputs_of(server)[0]
    beyond = NUMBERS.get(first["datatype"], (None, None, None))[2]
    if beyond is None:
        raise NotApplicable(f"{first['datatype']} has no such number")
    return changed(server, data=[beyond, *first["data"][1:]])


@refusal("a value of another kind")
def other_kind(server):
    first = inputs_of(server)[0]
    wrong = 5 if first["datatype"] == "BYTES" else "text"
    return changed(server, data=[wrong, *first["data"][1:]])


def _add(name, make):
    @rule("refuse: " + name, "must", "is an error with the protocol's body, and the server goes on")
    def refused(server):
        expect_error(server.infer(make(server)), name)
        expect_ok(server.get("/v2/health/live"), "live afterwards")
        expect_ok(server.infer({"inputs": inputs_of(server)}), "a good request afterwards")

    @rule("blame: " + name, "should", "is a 4xx: nobody is woken for a caller's mistake")
    def blamed(server):
        answer = server.infer(make(server))
        expect(answer.status >= 400, f"answers {answer.status}")
        expect_callers_fault(answer, name)


for _name, _make in REFUSALS.items():
    _add(_name, _make)


@rule("refuse: unknown model", "must", "an inference by a model that there is not is an error with the protocol's body")
def unknown_model(server):
    answer = server.request("POST", "/v2/models/no-such-model-x7/infer", json.dumps({"inputs": inputs_of(server)}),
                            {"Content-Type": "application/json"})
    expect_error(answer, "an unknown model")


@rule("refuse: unknown version", "must", "... and so by a version that there is not")
def unknown_version(server):
    if not server.metadata.get("versions"):
        raise NotApplicable("the model lists no versions")
    expect_error(server.infer({"inputs": inputs_of(server)}, "987654"), "an unknown version")


@rule("refuse: binary sizes", "must", "binary inputs that are shorter or longer than they say are errors")
def binary_sizes(server):
    server.need_extension("binary_tensor_data")
    header, binary = binary_request(server)
    expect_error(server.infer_binary(header, binary[:-1]), "one byte too few")
    expect_error(server.infer_binary(header, binary + b"x"), "one byte too many")
    header["inputs"][0]["parameters"]["binary_data_size"] = 2**62
    expect_error(server.infer_binary(header, binary), "an enormous binary_data_size")
    answer = server.request("POST", server.model_path("/infer"), b"{}", {"Inference-Header-Content-Length": "100"})
    expect_error(answer, "a header length past the body")
    expect_ok(server.infer({"inputs": inputs_of(server)}), "a good request afterwards")
