"""docs/observability.md lists exactly the metrics that a running program exposes."""

import re

import httpx

from harness.program import ROOT, Program


def test_every_metric_is_documented_and_every_documented_one_exists():
    # A collector that nobody serves: its counters are there, and nothing else changes.
    with Program(arguments=["--set", "observe.otlp_endpoint=http://127.0.0.1:9"]) as program:
        text = httpx.get(program.admin_url + "/metrics").text
    exposed = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    page = (ROOT / "docs/observability.md").read_text(encoding="utf-8")
    metrics = page.split("## Metrics")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", metrics, re.MULTILINE))
    assert exposed - documented == set()
    assert documented - exposed == set()
