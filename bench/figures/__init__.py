"""What bench/run measures: one module for each section of docs/performance.md, each with a function measure(effort)."""

from figures import footprint, hop, keyword, model, telemetry

SECTIONS = {"keyword": keyword, "model": model, "telemetry": telemetry, "footprint": footprint, "hop": hop}
