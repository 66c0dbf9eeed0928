"""One call between services, beside gRPC C++: bench/hop/run prints it."""

import json
import subprocess

from figures.machine import ROOT


def measure(effort):
    command = [ROOT / "bench/hop/run", "--rounds", str(effort.rounds), "--seconds", str(effort.seconds / 2)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=400)
    return [json.loads(line) for line in done.stdout.splitlines()]
