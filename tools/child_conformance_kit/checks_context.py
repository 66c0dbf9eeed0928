"""Sections 4, 5 and 7: deadline, cancellation, metadata and logs."""

import json
import secrets
import time

import grpc

from .child import Broken, wait_until
from .contract import strings_in
from .kit import NotApplicable, check
from .wire import Connection

DEADLINE_EXCEEDED = grpc.StatusCode.DEADLINE_EXCEEDED.value[0]
LEVELS = ("debug", "info", "warn", "error")


@check("deadline", 4, "ends a call by itself when grpc-timeout has passed")
def deadline(kit):
    child = kit.shared()
    with Connection(child) as connection:
        begun = time.monotonic()
        stream = connection.open(kit.samples[0].method.path, grpc_timeout="300m")
        ended = connection.wait_end(stream, 3)
        if ended is None:
            raise Broken("a call with 300 ms to live is still open after 3 s")
        if ended.status not in (None, DEADLINE_EXCEEDED):
            raise Broken(f"a call whose time is over ends with status {ended.status}, not DEADLINE_EXCEEDED")
        if ended.at - begun < 0.25:
            raise Broken(f"a call with 300 ms to live is ended after {(ended.at - begun) * 1000:.0f} ms")
    kit.works(child, "a call's deadline has passed")
    return f"after {(ended.at - begun) * 1000:.0f} ms"


@check("cancelled", 4, "three hundred cancelled calls leave it whole")
def cancelled(kit):
    child = kit.shared()
    sample = kit.samples[0]
    request = sample.requests[0].SerializeToString()
    with Connection(child) as connection:
        for index in range(300):
            stream = connection.open(sample.method.path)
            if index % 2:
                connection.finish(stream, [request])
            connection.reset(stream)
            if index % 20 == 0:
                connection.sync()
    kit.works(child, "300 cancelled calls")


@check("metadata", 5, "carries on with all the metadata of the page, and with unknown keys")
def metadata(kit):
    sample = kit.samples[0]
    keys = _metadata() + [("x-starling-principal", "user%20one"), ("x-starling-tenant", "acme"),
                          ("x-unknown-key", "value"), ("x-unknown-bin", b"\x00\xff"), ("tracestate", "a=b,c=d")]
    with kit.shared().channel() as channel:
        try:
            sample.method.call(channel, sample.requests, timeout=10, metadata=keys)
        except grpc.RpcError as error:
            raise Broken(f"a call with metadata fails: {error.code().name} {error.details()}") from error
        for broken in ("", "00-nonsense", "ff-" + "0" * 32 + "-" + "0" * 16 + "-01"):
            try:
                sample.method.call(channel, sample.requests, timeout=10, metadata=[("traceparent", broken)])
            except grpc.RpcError as error:
                raise Broken(f"traceparent '{broken}' makes a call fail: {error.code().name}") from error


def _metadata():
    trace = secrets.token_hex(16)
    return [("traceparent", f"00-{trace}-{secrets.token_hex(8)}-01"), ("x-request-id", "request-" + trace[:12])]


@check("trace-in-log", 7, "a log line that belongs to a call carries its trace id")
def trace_in_log(kit):
    child = kit.shared()
    sample = kit.samples[0]
    before = len(child.log.lines())
    keys = dict(_metadata())
    trace, request_id = keys["traceparent"].split("-")[1], keys["x-request-id"]
    with child.channel() as channel:
        sample.method.call(channel, sample.requests, timeout=10, metadata=list(keys.items()))

    def lines():
        return [line for line in child.log.lines()[before:] if trace in line or request_id in line]

    found = wait_until(lines, 1)
    if not found:
        raise NotApplicable("it logs nothing per call")
    for line in found:
        if _parse(line).get("trace_id") != trace:
            raise Broken(f"a line of a call has no trace_id of the call: {line[:120]}")


@check("log-lines", 7, "a line that begins as JSON is an object with time, level and message")
def log_lines(kit):
    lines = _lines_after_a_call(kit)
    objects = [_parse(line) for line in lines if line.startswith("{")]
    for entry in objects:
        missing = [key for key in ("time", "level", "message") if not isinstance(entry.get(key), str)]
        if missing:
            raise Broken(f"a log line lacks {', '.join(missing)}")
        if entry["level"] not in LEVELS:
            raise Broken(f"level '{entry['level']}' is none of {', '.join(LEVELS)}")
    return f"{len(objects)} JSON lines, {len(lines) - len(objects)} others"


def _lines_after_a_call(kit):
    """What a call logs comes by another way than its answer, and a moment later: the log has to be quiet for a while."""
    child = kit.shared()
    kit.works(child, "the checks before")
    for _ in range(20):  # one that never stops logging is judged by what it said until then
        seen = len(child.log.lines())
        if not wait_until(lambda before=seen: len(child.log.lines()) > before, 0.5):
            break
    return child.log.lines()


def _parse(line):
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise Broken(f"a line begins as JSON and is none: {line[:120]}") from error
    if not isinstance(entry, dict):
        raise Broken(f"a line is no JSON object: {line[:120]}")
    return entry


@check("no-user-text", 7, "no string of a request appears in the log")
def no_user_text(kit):
    strings = {text for sample in kit.samples for request in sample.requests for text in strings_in(request)
               if len(text) >= 8}
    if not strings:
        raise NotApplicable("no sample has a string of 8 characters")
    log = "\n".join(_lines_after_a_call(kit))
    for text in strings:
        if text in log or json.dumps(text)[1:-1] in log:
            raise Broken(f"the log shows '{text[:40]}'")
