"""inference.GRPCInferenceService: inference_grpc.md. With grpcio, and the messages by hand, so that no generated code is needed."""

from .rules import rule
from .server import Broken, NotApplicable, expect
from .tensors import inputs_of, raw
from .wire import fields_of, message, repeated

SERVICE = "/inference.GRPCInferenceService/"
# Field of InferTensorContents by datatype; (number, kind).
CONTENTS = {"BOOL": (1, "varint"), "INT8": (2, "varint"), "INT16": (2, "varint"), "INT32": (2, "varint"), "INT64": (3, "varint"),
            "UINT8": (4, "varint"), "UINT16": (4, "varint"), "UINT32": (4, "varint"), "UINT64": (5, "varint"),
            "FP32": (6, "<f"), "FP64": (7, "<d"), "BYTES": (8, "bytes")}


def call(server, method, request=b"", many=False):
    """The fields of the answer."""
    if server.grpc is None:
        raise NotApplicable("no --grpc address was given")
    channel = server.grpc
    if many:
        stub = channel.stream_stream(SERVICE + method)
        return [fields_of(answer) for answer in stub(iter(request), timeout=30, metadata=server.grpc_metadata)]
    return fields_of(channel.unary_unary(SERVICE + method)(request, timeout=30, metadata=server.grpc_metadata))


def status_of(server, method, request):
    import grpc

    try:
        call(server, method, request)
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


def tensor(one):
    return message((1, one["name"]), (2, one["datatype"]), *((3, size) for size in one["shape"]))


def infer_request(server, model=None, version="", identifier="", typed=False, skip_raw=False):
    fields = [(1, model or server.model), (2, version), (3, identifier)]
    for one in inputs_of(server):
        if typed:
            if one["datatype"] not in CONTENTS:
                raise NotApplicable(f"{one['datatype']} has no typed contents")
            number, kind = CONTENTS[one["datatype"]]
            values = [value.encode() if kind == "bytes" else value for value in one["data"]]
            fields.append((5, tensor(one) + message((5, message(*((number, value, kind) for value in values))))))
        else:
            fields.append((5, tensor(one)))
    if not typed and not skip_raw:
        fields += [(7, raw(one["datatype"], one["data"])) for one in inputs_of(server)]
    return message(*fields)


@rule("grpc-health", "must", "ServerLive, ServerReady and ModelReady say true")
def grpc_health(server):
    expect(call(server, "ServerLive").get(1) == [1], "ServerLive is not true")
    expect(call(server, "ServerReady").get(1) == [1], "ServerReady is not true")
    expect(call(server, "ModelReady", message((1, server.model))).get(1) == [1], "ModelReady is not true")


@rule("grpc-metadata", "must", "ServerMetadata and ModelMetadata say the same as over HTTP")
def grpc_metadata(server):
    expect(call(server, "ServerMetadata").get(1) == [server.get("/v2").json()["name"].encode()], "the server's name differs")
    answer = call(server, "ModelMetadata", message((1, server.model)))
    expect(answer.get(1) == [server.model.encode()], "the model's name differs")
    names = [fields_of(one)[1][0].decode() for one in answer.get(4, [])]
    expect(names == [one["name"] for one in server.metadata["inputs"]], f"the inputs are {names}")


def outputs(answer):
    """(name, datatype, raw bytes) of each output, whichever form it came in."""
    result = []
    for index, encoded in enumerate(answer.get(5, [])):
        one = fields_of(encoded)
        datatype = one[2][0].decode()
        if 6 in answer:
            data = answer[6][index]
        else:
            number, kind = CONTENTS[datatype]
            data = raw(datatype, repeated(fields_of(one[5][0]).get(number, []), kind))
        result.append((one[1][0], datatype, data))
    return result


@rule("grpc-infer-raw", "must", "ModelInfer with raw_input_contents answers with outputs, the model's name and the id")
def grpc_infer_raw(server):
    answer = call(server, "ModelInfer", infer_request(server, identifier="42"))
    expect(answer.get(1) == [server.model.encode()], "'model_name' differs")
    expect(answer.get(3) == [b"42"], "the id does not come back")
    expect(outputs(answer), "there are no outputs")


@rule("grpc-infer-typed", "must", "ModelInfer with typed contents gives the same")
def grpc_infer_typed(server):
    typed = outputs(call(server, "ModelInfer", infer_request(server, typed=True)))
    expect(typed == outputs(call(server, "ModelInfer", infer_request(server))), "the outputs differ")


@rule("grpc-stream", "must", "ModelStreamInfer (where it is offered) answers each request")
def grpc_stream(server):
    import grpc

    try:
        answers = call(server, "ModelStreamInfer", [infer_request(server)] * 3, many=True)
    except grpc.RpcError as error:
        if error.code() in (grpc.StatusCode.UNIMPLEMENTED,):
            raise NotApplicable("there is no ModelStreamInfer") from error
        raise Broken(f"{error.code().name}: {error.details()}") from error
    expect(len(answers) == 3, f"3 requests got {len(answers)} answers")


@rule("grpc-unknown-model", "must", "a model that there is not is an error")
def grpc_unknown_model(server):
    status = status_of(server, "ModelInfer", infer_request(server, model="no-such-model-x7"))
    expect(status != "OK", "it is OK")
    expect(status in ("NOT_FOUND", "INVALID_ARGUMENT"), f"the status is {status}")


@rule("grpc-wrong-tensors", "must", "raw contents that do not fit the inputs are an error of the caller")
def grpc_wrong_tensors(server):
    request = infer_request(server)
    for what, bad in (("one more raw tensor", request + message((7, b"12345678"))),
                      ("no tensor data at all", infer_request(server, skip_raw=True))):
        status = status_of(server, "ModelInfer", bad)
        expect(status == "INVALID_ARGUMENT", f"{what}: the status is {status}")
    expect(status_of(server, "ModelInfer", request) == "OK", "a good request afterwards fails")
