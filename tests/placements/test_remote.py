"""The placement `remote`, judged at its other end: a target in another language that notes what reaches it."""

import threading
import time
from contextlib import contextmanager

import httpx
import pytest
from grpc import StatusCode
from harness.load import KeepAlive, Load
from harness.placements import only
from harness.program import Program
from harness.target import Target, fail
from harness.waiting import wait_for

BODY = {"texts": ["A text of somebody."]}
TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def in_front_of(*targets, limits=None, **placement):
    remote = {"mode": "remote", "targets": [target.address for target in targets], "plaintext": True, **placement}
    # Only what is remote: no model is loaded here.
    with Program({"placement": only(sentiment=remote), "server": {"limits": limits or {}}}) as program:
        yield program


def post(program, headers=None, timeout=30):
    return httpx.post(program.url + "/analyze-sentiment", json=BODY, headers=headers, timeout=timeout)


@pytest.fixture(scope="module")
def pair():
    with Target() as target, in_front_of(target) as program:
        yield program, target


@pytest.fixture
def one(pair):
    """A program in front of one target, which has forgotten earlier tests."""
    program, target = pair
    target.answer = lambda call, context: None
    wait_for(lambda: post(program).status_code == 200, what="a closed breaker")
    target.calls.clear()
    return program, target


def test_trace_and_request_id_are_carried_over(one):
    program, target = one
    answer = post(program, {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "tracestate": "vendor=1", "x-request-id": "from-outside"})
    assert answer.status_code == 200
    [call] = target.calls
    version, trace, _, flags = call.metadata["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert call.metadata["tracestate"] == "vendor=1"
    assert call.metadata["x-request-id"] == answer.headers["x-request-id"] == "from-outside"
    # Over TCP nobody is told on whose behalf we call: it could not be proven.
    assert not any(key.startswith("x-starling-") for key in call.metadata)


def test_the_deadline_arrives_shortened(one):
    program, target = one
    assert post(program).status_code == 200
    # server.limits.request_timeout is a minute.
    assert 50 < target.calls[0].time_remaining < 60


def test_a_deadline_that_passes_is_504_and_ends_the_call_at_the_target():
    with Target() as target, in_front_of(target, limits={"request_timeout": "300ms"}) as program:
        target.answer = lambda call, context: call.cancelled.wait(20) and None
        answer = post(program)
        assert answer.status_code == 504, answer.text
        assert len(target.calls) == 1, "what came too late is not tried again"
        assert 0 < target.calls[0].time_remaining <= 0.3
        assert target.calls[0].cancelled.wait(5)


def test_a_client_that_goes_away_cancels_the_target(one):
    program, target = one
    target.answer = lambda call, context: call.cancelled.wait(20) and None
    with pytest.raises(httpx.ReadTimeout):
        post(program, timeout=0.3)
    assert target.calls[0].cancelled.wait(5)


def test_safe_calls_are_tried_again(one):
    program, target = one

    def first_fails(call, context):
        if len(target.calls) == 1:
            context.abort(StatusCode.UNAVAILABLE, "just this once")

    target.answer = first_fails
    assert post(program).status_code == 200
    assert len(target.calls) == 2


@pytest.mark.parametrize("code, status", [(StatusCode.INVALID_ARGUMENT, 400), (StatusCode.INTERNAL, 500), (StatusCode.RESOURCE_EXHAUSTED, 429)])
def test_what_is_no_failure_to_reach_it_is_not_tried_again(one, code, status):
    program, target = one
    target.answer = fail(code)
    answer = post(program)
    assert answer.status_code == status
    assert status != 429 or int(answer.headers["retry-after"]) >= 1
    assert len(target.calls) == 1


def test_failures_inside_the_target_reach_nobody(one):
    program, target = one
    target.answer = fail(StatusCode.INTERNAL, "/srv/app/secret.py line 7 at 0x7f001234: stack")
    answer = post(program, {"x-request-id": "id-of-this-request"})
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "details"}
    assert answer.json()["error"] == "Internal server error"
    assert "id-of-this-request" in answer.json()["details"]
    for leak in ("secret", "srv", "0x7f", "stack"):
        assert leak not in answer.text


def test_retries_add_a_tenth_at_most():
    """Every call fails, with an answer that leaves the breaker closed: all load that retries add is seen at the target."""
    with Target() as target, in_front_of(target) as program:
        target.answer = every_other_fails()
        requests = 400
        with httpx.Client() as client:
            for _ in range(requests):
                client.post(program.url + "/analyze-sentiment", json=BODY, timeout=30)
        # The first ten come from the reserve that lets a quiet client retry at all.
        assert requests * 1.05 < len(target.calls) <= requests * 1.1 + 10


def every_other_fails():
    """Fails half of all calls: never five in a row, so the breaker stays out of it."""
    lock, count = threading.Lock(), [0]

    def answer(call, context):
        with lock:
            count[0] += 1
            failing = count[0] % 2
        if failing:
            context.abort(StatusCode.UNAVAILABLE, "every other call")

    return answer


def test_two_targets_share_the_load_and_one_that_dies_costs_no_request():
    with Target() as stays, Target() as goes, in_front_of(stays, goes) as program:
        with Load(lambda: KeepAlive(program.addresses["http"], body=BODY), clients=8) as load:
            load.wait_for_more(400)
            assert len(stays.calls) > 100 and len(goes.calls) > 100
            port = goes.port
            goes.stop()
            load.wait_for_more(400)
            with Target(port) as back:
                # Whoever comes back gets its share again.
                wait_for(lambda: len(back.calls) > 20, what="calls to the one that came back")
                load.wait_for_more(100)
        assert set(load.outcomes) == {200}, load.outcomes


def test_a_failing_target_is_ejected_and_comes_back():
    with Target() as good, Target() as bad, in_front_of(good, bad) as program:
        bad.answer = fail(StatusCode.UNAVAILABLE)
        with Load(lambda: KeepAlive(program.addresses["http"], body=BODY), clients=4) as load:
            wait_for(lambda: len(bad.calls) >= 5, what="five failures in a row")
            began, seen = time.monotonic(), len(bad.calls)
            load.wait_for_more(300)
            took = time.monotonic() - began
            # While it is out, nothing but a probe now and then: at most one for each quarter second, and what was under way.
            assert len(bad.calls) - seen <= took / 0.25 + 5
            bad.answer = lambda call, context: None
            back = len(bad.calls)
            wait_for(lambda: len(bad.calls) > back + 50, what="its share of the calls")
        assert set(load.outcomes) == {200}, load.outcomes


def test_with_no_target_callers_hear_later_at_once():
    with Target() as target:
        address = target.address
    placement = only(sentiment={"mode": "remote", "targets": [address], "plaintext": True})
    with Program({"placement": placement}) as program:
        began = time.monotonic()
        answer = post(program)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert time.monotonic() - began < 1
        # Readiness does not depend on others.
        assert httpx.get(program.url + "/readyz").status_code == 200
