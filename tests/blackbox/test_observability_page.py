"""docs/observability.md lists exactly the metrics that a running program exposes."""

import re

import httpx

from harness.program import ROOT, Program


def test_every_metric_is_documented_and_every_documented_one_exists(tmp_path):
    # With a child, a collector that nobody serves, a registry that is followed and a place for traffic rules: their metrics are there.
    follow = {"registry": {"follow": ["*@champion"], "cache": str(tmp_path)}, "traffic": {"sqlite": {"path": str(tmp_path / "rules.sqlite")}}}
    with Program({"placement": {"sentiment": {"mode": "process"}}, "models": follow}, arguments=["--set", "observe.otlp_endpoint=http://127.0.0.1:9"]) as program:
        text = httpx.get(program.admin_url + "/metrics").text
    exposed = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    page = (ROOT / "docs/observability.md").read_text(encoding="utf-8")
    metrics = page.split("## Metrics")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", metrics, re.MULTILINE))
    assert exposed - documented == set()
    assert documented - exposed == set()


def test_metrics_that_are_off_count_nothing_and_what_is_read_on_demand_stays():
    with Program(arguments=["--set", "observe.metrics=false"], models=[]) as program:
        assert httpx.get(program.url + "/livez").status_code == 200
        assert httpx.get(program.url + "/nothing-here").status_code == 404
        metrics = program.metrics()
    assert not [name for name in metrics if name.startswith("http_server_request_duration")]
    assert [name for name in metrics if name.startswith("process_")]
