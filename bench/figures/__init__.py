"""What bench/run measures: one module for each section of docs/performance.md, each with a function measure(effort)."""

from figures import footprint, hop, keyword, model, overload, telemetry

SECTIONS = {"keyword": keyword, "model": model, "overload": overload, "telemetry": telemetry, "footprint": footprint, "hop": hop}
