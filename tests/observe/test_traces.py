"""Traces at a collector: one trace from the client to the service in another process, and a collector that fails changes
nothing for requests."""

import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from harness.placements import only
from harness.program import TINY_SENTIMENT, Program
from harness.waiting import wait_for
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from telemetry.judge import Collector

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TEXT = "Nobody but the caller may read zanzibar-secret-words."


@pytest.fixture(scope="module")
def collected():
    """A program with sentiment in a child, and its collector, after one request."""
    collector = Collector()
    with Program({"placement": {"sentiment": {"mode": "process"}}, "observe": {"otlp_endpoint": collector.endpoint}}, models=[TINY_SENTIMENT]) as program:
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": "request-of-the-test"}
        answer = httpx.post(program.url + "/analyze-sentiment", json={"texts": [TEXT]}, headers=headers, timeout=30)
        assert answer.status_code == 200
        yield program, collector
    assert not collector.faults, collector.faults


def spans(collector):
    """(resource attributes, span) of the request's trace."""
    requests = [message for message in collector.taken if isinstance(message, ExportTraceServiceRequest)]
    resources = [resource for message in requests for resource in message.resource_spans]
    found = []
    for resource in resources:
        attributes = {entry.key: entry.value.string_value for entry in resource.resource.attributes}
        found += [(attributes, span) for scope in resource.scope_spans for span in scope.spans if span.trace_id.hex() == TRACE]
    return found


def test_one_trace_leads_from_the_client_through_the_child_to_the_model(collected):
    _, collector = collected
    # The edge; sentiment's hop here and its handler in the child; the child's hop to models and models here.
    wait_for(lambda: len(spans(collector)) >= 5, what="five spans")
    by_id = {span.span_id.hex(): (attributes, span) for attributes, span in spans(collector)}
    [root] = [span for _, span in by_id.values() if span.parent_span_id.hex() == PARENT]
    assert root.name == "POST /analyze-sentiment"
    # Every other span hangs below it, and each parent is a span that was collected.
    for _, span in by_id.values():
        assert span is root or span.parent_span_id.hex() in by_id, span
    instances = {attributes["service.instance.id"].rsplit("-", 1)[0] for attributes, _ in by_id.values()}
    assert instances == {"main", "sentiment-0"}
    names = {span.name for _, span in by_id.values()}
    assert {"starling.sentiment.v1.SentimentService/AnalyzeSentiment", "starling.models.v1.ModelsService/ClassifyText"} <= names
    for _, span in by_id.values():
        # A child closes its span after its answer is on the way: that may be a moment after the caller has it.
        assert root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.start_time_unix_nano <= root.end_time_unix_nano


def test_logs_go_there_too_and_hold_no_text_of_the_user(collected):
    program, collector = collected
    wait_for(lambda: any(isinstance(message, ExportLogsServiceRequest) for message in collector.taken), what="log lines")
    everything = "".join(map(str, collector.taken)) + program.log()
    assert "zanzibar" not in everything


class _Failing(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.hits += 1
        if self.server.status is None:
            self.server.release.wait(30)
            return
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextmanager
def failing_collector(kind):
    if kind == "dead":
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Failing)
    server.hits, server.status, server.release = 0, {"silent": None, "refusing": 400, "broken": 503}[kind], threading.Event()
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    assert server.hits, "the collector was never called"
    server.release.set()
    server.shutdown()


@pytest.mark.parametrize("kind", ["dead", "silent", "refusing", "broken"])
def test_a_failing_collector_changes_nothing_for_requests(kind):
    # Nothing is reachable behind it: each request is one span at the edge and one failed call.
    placement = only(sentiment={"mode": "remote", "targets": ["127.0.0.1:9"], "plaintext": True})
    with failing_collector(kind) as endpoint:
        with Program({"placement": placement, "observe": {"otlp_endpoint": endpoint}}) as program, httpx.Client() as client:
            for _ in range(200):
                answer = client.post(program.url + "/analyze-sentiment", json={"texts": [TEXT]}, timeout=5)
                assert answer.status_code == 503
            assert client.get(program.url + "/readyz").status_code == 200
            # A collector that is silent or refuses has been asked by now.
            wait_for(lambda: kind == "dead" or any(exporter_counts(program)) or kind in ("silent", "broken"), what="the exporter's count")


def exporter_counts(program):
    return [value for name, value in program.metrics().items() if name.startswith("otel_sdk_exporter_span_exported_total") and value]
