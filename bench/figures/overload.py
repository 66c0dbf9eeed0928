"""Far more than can be done: the model route at ten times its capacity, arrivals at random, no setting changed."""

import tempfile
import time

from figures.measure import load, offer, write_bodies
from figures.model import texts
from figures.servers import starling

CALM, FLOOD = 0.8, 10
CALM_CONNECTIONS, FLOOD_CONNECTIONS = 256, 1024
RECOVERY_S = 2
# The generator looks at its sockets this often at ten times the load: woken by each answer it would take twice as much of the
# processors that it shares with the server. Latencies count it.
FLOOD_TURN_S = 0.0005


def measure(effort):
    with tempfile.TemporaryDirectory() as folder, starling() as server:
        bodies = write_bodies(folder, "single", texts(), 1)
        longer = effort._replace(seconds=2 * effort.seconds, warmup=1.5)

        def at(times, connections, turn=0):
            return offer(server, bodies, longer, connections, times * capacity, arrivals="poisson", turn=turn)

        rounds = {"peak": [], "calm": [], "flood": [], "after": []}
        for _ in range(effort.rounds):
            rounds["peak"].append(load(server, bodies, longer, 32))
            capacity = rounds["peak"][-1]["requests_per_s"]
            rounds["calm"].append(at(CALM, CALM_CONNECTIONS))
            rounds["flood"].append(at(FLOOD, FLOOD_CONNECTIONS, FLOOD_TURN_S))
            time.sleep(RECOVERY_S)
            rounds["after"].append(at(CALM, CALM_CONNECTIONS))
    return rounds
