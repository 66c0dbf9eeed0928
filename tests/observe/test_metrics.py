"""A running program's /metrics as Prometheus reads them."""

import httpx
import pytest
from harness.program import TINY_SENTIMENT, Program
from prometheus_client import parser as prometheus
from prometheus_client.openmetrics import parser as openmetrics

OPENMETRICS = {"accept": "application/openmetrics-text; version=1.0.0"}


@pytest.fixture(scope="module", params=["inline", "process"])
def program(request):
    with Program({"placement": {"sentiment": {"mode": request.param}}}, models=[TINY_SENTIMENT]) as running:
        for text in ("I love it.", "It rains.", "Never again."):
            assert httpx.post(running.url + "/analyze-sentiment", json={"texts": [text]}, timeout=30).status_code == 200
        assert httpx.post(running.url + "/analyze-sentiment", json={"texts": []}, timeout=30).status_code == 400
        running.placement = request.param
        yield running


def samples(families):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def test_both_formats_parse_and_agree(program):
    text = httpx.get(program.admin_url + "/metrics").text
    plain = samples(prometheus.text_string_to_metric_families(text))
    answer = httpx.get(program.admin_url + "/metrics", headers=OPENMETRICS)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    open_ = samples(openmetrics.text_string_to_metric_families(answer.text))
    assert {name for name, _ in open_} == {name for name, _ in plain}


def test_what_happened_is_counted(program):
    counts = samples(prometheus.text_string_to_metric_families(httpx.get(program.admin_url + "/metrics").text))

    def count(name, **labels):
        return sum(value for (found, given), value in counts.items() if found == name and labels.items() <= dict(given).items())

    route = {"http_request_method": "POST", "http_route": "/analyze-sentiment"}
    assert count("http_server_request_duration_seconds_count", **route, http_response_status_code="200") == 3
    assert count("http_server_request_duration_seconds_count", **route, http_response_status_code="400") == 1
    hop = {"rpc_method": "starling.sentiment.v1.SentimentService/AnalyzeSentiment", "starling_placement": program.placement}
    assert count("rpc_server_call_duration_seconds_count", **hop, rpc_response_status_code="OK") == 3
    # The model's hop, its runs and their time.
    assert count("rpc_server_call_duration_seconds_count", rpc_method="starling.models.v1.ModelsService/ClassifyText", rpc_response_status_code="OK") == 3
    assert count("starling_inference_rows_total", model="sentiment") == count("starling_inference_batch_size_sum", model="sentiment") == 3
    assert count("starling_inference_run_duration_seconds_sum", model="sentiment") > 0
    for idle in ("rpc_server_active_calls", "starling_inference_queue_size"):
        assert count(idle) == 0
    processes = {dict(labels)["process"] for name, labels in counts if name == "process_memory_usage_bytes"}
    assert processes == ({"main"} if program.placement == "inline" else {"main", "sentiment replica 0"})
    assert all(count("process_memory_usage_bytes", process=process) > 1 << 20 for process in processes)
    assert count("process_cpu_time_seconds_total", process="main") > 0
