"""What bench/run measures: one module for each section of docs/performance.md, each with a function measure(effort)."""

from figures import footprint, hop, keyword

SECTIONS = {"keyword": keyword, "footprint": footprint, "hop": hop}
