"""Runs telemetry_sample against a collector made here, and has stock readers judge what it says: OTLP JSON against
opentelemetry-proto, metrics by prometheus_client's two parsers, log lines as JSON."""

import argparse
import base64
import json
import math
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus

_REQUESTS = {"/v1/traces": ExportTraceServiceRequest, "/v1/logs": ExportLogsServiceRequest}
_HOSTILE = 'quote " backslash \\ line\nfeed \x01 � grüß'
_METHOD = 'quote " backslash \\ line\nfeed'


class Collector(ThreadingHTTPServer):
    """Takes OTLP/HTTP JSON and keeps what came, decoded."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken, self.faults = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            assert self.headers["Content-Type"] == "application/json", self.headers["Content-Type"]
            message = _REQUESTS[self.path]()
            json_format.ParseDict(_ids_as_base64(json.loads(body)), message)
            self.server.taken.append(message)
        except Exception as error:  # a fault of what was sent, told at the end
            self.server.faults.append(f"{self.path}: {error!r}\n{body.decode(errors='replace')}")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def _ids_as_base64(value):
    """OTLP writes ids in hexadecimal where protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [_ids_as_base64(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = {"traceId": 16, "spanId": 8, "parentSpanId": 8}
    for key, size in ids.items():
        if key in value:
            assert len(bytes.fromhex(value[key])) == size, value[key]
            assert value[key] == value[key].lower()
    return {key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else _ids_as_base64(item) for key, item in value.items()}


def _attributes(item):
    return {entry.key: getattr(entry.value, entry.value.WhichOneof("value")) for entry in item.attributes}


def judge_spans(taken):
    requests = [message for message in taken if isinstance(message, ExportTraceServiceRequest)]
    for message in requests:
        assert _attributes(message.resource_spans[0].resource) == {"service.name": "starling", "service.version": "0"}
    spans = {span.name: span for message in requests for span in message.resource_spans[0].scope_spans[0].spans}
    root, child = spans["POST /analyze-sentiment"], spans["models/Infer"]
    assert root.kind == Span.SPAN_KIND_SERVER and child.kind == Span.SPAN_KIND_CLIENT
    assert child.trace_id == root.trace_id and child.parent_span_id == root.span_id and root.parent_span_id == b""
    assert root.start_time_unix_nano <= child.start_time_unix_nano <= child.end_time_unix_nano <= root.end_time_unix_nano
    assert child.status.code == Status.STATUS_CODE_ERROR and child.status.message == "UNAVAILABLE"
    assert root.status.code == Status.STATUS_CODE_UNSET
    attributes = _attributes(root)
    assert math.isnan(attributes.pop("not a number"))
    assert attributes == {
        "http.request.method": "POST",
        "http.response.status_code": 503,
        "big": 1 << 60,
        "share": 0.5,
        "cached": True,
        "hostile": _HOSTILE,
    }
    return root


def judge_logs(taken, root):
    requests = [message for message in taken if isinstance(message, ExportLogsServiceRequest)]
    records = {r.body.string_value: r for m in requests for r in m.resource_logs[0].scope_logs[0].log_records}
    record = records["model is loading"]
    assert record.severity_number == 13 and record.severity_text == "WARN"
    assert record.trace_id == root.trace_id and record.span_id == root.span_id and record.flags == 1
    assert _attributes(record) == {"request_id": "r-1", "model": "sentiment", "waited": 2, "share": 0.25, "hostile": _HOSTILE}
    assert records["outside of requests"].severity_number == 5 and records["outside of requests"].trace_id == b""


def judge_lines(text, root):
    lines = {line["message"]: line for line in map(json.loads, text.splitlines())}
    line = lines["model is loading"]
    assert line["level"] == "warning" and line["service"] == "starling" and line["request_id"] == "r-1"
    assert line["trace_id"] == root.trace_id.hex() and line["span_id"] == root.span_id.hex()
    assert line["fields"] == {"model": "sentiment", "waited": 2, "share": 0.25, "hostile": _HOSTILE}
    assert len(line["ts"]) == len("2026-01-02T03:04:05.123456789Z")
    assert "trace_id" not in lines["outside of requests"]


def judge_metrics(families, *, exemplars):
    families = {family.name: family for family in families}
    samples = {(s.name, tuple(sorted(s.labels.items()))): s for family in families.values() for s in family.samples}

    def value(name, **labels):
        return samples[name, tuple(sorted(labels.items()))].value

    assert families["rpc_server_calls"].type == "counter"
    assert value("rpc_server_calls_total", rpc_method="Analyze") == 3
    assert value("rpc_server_calls_total", rpc_method=_METHOD) == 1
    assert value("sample_level_ratio") == 0.25 and value("sample_infinite") == math.inf and value("sample_active") == -2
    assert families["rpc_server_call_duration_seconds"].type == "histogram"
    assert value("rpc_server_call_duration_seconds_count", rpc_method="Analyze") == 4
    assert value("rpc_server_call_duration_seconds_bucket", rpc_method="Analyze", le="0.005") == 2
    assert value("process_memory_usage_bytes", process="main") > 1e6
    assert value("process_start_time_seconds", process="main") > 1.5e9
    assert value("otel_sdk_exporter_span_exported_total", error_type="") == 2
    if exemplars:
        bucket = samples["rpc_server_call_duration_seconds_bucket", (("le", "0.005"), ("rpc_method", "Analyze"))]
        assert bucket.exemplar.labels == {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7"}
        assert bucket.exemplar.value == 0.003
        assert families["rpc_server_call_duration_seconds"].unit == "seconds"


def run(program, exposition):
    collector = Collector()
    done = subprocess.run([program, collector.endpoint, exposition], capture_output=True, timeout=30, check=True)
    collector.shutdown()
    assert not collector.faults, "\n".join(collector.faults)
    root = judge_spans(collector.taken)
    judge_logs(collector.taken, root)
    judge_lines(done.stderr.decode(), root)
    return done.stdout.decode()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True)
    program = arguments.parse_args().program
    judge_metrics(prometheus.text_string_to_metric_families(run(program, "text")), exemplars=False)
    judge_metrics(openmetrics.text_string_to_metric_families(run(program, "openmetrics")), exemplars=True)


if __name__ == "__main__":
    main()
