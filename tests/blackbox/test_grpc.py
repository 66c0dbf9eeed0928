"""gRPC on the real program, judged by grpcio: health, TLS, errors with details, limits, deadlines, slow readers, a clean stop."""

import gzip
import threading
import time

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status
from harness.contracts import contract
from harness.program import TINY_SENTIMENT, Program
from harness.waiting import wait_for
from hostile.raw_grpc import raw_call
from interop.certificates import certificates

messages, stubs = contract("starling/sentiment/v1/sentiment.proto")
admin, admin_stubs = contract("starling/admin/v1/admin.proto")
SENTIMENT = "starling.sentiment.v1.SentimentService"
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@pytest.fixture
def channel(starling):
    with grpc.insecure_channel(starling.grpc) as channel:
        yield channel


def failure(call, *arguments, **options):
    with pytest.raises(grpc.RpcError) as error:
        call(*arguments, timeout=options.pop("timeout", 30), **options)
    return error.value


@pytest.mark.parametrize("service", ["", SENTIMENT, "starling.models.v1.ModelsService"])
def test_health_of_the_program_and_of_each_service(channel, service):
    health = health_pb2_grpc.HealthStub(channel)
    assert health.Check(health_pb2.HealthCheckRequest(service=service), timeout=30).status == SERVING
    watch = health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=30)
    assert next(watch).status == SERVING
    watch.cancel()


def test_health_of_what_is_not_served(channel):
    health = health_pb2_grpc.HealthStub(channel)
    assert failure(health.Check, health_pb2.HealthCheckRequest(service="no.Such")).code() == grpc.StatusCode.NOT_FOUND
    watch = health.Watch(health_pb2.HealthCheckRequest(service="no.Such"), timeout=30)
    assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
    watch.cancel()


def test_a_watcher_hears_of_the_stop_and_no_call_is_lost():
    """SIGTERM while clients call: each call is answered or was refused before it began, and the watcher hears NOT_SERVING."""
    with Program(models=[TINY_SENTIMENT]) as program, grpc.insecure_channel(program.grpc) as channel:
        heard, answered, lost = [], [], []

        def watch():
            try:
                for answer in health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=60):
                    heard.append(answer.status)
            except grpc.RpcError as error:
                heard.append(error.code())

        def call():
            stub = stubs.SentimentServiceStub(channel)
            while True:
                try:
                    answered.append(stub.AnalyzeSentiment(messages.AnalyzeSentimentRequest(texts=["Nice."]), timeout=30))
                except grpc.RpcError as error:
                    lost.append(error)
                    return

        threads = [threading.Thread(target=one) for one in (watch, call, call, call)]
        for thread in threads:
            thread.start()
        wait_for(lambda: heard and len(answered) > 20, 30, "calls under way")
        assert program.terminate() == 0
        for thread in threads:
            thread.join(30)
        assert heard[:2] == [SERVING, NOT_SERVING]
        # Nobody listens any more: the only failure that a caller may see.
        assert {error.code() for error in lost} == {grpc.StatusCode.UNAVAILABLE}
        assert all("refused" in error.details().lower() or "connect" in error.details().lower() for error in lost), [error.details() for error in lost]


def test_tls(tmp_path):
    files = certificates(tmp_path)
    tls = {"certificate_file": str(files.certificate), "key_file": str(files.key)}
    with Program({"server": {"grpc": {"tls": tls}}}, models=[TINY_SENTIMENT]) as program:
        credentials = grpc.ssl_channel_credentials(files.authority.read_bytes())
        with grpc.secure_channel(program.grpc, credentials) as channel:
            answer = stubs.SentimentServiceStub(channel).AnalyzeSentiment(messages.AnalyzeSentimentRequest(texts=["Great!"]), timeout=30)
            assert answer.results[0].sentiment == "positive"
        with grpc.insecure_channel(program.grpc) as channel:
            assert failure(stubs.SentimentServiceStub(channel).AnalyzeSentiment, messages.AnalyzeSentimentRequest(texts=["a"])).code() == grpc.StatusCode.UNAVAILABLE


def test_a_broken_rule_names_its_field(channel):
    error = failure(stubs.SentimentServiceStub(channel).AnalyzeSentiment, messages.AnalyzeSentimentRequest())
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "'texts' field must be a non-empty list of strings.")
    status = rpc_status.from_call(error)
    violation = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(violation)
    assert violation.field_violations[0].field == "texts"


def test_bytes_that_are_no_message(channel):
    call = channel.unary_unary(f"/{SENTIMENT}/AnalyzeSentiment")
    assert failure(call, b"\xff\xff\xff").code() == grpc.StatusCode.INVALID_ARGUMENT


def test_a_request_over_the_limit():
    with Program({"server": {"limits": {"max_body_bytes": 65536}}}, models=[TINY_SENTIMENT]) as program, grpc.insecure_channel(program.grpc) as channel:
        stub = stubs.SentimentServiceStub(channel)
        error = failure(stub.AnalyzeSentiment, messages.AnalyzeSentimentRequest(texts=["x" * 70000]))
        assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED and "65536" in error.details()
        packed = failure(stub.AnalyzeSentiment, messages.AnalyzeSentimentRequest(texts=["x" * 70000]), compression=grpc.Compression.Gzip)
        assert packed.code() == grpc.StatusCode.RESOURCE_EXHAUSTED, "small on the wire, too large unpacked"
        assert stub.AnalyzeSentiment(messages.AnalyzeSentimentRequest(texts=["ok"]), timeout=30).results


def test_a_deadline_ends_a_stream(channel):
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        list(health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=0.3))
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < 5


def test_methods_and_services_that_are_not_there(channel):
    for path in [f"/{SENTIMENT}/Nothing", "/no.Service/Nothing", "/"]:
        assert failure(channel.unary_unary(path), b"").code() == grpc.StatusCode.UNIMPLEMENTED


def test_keepalive_pings_keep_a_connection(starling):
    """More eagerly than gRPC's own servers allow, for a while; then the call still works."""
    options = [("grpc.keepalive_time_ms", 1000), ("grpc.keepalive_timeout_ms", 2000), ("grpc.keepalive_permit_without_calls", 1), ("grpc.http2.max_pings_without_data", 0)]
    with grpc.insecure_channel(starling.grpc, options=options) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=3.5)
        answers = []
        with pytest.raises(grpc.RpcError) as error:
            answers.extend(watch)
        assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error.value.details()
        assert health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=30).status == SERVING


def test_large_answers_are_packed_for_clients_that_ask(starling):
    path = f"/{SENTIMENT}/AnalyzeSentiment"
    small, large = (messages.AnalyzeSentimentRequest(texts=["Good. " * length]) for length in (1, 2000))
    encoding, flag, packed = raw_call(starling.grpc, path, large, "identity, gzip")
    assert (encoding, flag) == ("gzip", 1) and len(packed) < 1000
    answer = messages.AnalyzeSentimentResponse.FromString(gzip.decompress(packed))
    assert answer.results[0].text == large.texts[0]
    assert raw_call(starling.grpc, path, large)[1] == 0, "nobody asked"
    assert raw_call(starling.grpc, path, small, "gzip")[1] == 0, "too small to gain anything"
