"""The machinery alone: POST /analyze-sentiment with a rule in place of the model, against the same in FastAPI."""

import tempfile

from figures import machine
from figures.measure import in_turn, load, same_answers, write_bodies
from figures.servers import fastapi, floor, starling

FOLDER = "fastapi_keyword"
CONNECTIONS = (1, 8, 32, 128)
RATES = (1000, 4000)
RATES_OF_OURS = (20000, 60000)
TEXTS = (
    "I love this phone, the battery lasts two days and the camera is great.",
    "The parcel came broken and nobody answered my letters, worst shop I know.",
    "The meeting is at ten on Tuesday.",
    "Good value, but the manual is terrible.",
    "An excellent little book that made me happy for a week!",
    "Is there a train to the airport after midnight?",
)


def measure(effort):
    """Apart: server and load generator on a processor each. Shared: both on all of them."""
    cores = machine.cores()
    result = {"shared": _place(effort, None, None, [1, len(cores)] if len(cores) > 1 else [1])}
    if len(cores) > 1:
        result["apart"] = _place(effort, str(cores[0]), str(cores[1]), [1])
    return result


def _place(effort, server_processors, load_processors, workers):
    with tempfile.TemporaryDirectory() as folder:
        bodies = write_bodies(folder, "keyword", TEXTS, 1)

        def run(connections=32, rate=0):
            return lambda server: load(server, bodies, effort, connections, rate, processors=load_processors)

        count = _best_workers(workers, server_processors, run())
        with starling(binary="bench/bench_keyword", processors=server_processors) as ours:
            with fastapi(FOLDER, count, "FastAPI", server_processors) as rival:
                same_answers(ours, rival, bodies, 1e-9)
                sides = {"ours": ours, "rival": rival}
                with floor(1 if server_processors else len(machine.cores()), server_processors) as bound:
                    closed = {n: in_turn(sides | ({"floor": bound} if n == 32 else {}), effort.rounds, run(n)) for n in CONNECTIONS}
                capacity = min(one["requests_per_s"] for one in closed[32]["rival"])
                opened = {}
                for rate in (*RATES, *RATES_OF_OURS):
                    able = sides if rate < 0.8 * capacity else {"ours": ours}
                    opened[rate] = in_turn(able, effort.rounds, run(128, rate))
    return {"workers": count, "closed": closed, "open": opened}


def _best_workers(candidates, processors, run):
    """The rival with the number of worker processes that serves it best."""
    if len(candidates) == 1:
        return candidates[0]
    best = {}
    for count in candidates:
        with fastapi(FOLDER, count, processors=processors) as rival:
            best[count] = max(run(rival)["requests_per_s"] for _ in range(2))
    return max(best, key=best.get)
