"""The same services in each placement: what the black-box suites run against."""

from contextlib import ExitStack, contextmanager

from harness.program import Program

PLACEMENTS = ["inline", "inline-checked", "process", "remote"]


@contextmanager
def placed(service, mode, config=None, beside=()):
    """A program in which `service` runs under `mode`, reached through its front listener. Under `remote` it is served by
    a second program, together with the services named in `beside`."""
    config = config or {}
    with ExitStack() as stack:
        placement = {"mode": mode}
        if mode == "remote":
            targets = ",".join([service, *beside])
            behind = stack.enter_context(Program(config, ["--target", targets]))
            placement |= {"targets": [behind.grpc], "plaintext": True}
        config = {**config, "placement": {**config.get("placement", {}), service: placement}}
        yield stack.enter_context(Program(config))
