"""What bench/run measures: one module for each section of docs/performance.md, each with a function measure(effort)."""

from figures import costs, footprint, hop, keyword, model, open_inference, overload, telemetry

SECTIONS = {"keyword": keyword, "model": model, "open_inference": open_inference, "costs": costs, "overload": overload, "telemetry": telemetry, "footprint": footprint, "hop": hop}
