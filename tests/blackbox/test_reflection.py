"""Server reflection on the real program: grpcurl and grpcio's reflection client find and call what is there."""

import json

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from harness.go_programs import grpcurl
from harness.program import Program

pytestmark = pytest.mark.timeout(900)  # the first of them builds grpcurl and its neighbours

SENTIMENT = "starling.sentiment.v1.SentimentService"
HTTP_OPTION = 72295728  # google.api.http
REFLECTION = {"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}


def test_grpcurl_lists_what_is_served(starling):
    status, output, errors = grpcurl(starling.grpc, "list")
    assert status == 0, errors
    assert {SENTIMENT, "grpc.health.v1.Health", "starling.models.v1.ModelsService"} | REFLECTION <= set(output.split())
    assert "starling.admin.v1.AdminService" not in output, "the admin listener's own"
    _, output, _ = grpcurl(starling.addresses["admin"], "list")
    assert "starling.admin.v1.AdminService" in output.split()


def test_grpcurl_describes_services_and_messages(starling):
    status, output, errors = grpcurl(starling.grpc, "describe", SENTIMENT)
    assert status == 0, errors
    assert "rpc AnalyzeSentiment ( .starling.sentiment.v1.AnalyzeSentimentRequest )" in output
    assert "google.api.http" in output, "options come with their extensions"
    for symbol in ["starling.sentiment.v1.AnalyzeSentimentRequest", f"{SENTIMENT}.AnalyzeSentiment", *REFLECTION, "grpc.health.v1.HealthCheckResponse.ServingStatus"]:
        status, output, errors = grpcurl(starling.grpc, "describe", symbol)
        assert status == 0 and symbol in output, errors
    status, _, errors = grpcurl(starling.grpc, "describe", "starling.Nothing")
    assert status != 0 and "not found" in errors.lower()


def test_grpcurl_calls_by_what_it_learned(starling):
    status, output, errors = grpcurl("-d", '{"texts": ["This is wonderful."]}', starling.grpc, f"{SENTIMENT}/AnalyzeSentiment")
    assert status == 0, errors
    assert json.loads(output)["results"][0]["sentiment"] == "positive"
    status, _, errors = grpcurl("-d", "{}", starling.grpc, f"{SENTIMENT}/AnalyzeSentiment")
    assert status != 0 and "InvalidArgument" in errors and "non-empty list" in errors


def test_grpcios_client_builds_messages_from_it(starling):
    with grpc.insecure_channel(starling.grpc) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert SENTIMENT in database.get_services()
        method = DescriptorPool(database).FindServiceByName(SENTIMENT).FindMethodByName("AnalyzeSentiment")
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        call = channel.unary_unary(
            f"/{SENTIMENT}/AnalyzeSentiment", request_serializer=request.SerializeToString, response_deserializer=response.FromString
        )
        answer = MessageToDict(call(request(texts=["Awful."]), timeout=30))
        assert answer["results"][0]["sentiment"] == "negative"
        assert HTTP_OPTION in database.FindAllExtensionNumbers("google.protobuf.MethodOptions")


def ask(channel, version, *requests):
    call = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    return list(call(iter(requests), timeout=30))


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_what_is_not_there_is_told_and_the_stream_goes_on(starling, version):
    question = reflection_pb2.ServerReflectionRequest
    with grpc.insecure_channel(starling.grpc) as channel:
        answers = ask(
            channel,
            version,
            question(host="here", file_containing_symbol="no.Such"),
            question(file_by_filename="no/such.proto"),
            question(all_extension_numbers_of_type="no.Such"),
            question(file_containing_extension=reflection_pb2.ExtensionRequest(containing_type="no.Such", extension_number=7)),
            question(),
            question(file_containing_symbol=f"{SENTIMENT}.AnalyzeSentiment"),
            question(file_containing_symbol="starling.sentiment.v1.AnalyzeSentimentRequest"),
            question(file_containing_extension=reflection_pb2.ExtensionRequest(containing_type="google.protobuf.MethodOptions", extension_number=HTTP_OPTION)),
        )
    codes = [answer.error_response.error_code for answer in answers[:5]]
    assert codes == [grpc.StatusCode.NOT_FOUND.value[0]] * 4 + [grpc.StatusCode.INVALID_ARGUMENT.value[0]]
    assert answers[0].valid_host == "here" and answers[0].original_request.file_containing_symbol == "no.Such"
    files = [[FileDescriptorProto.FromString(file).name for file in answer.file_descriptor_response.file_descriptor_proto] for answer in answers[5:]]
    assert files[0][-1] == "starling/sentiment/v1/sentiment.proto" and "google/api/annotations.proto" in files[0]
    assert files[1] == files[0][-1:], "imports are sent once in a stream"
    assert files[2] == ["google/api/annotations.proto"]


def test_it_can_be_switched_off():
    with Program({"server": {"reflection": False}}, models=[]) as program:
        status, _, errors = grpcurl(program.grpc, "list")
        assert status != 0 and "does not support the reflection API" in errors
        with grpc.insecure_channel(program.grpc) as channel, pytest.raises(grpc.RpcError) as error:
            reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([]), timeout=30).next()
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
