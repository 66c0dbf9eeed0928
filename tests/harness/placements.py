"""The same services in each placement: what the black-box suites run against."""

import re
from contextlib import ExitStack, contextmanager

from harness.program import ROOT, Program

SERVICES = re.findall(r"^STARLING_SERVICE\((\w+)\)", (ROOT / "src/app/services.def").read_text(encoding="utf-8"), re.MULTILINE)
PLACEMENTS = ["inline", "inline-checked", "process", "remote"]


def only(**placements):
    """The section `placement` in which every other service is off."""
    return {**{name: {"mode": "off"} for name in SERVICES}, **placements}


@contextmanager
def placed(service, mode, config=None, beside=(), models=None):
    """A program in which `service` runs under `mode`, reached through its front listener. Under `remote` it is served by
    a second program, together with the services named in `beside`."""
    config = config or {}
    with ExitStack() as stack:
        placement = {"mode": mode}
        if mode == "remote":
            targets = ",".join([service, *beside])
            behind = stack.enter_context(Program(config, ["--target", targets], models=models))
            placement |= {"targets": [behind.grpc], "plaintext": True}
        config = {**config, "placement": {**config.get("placement", {}), service: placement}}
        yield stack.enter_context(Program(config, models=models))
