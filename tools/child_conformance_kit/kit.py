"""What every check is given: the command, the samples, and children to try them on."""

import dataclasses

import grpc

from .child import Broken, Child, wait_until


@dataclasses.dataclass
class Check:
    """One rule of the page: `run(kit)` returns a note or None, or raises Broken."""

    name: str
    section: int
    rule: str
    run: object


CHECKS = []


def check(name, section, rule):
    """Registers a function as a check; they run in the order in which they are written."""
    def register(function):
        CHECKS.append(Check(name, section, rule, function))
        return function

    return register


class NotApplicable(Exception):
    """The check has nothing to look at here; the text says why."""


class Kit:
    """Samples are never empty. Children made by `fresh` are the caller's to close."""

    def __init__(self, command, samples, bad_request=None, service="sample", start_timeout=30.0):
        self.command = command
        self.samples = samples
        self.bad_request = bad_request
        self.start_timeout = start_timeout
        self._service = service
        self._shared = None

    def child(self, environment=None, folder=None):
        """A child that has just been started, ready or not."""
        return Child(self.command, self._service, environment, folder)

    def shared(self):
        """A child that is ready, kept for all checks that leave it whole; a new one when the last has died."""
        if self._shared and not self._shared.alive():
            self.close()
        if not self._shared:
            child = self.child()
            child.__enter__()
            try:
                child.wait_ready(self.start_timeout)
            except BaseException:
                child.__exit__(None, None, None)
                raise
            self._shared = child
        return self._shared

    def close(self):
        if self._shared:
            self._shared.__exit__(None, None, None)
            self._shared = None

    def services(self):
        return sorted({sample.method.service for sample in self.samples})

    def works(self, child, after, seconds=10):
        """Requires that the first sample still gets its answer."""
        sample = self.samples[0]
        child.require_alive(after)
        try:
            with child.channel() as channel:
                sample.method.call(channel, sample.requests, timeout=seconds)
        except grpc.RpcError as error:
            wait_until(lambda: not child.alive(), 0.2)  # a crash shows on the socket before the process is gone
            child.require_alive(after)
            raise Broken(f"after {after} a good call fails: {error.code().name} {error.details()}") from error


def expect_status(call, codes, what):
    """Requires that `call()` fails with one of the codes; returns the error."""
    try:
        call()
    except grpc.RpcError as error:
        if error.code() in codes:
            return error
        wanted = " or ".join(code.name for code in codes)
        raise Broken(f"{what} gets {error.code().name} ({error.details()}), not {wanted}") from error
    raise Broken(f"{what} gets OK")
