"""docs/performance.md and the table in README.md, from what was measured."""

import re

from figures.machine import ROOT
from figures.measure import figure, ratio

PAGE = ROOT / "docs/performance.md"
README = ROOT / "README.md"
_BLOCK = re.compile(r"(<!-- figures: [^\n]*-->\n).*?(<!-- end of figures -->)", re.DOTALL)


def write(results, effort, to_output=False):
    parts = [_head(results["machine"], effort), _summary(results)]
    for name, section in SECTIONS.items():
        if name in results:
            parts.append(section(results[name]))
    text = "\n\n".join(part.strip() for part in parts) + "\n"
    if to_output:
        print(text)
        return
    PAGE.write_text(text, encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    if _BLOCK.search(readme):
        README.write_text(_BLOCK.sub(lambda match: match[1] + _readme(results) + match[2], readme), encoding="utf-8")


def _head(machine, effort):
    busy = ""
    if _was_busy(machine):
        busy = "\n\n**The machine was busy with other work: what is said here of time is not to be relied on.**"
    later = "".join(f"| measured later | {part} |\n" for part in machine.get("resumed", []))
    return f"""# Figures

Written by `make bench` (`bench/run`); do not edit. What is measured and how: [bench/README.md](../bench/README.md).

| | |
|---|---|
| machine | {machine["cpu"]}, {machine["cores"]} cores, {machine["memory_gib"]} GiB, Linux {machine["kernel"]} |
| date | {machine["date"]} |
| commit | {machine["commit"]} |
{later}| other work | load average {machine["load_before"]:.1f} before the run |
| protocol | the sides take turns, {effort.rounds} rounds of {effort.seconds:g} s after {effort.warmup:g} s of warm-up; medians, and the least and greatest round in brackets |{busy}"""


def _was_busy(machine):
    return machine["load_before"] > 0.25 * machine["cores"]


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def number(value):
    """Three digits or all before the point, with commas."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def spread(one):
    return f"{number(one.median)} ({number(one.low)} to {number(one.high)})"


def times(value):
    return f"{value:.1f}x" if value < 10 else f"{value:.0f}x"


def verdict(value, bar, at_least=True):
    return "met" if (value >= bar if at_least else value <= bar) else "missed"


# Sections, and each one's lines in the summary: (what, ours, rival, bar, verdict).


def _closed(closed, texts=False):
    unit = "texts" if texts else "requests"
    rows = []
    for connections, sides in closed.items():
        ours, rival = sides["ours"], sides["rival"]
        rate = [figure(side, f"{unit}_per_s") for side in (ours, rival)]
        rows.append([
            connections, *map(spread, rate), times(ratio(*rate)),
            *(f"{number(figure(side, 'latency_us', 'p50').median)} / {number(figure(side, 'latency_us', 'p99').median)}" for side in (ours, rival)),
            *(number(figure(side, "server_cpu_us_per_answer").median) for side in (ours, rival)),
            *(number(figure(side, "server_pss_bytes").median / 2**20) for side in (ours, rival)),
        ])  # fmt: skip
    columns = ["connections", f"{unit}/s, ours", "FastAPI", "ratio", "p50 / p99 us, ours", "FastAPI", "CPU us per request, ours", "FastAPI", "memory MiB, ours", "FastAPI"]
    return table(columns, rows)


def _open(opened):
    rows = []
    for rate, sides in opened.items():
        cells = []
        for name in ("ours", "rival"):
            if name not in sides:
                cells.append("more than it can take")
                continue
            cells.append(" / ".join(number(figure(sides[name], "latency_us", quantile).median) for quantile in ("p50", "p99", "p999")))
        rows.append([f"{int(rate):,}", *cells, number(figure(sides["ours"], "lag_us", "p99").median)])
    return table(["requests/s offered", "p50 / p99 / p99.9 us, ours", "FastAPI", "generator's own lag, p99 us"], rows)


def _keyword(result):
    text = """## The machinery alone

`POST /analyze-sentiment` with one text, and a rule in place of the model on both sides: `bench/keyword` against
`bench/rivals/fastapi_keyword` (FastAPI, uvicorn, httptools, uvloop, no access log).
"""
    titles = {
        "apart": "### One processor for the server, the other for the load generator",
        "shared": "### All processors for both",
    }
    for place in ("apart", "shared"):
        if place in result:
            one = result[place]
            own = max(run["own_cpu_s"] / run["seconds"] for run in one["closed"]["32"]["ours"])
            text += f"""
{titles[place]}

FastAPI has {one["workers"]} worker process(es), the best of those tried here. The generator itself keeps {own:.2f} of a processor busy at 32 connections to ours.

Closed loop:

{_closed(one["closed"])}

{_floor(one["closed"]["32"])}

Open loop, 128 connections, latency from the time a request was due:

{_open(one["open"])}
"""
    return text


def _floor(sides):
    """What no server on these sockets can go beyond."""
    rate = {name: figure(runs, "requests_per_s") for name, runs in sides.items()}
    cost = figure(sides["floor"], "server_cpu_us_per_answer")
    return (
        f"A program that reads the same bytes, writes the same bytes and looks at none (`bench/keyword/floor.cc`) answers {spread(rate['floor'])} requests/s at 32 "
        f"connections, at {number(cost.median)} us of processor time each: {times(ratio(rate['floor'], rate['rival']))} FastAPI. That is the kernel's share, "
        f"and the bound of any server; ours reaches {ratio(rate['ours'], rate['floor']):.0%} of it."
    )


def _keyword_summary(result):
    for place, words in (("apart", "server on one processor"), ("shared", "server and load share all")):
        if place not in result:
            continue
        sides = result[place]["closed"]["32"]
        rate = [figure(sides[name], "requests_per_s") for name in ("ours", "rival")]
        p99 = [figure(sides[name], "latency_us", "p99") for name in ("ours", "rival")]
        yield [f"keyword rule, 32 connections, {words}: requests/s", *map(_median, rate), times(ratio(*rate)), "20x", verdict(ratio(*rate), 20)]
        bound = figure(sides["floor"], "requests_per_s")
        yield ["the same: beside a server that only moves the bytes: requests/s", _median(rate[0]), _median(bound), f"{ratio(rate[0], bound):.2f}x", "", ""]
        yield ["the same: p99, us", *map(_median, p99), times(ratio(*p99)), "0.1x", verdict(ratio(*p99), 0.1, at_least=False)]


def _model(result):
    batching, workers, instances = result["style"]
    rates = {name: figure(runs, "texts_per_s") for name, runs in result["batches"].items()}
    rows = [
        ["the bare runtime", spread(rates["bare"]), ""],
        ["ours", spread(rates["ours"]), f"{rates['ours'].median / rates['bare'].median:.1%} of it"],
        ["FastAPI", spread(rates["rival"]), f"{rates['rival'].median / rates['bare'].median:.1%} of it"],
    ]
    return f"""## With the model

The shipped model on everyday sentences. FastAPI (`bench/rivals/fastapi_openvino`) runs the same file in the same precision with
OpenVINO for Python, and tokens of the package `tokenizers`; of its own run for each request or micro-batches, in one process or one
for each core, what served it best: batching `{batching}`, {workers} process(es) with {instances} instance(s) each.

Closed loop, one text in each request:

{_closed(result["closed"])}

Open loop, 128 connections, rates as shares of what FastAPI can take:

{_open(result["open"])}

As many texts as can be done: 4 clients with 32 texts in each request, and the runtime called in a loop without a server
(`bench/runtime`, tokens made beforehand, sorted by length) at its best batch of those tried: {result["batch"]} texts, {result["instances"]} instance(s).

{table(["", "texts/s", ""], rows)}
"""


def _model_summary(result):
    rates = {name: figure(runs, "texts_per_s") for name, runs in result["batches"].items()}
    share = ratio(rates["ours"], rates["bare"])
    yield ["model: texts/s beside the bare runtime at its best batch", _median(rates["ours"]), _median(rates["bare"]), f"{share:.2f}x", "0.95x", verdict(share, 0.95)]
    sides = result["closed"]["32"]
    rate = [figure(sides[name], "requests_per_s") for name in ("ours", "rival")]
    p99 = [figure(sides[name], "latency_us", "p99") for name in ("ours", "rival")]
    yield ["model, 32 single-text clients: requests/s", *map(_median, rate), times(ratio(*rate)), "1.5x", verdict(ratio(*rate), 1.5)]
    yield ["the same: p99, us", *map(_median, p99), times(ratio(*p99)), "below 1x", verdict(ratio(*p99), 1, at_least=False)]


_KINDS = {"rest": "REST, JSON", "binary": "REST with binary tensors", "grpc": "gRPC"}
_SERVERS = {"ours": "Starling", "mlserver": "MLServer", "pytriton": "PyTriton"}


def _open_inference(result):
    bare = figure(result["bare"], "rows_per_s")
    ran = any("pytriton" in sides for closed in result["kinds"].values() for sides in closed.values())
    absent = "" if ran else " PyTriton did not start on this machine."
    text = f"""## The Open Inference Protocol

One row for an XGBoost model of 100 trees over 30 features, the same file on all sides: MLServer 1.7 with `mlserver-xgboost`, with {result["workers"]["rest"]} worker process(es) of
its own for REST and {result["workers"]["grpc"]} for gRPC, which served it best; PyTriton (`nvidia-pytriton`), which is Triton's server with its model in Python behind it, no GPU. Closed loop by `bench_load`, a connection for
each client, which shares all processors with the server; Starling asks for an API key besides. {result["rounds"]} rounds of {result["seconds"]:g} s. MLServer has no binary tensors over REST.{absent}

The bare runtime, XGBoost's C interface called in a loop by a thread for each core (`bench/runtime/trees.cc`): {spread(bare)} rows/s, {number(figure(result["bare"], "cpu_us_per_row").median)} us of
processor time each.
"""
    for kind, closed in result["kinds"].items():
        rows = [
            [
                connections, _SERVERS[name], spread(figure(runs, "requests_per_s")), f"{figure(runs, 'requests_per_s').median / bare.median:.1%}",
                *(number(figure(runs, "latency_us", quantile).median) for quantile in ("p50", "p99")),
                number(figure(runs, "server_cpu_us_per_answer").median), number(figure(runs, "server_pss_bytes").median / 2**20),
            ]
            for connections, sides in closed.items() for name, runs in sides.items()
        ]  # fmt: skip
        columns = ["connections", "", "requests/s", "of the bare runtime", "p50 us", "p99 us", "CPU us per request", "memory MiB"]
        text += f"\n### {_KINDS[kind]}\n\n{table(columns, rows)}\n"
    return text


def _open_inference_summary(result):
    for rival, bar, bar_p99, kinds in (("mlserver", 30, 0.1, ("rest", "grpc")), ("pytriton", 5, None, ("rest", "binary", "grpc"))):
        for kind in kinds:
            sides = result["kinds"][kind]["32"]
            if rival not in sides:
                continue
            rate, p99 = ([figure(sides[name], *path) for name in ("ours", rival)] for path in (["requests_per_s"], ["latency_us", "p99"]))
            what = f"XGBoost, one row, {_KINDS[kind]}, 32 connections, beside {_SERVERS[rival]}: requests/s"
            yield [what, *map(_median, rate), times(ratio(*rate)), f"{bar}x", verdict(ratio(*rate), bar)]
            if bar_p99:
                yield ["the same: p99, us", *map(_median, p99), f"{ratio(*p99):.2f}x", f"{bar_p99}x", verdict(ratio(*p99), bar_p99, at_least=False)]


def _refusals(run):
    return run["statuses"].get("503", {"count": 0, "latency_us": {"p99": 0, "max": 0}})


def _overload(result):
    titles = {
        "peak": "closed loop, 32 clients", "calm": "0.8 times that, at random", "flood": "10 times", "after": "0.8 times, 2 s later",
    }  # fmt: skip
    rows = []
    for name, runs in result.items():
        refused = [_refusals(run) for run in runs]
        share = sum(one["count"] for one in refused) / max(1, sum(run["offered"] for run in runs))
        rows.append([
            titles[name], spread(figure(runs, "requests_per_s")), *(number(figure(runs, "latency_us", quantile).median) for quantile in ("p50", "p99")),
            f"{share:.1%}", number(figure(refused, "latency_us", "p99").median), number(figure(runs, "lag_us", "p99").median),
            f"{figure(runs, 'own_cpu_s').median / runs[0]['seconds']:.2f}",
        ])  # fmt: skip
    columns = [
        "offered", "answered/s", "p50 us", "p99 us", "refused", "a refusal's p99 us", "generator's own lag, p99 us", "processors it takes",
    ]  # fmt: skip
    return f"""## Overload

The model route, one text in each request, its default settings. Server and generator share all processors: what the generator takes at ten
times the load, and the kernel on its behalf, is gone from the server, and so is what the refusals cost. In the flood it looks at its sockets
every 0.5 ms, which counts in the latencies.

{table(columns, rows)}
"""


def _overload_summary(result):
    rate = [figure(result[name], "requests_per_s") for name in ("flood", "peak")]
    yield ["model, 10 times the load: answered/s beside the peak", *map(_median, rate), f"{ratio(*rate):.2f}x", "0.85x", verdict(ratio(*rate), 0.85)]
    p99 = [figure(result[name], "latency_us", "p99") for name in ("flood", "calm")]
    yield ["the same: p99 of what was admitted, us, beside that at 0.8 times", *map(_median, p99), times(ratio(*p99)), "2x", verdict(ratio(*p99), 2, at_least=False)]
    slowest = figure([_refusals(run) for run in result["flood"]], "latency_us", "p99").median / 1000
    yield ["the same: a refusal, p99 ms", number(slowest), "", "", "20", verdict(slowest, 20, at_least=False)]
    after = [figure(result[name], "latency_us", "p99") for name in ("after", "calm")]
    yield ["2 s after it: p99, us, beside that before", *map(_median, after), times(ratio(*after)), "about 1x", verdict(ratio(*after), 1.2, at_least=False)]


_WAYS = {
    "inline": ("the model itself", None, 1),
    "priorities": ("with `priority_levels: 2`, requests of priority 1", "inline", 1),
    "graph": ("a graph of {steps} steps, each that model", "inline", "steps"),
    "alias": ("by an alias, without a rule", "inline", 1),
    "shadow": ("by an alias with a shadow of every request", "alias", 2),
    "process": ("`process`: in a child, over a Unix socket", "inline", 1),
    "remote": ("`remote`: in another program, over gRPC", "inline", 1),
    "remote_rest": ("`remote`: the same, over REST with binary tensors", "inline", 1),
}


def _costs(result):
    rows = []
    for way, (what, beside, calls) in _WAYS.items():
        cost = figure(result["ways"][way], "server_cpu_us_per_answer")
        calls = result.get(calls, calls)
        over = f"{ratio(cost, figure(result['ways'][beside], 'server_cpu_us_per_answer')) / calls:.2f}" if beside else ""
        rows.append([what.format(steps=result["steps"]), spread(cost), calls, over])
    return f"""## Ways to a model

Processor time per request of all programs together, one row for the model `fraud` over REST in JSON from {result["connections"]} connections. The last column is beside as many calls of the model itself as the way makes (a shadow's: by
the alias without a rule). What waits on the way is run in larger batches, so a way can cost less than its calls.

""" + table(["", "CPU us per request", "calls of the model", "beside so many calls"], rows)


def _costs_summary(_):
    """Nobody has set a bar for these."""
    return []


def _telemetry(result):
    text = """## Being seen

Processor time per request at 32 connections; the collector takes OTLP on loopback and is not counted. "metrics" is how the program starts
by itself; with every trace, each request records and exports its spans.
"""
    for route, variants in result.items():
        costs = {name: figure(runs, "server_cpu_us_per_answer") for name, runs in variants.items()}
        rows = [[name, spread(cost), f"{ratio(cost, costs['off']) - 1:+.1%}"] for name, cost in costs.items()]
        text += f"\nThe {route} route:\n\n{table(['', 'CPU us per request', 'over off'], rows)}\n"
    return text


def _telemetry_summary(result):
    bars = {"keyword": "one trace in a hundred", "model": "every trace"}
    for route, variant in bars.items():
        costs = [figure(result[route][name], "server_cpu_us_per_answer") for name in (variant, "off")]
        more = ratio(*costs)
        yield [f"{route} route, metrics and {variant}, against neither: CPU us per request", *map(_median, costs), f"{more:.3f}x", "1.03x", verdict(more, 1.03, at_least=False)]


def _footprint(result):
    rows = [
        [name.replace("_", " "), spread(figure(runs, "ready_s")), *(number(figure(runs, f"{kind}_bytes").median / 2**20) for kind in ("rss", "anonymous", "file"))]
        for name, runs in result.items()
    ]  # fmt: skip
    return "## Starting and doing nothing\n\nFrom `exec` to the first 200 of `/readyz`; memory one second later.\n\n" + table(
        ["", "ready after, s", "resident MiB", "of that own", "of that mapped files"], rows
    )


def _footprint_summary(result):
    ready, memory = figure(result["without_models"], "ready_s"), figure(result["without_models"], "rss_bytes")
    yield ["start without models until ready, s", f"{ready.median:.3f}", "", "", "0.3", verdict(ready.median, 0.3, at_least=False)]
    yield ["idle memory without models, MiB", number(memory.median / 2**20), "", "", "60", verdict(memory.median / 2**20, 60, at_least=False)]


def _hop(lines):
    rows = [[line["name"], number(line["ours"]), "" if line["rival"] is None else number(line["rival"]), line["unit"]] for line in lines]
    return "## One call between services\n\n`bench/hop/run`: a small unary call, ours beside gRPC C++.\n\n" + table(["", "ours", "gRPC C++", "unit"], rows)


_HOP_BARS = {
    "hop_inline_p50": ("an inline call, all policies on: p50", 1),
    "hop_unix_1_p50": ("a call over a Unix socket: p50", 60),
    "hop_tcp_1_p50": ("a call over TCP: p50", 80),
}


def _hop_summary(lines):
    for line in lines:
        if line["name"] not in _HOP_BARS:
            continue
        what, bar = _HOP_BARS[line["name"]]
        rival = line["rival"]
        beside = ["", ""] if rival is None else [number(rival), f"{line['ours'] / rival:.2f}x"]
        yield [f"{what}, {line['unit']}", number(line["ours"]), *beside, bar, verdict(line["ours"], bar, at_least=False)]


SECTIONS = {"keyword": _keyword, "model": _model, "open_inference": _open_inference, "costs": _costs, "overload": _overload, "telemetry": _telemetry, "footprint": _footprint, "hop": _hop}
SUMMARIES = {"keyword": _keyword_summary, "model": _model_summary, "open_inference": _open_inference_summary, "costs": _costs_summary, "overload": _overload_summary, "telemetry": _telemetry_summary, "footprint": _footprint_summary, "hop": _hop_summary}


def _median(one):
    return number(one.median)


def _lines(results):
    return [line for name, lines in SUMMARIES.items() if name in results for line in lines(results[name])]


def _summary(results):
    return "## In short\n\n" + table(["", "ours", "rival", "ours : rival", "bar", ""], _lines(results))


def _readme(results):
    machine = results["machine"]
    busy = " The machine was busy with other work." if _was_busy(machine) else ""
    note = f"\n\n{machine['cpu']}, {machine['cores']} cores, {machine['date']}.{busy} All of it, with the bars: [docs/performance.md](docs/performance.md).\n"
    return table(["", "ours", "rival", "ours : rival"], [line[:4] for line in _lines(results)]) + note
