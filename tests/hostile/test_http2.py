"""Hostile HTTP/2 against the real program: each attack ends in bounded time and memory, the others on the same listener go on, and the
limit that struck is counted."""

import contextlib
import re
import threading
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from harness.program import Program
from harness.waiting import wait_for
from hostile.raw_http2 import CHECK, EMPTY_MESSAGE, ENHANCE_YOUR_CALM, RawHttp2, get
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame, RstStreamFrame, SettingsFrame

PROTOCOL_ERROR, REFUSED_STREAM, CANCEL = 1, 7, 8
MEMORY_BYTES = 32 * 1024 * 1024
OTHERS_WAIT_S = 2.0


@pytest.fixture(scope="module")
def program():
    limits = {"stall_timeout": "1s", "max_streams": 50, "idle_timeout": "30s"}
    with Program({"server": {"limits": limits}}, models=[]) as program:
        yield program


def limits_struck(program, limits):
    counts = {name: value for name, value in program.metrics().items() if name.startswith("http_server_http2_limits")}
    return sum(value for name, value in counts.items() if any(f'"{limit}"' in name for limit in limits))


def resident_bytes(program):
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{program.process.pid}/status").read_text())[1]) * 1024


@contextlib.contextmanager
def others_unaffected(program, *limits):
    """While the block runs another client keeps calling; none of its calls fails or waits long. Memory stays within bounds, and one of `limits` is counted."""
    before, memory = limits_struck(program, limits), resident_bytes(program)
    over, slowest, failures = threading.Event(), [0.0], []

    def other():
        with grpc.insecure_channel(program.grpc) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            while not over.is_set():
                began = time.monotonic()
                try:
                    stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
                except grpc.RpcError as error:
                    failures.append(error)
                    return
                slowest[0] = max(slowest[0], time.monotonic() - began)

    thread = threading.Thread(target=other)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not failures, failures
    assert slowest[0] < OTHERS_WAIT_S
    assert resident_bytes(program) < memory + MEMORY_BYTES
    if limits:
        wait_for(lambda: limits_struck(program, limits) > before, 10, f"a count of {limits}")


def flood(client, make, count=200_000, chunk=2000):
    """Sends `make(i)`, bytes, until the connection ends."""
    for start in range(0, count, chunk):
        if not client.send_bytes(b"".join(make(i) for i in range(start, start + chunk))):
            return
    client.wait_end()


def told_to_calm_down(client):
    """Whether the connection ended, and with the right word: one who floods on may lose it to the reset that follows."""
    return client.wait_end() in (ENHANCE_YOUR_CALM, None)


def test_rapid_reset(program):
    with others_unaffected(program, "resets"), RawHttp2(program.grpc) as client:
        first = client.headers(1, CHECK)
        again = client.encoder.encode(CHECK)
        client.send(first)

        def begin_and_reset(i):
            stream = 2 * i + 3
            return HeadersFrame(stream, again, flags=["END_HEADERS", "END_STREAM"]).serialize() + RstStreamFrame(stream, error_code=CANCEL).serialize()

        flood(client, begin_and_reset)
        assert told_to_calm_down(client)


def test_resets_that_the_server_is_made_to_send(program):
    """A window of more than 2^31 makes it reset the stream (CVE-2025-8671)."""
    with others_unaffected(program, "resets"), RawHttp2(program.grpc) as client:
        client.send(client.headers(1, CHECK))
        again = client.encoder.encode(CHECK)

        def begin_and_break(i):
            stream = 2 * i + 3
            head = HeadersFrame(stream, again, flags=["END_HEADERS"]).serialize()
            return head + b"\x00\x00\x04\x08\x00" + stream.to_bytes(4, "big") + b"\x7f\xff\xff\xff"

        flood(client, begin_and_break)
        assert told_to_calm_down(client)


def test_continuation_flood(program):
    with others_unaffected(program, "continuations"), RawHttp2(program.grpc) as client:
        client.send(client.headers(1, CHECK, flags=()))
        field = client.encoder.encode([("a", "b")])
        flood(client, lambda i: ContinuationFrame(1, field).serialize())
        client.wait_end()


@pytest.mark.parametrize(
    "frame",
    [SettingsFrame(settings={}), PingFrame(opaque_data=b"12345678"), DataFrame(1, b"")],
    ids=["settings", "ping", "empty data"],
)
def test_frames_that_carry_nothing(program, frame):
    # Pings and settings have answers: a client that reads none of them for a moment ends over those that wait for it.
    with others_unaffected(program, "control_frames", "answers"), RawHttp2(program.grpc) as client:
        client.send(client.headers(1, CHECK, flags=["END_HEADERS"]))
        data = frame.serialize()
        flood(client, lambda i: data)
        assert told_to_calm_down(client)


def test_priority_flood(program):
    """Priorities mean nothing here: they cost their bytes."""
    with others_unaffected(program), RawHttp2(program.grpc) as client:
        for start in range(0, 100_000, 2000):
            frames = (PriorityFrame(2 * (start + i) + 1, depends_on=0, stream_weight=7).serialize() for i in range(2000))
            if not client.send_bytes(b"".join(frames)):
                return
        client.send(client.headers(300_001, CHECK, flags=["END_HEADERS"]), DataFrame(300_001, EMPTY_MESSAGE, flags=["END_STREAM"]))
        assert client.wait_for(lambda frame: "END_STREAM" in frame.flags and frame.stream_id == 300_001) or told_to_calm_down(client)


def test_pings_whose_answers_are_not_read(program):
    """As many as the server allows, and no reading: what it would answer is bounded."""
    with others_unaffected(program), RawHttp2(program.grpc) as client:
        data = PingFrame(opaque_data=b"12345678").serialize()
        client.socket.settimeout(20)
        with contextlib.suppress(OSError):
            for _ in range(500):
                client.socket.sendall(data * 1000)
        client.wait_end()


def test_keepalive_pings_of_a_patient_client_are_answered(program):
    with RawHttp2(program.grpc) as client:
        for i in range(50):
            client.send(PingFrame(opaque_data=i.to_bytes(8, "big")))
            assert client.wait_for(lambda frame, i=i: isinstance(frame, PingFrame) and frame.opaque_data == i.to_bytes(8, "big"))


def test_responses_that_nobody_takes(program):
    """A window of zero: at most max_streams answers wait, and each is reset after stall_timeout."""
    with others_unaffected(program, "stalled_stream"), RawHttp2(program.addresses["admin"], settings={SettingsFrame.INITIAL_WINDOW_SIZE: 0}) as client:
        streams = range(1, 201, 2)
        client.send(*(client.headers(stream, get("/metrics")) for stream in streams))
        wait_for(lambda: client.read(wait_s=0.2) or len({frame.stream_id for frame in client.resets()}) == len(streams), 20, "a reset of each stream")


def test_headers_over_the_limit_are_431(program):
    with RawHttp2(program.grpc) as client:
        fields = [*get("/"), *((f"x-{i}", "v" * 1000) for i in range(40))]
        block = client.encoder.encode(fields)
        client.send(HeadersFrame(1, block[:16000], flags=["END_STREAM"]), ContinuationFrame(1, block[16000:32000]), ContinuationFrame(1, block[32000:], flags=["END_HEADERS"]))
        assert client.wait_for(lambda frame: isinstance(frame, HeadersFrame)).fields[":status"] == "431"


def test_headers_far_over_the_limit_end_the_connection(program):
    """One indexed field of 4 KB again and again: 1 byte each on the wire."""
    with others_unaffected(program, "header_list"), RawHttp2(program.grpc) as client:
        block = client.encoder.encode([*get("/"), ("x-large", "v" * 3000)]) + client.encoder.encode([("x-large", "v" * 3000)]) * 10_000
        client.send(HeadersFrame(1, block, flags=["END_HEADERS", "END_STREAM"]))
        assert told_to_calm_down(client)


def test_a_message_in_frames_of_one_byte(program):
    """Slow to no one but its sender; the answer comes."""
    with others_unaffected(program), RawHttp2(program.grpc) as client:
        name = b"\x0a\xff\x01" + b"n" * 255
        message = b"\x00" + len(name).to_bytes(4, "big") + name
        client.send(client.headers(1, CHECK, flags=["END_HEADERS"]), *(DataFrame(1, message[i : i + 1]) for i in range(len(message))))
        client.send(DataFrame(1, b"", flags=["END_STREAM"]))
        answer = client.wait_for(lambda frame: isinstance(frame, HeadersFrame) and "END_STREAM" in frame.flags)
        assert answer.fields["grpc-status"] == str(grpc.StatusCode.NOT_FOUND.value[0])


def test_a_body_that_never_ends_in_frames_of_one_byte(program):
    """Within the message's announced length, in tiny frames, on every stream at once: memory is bounded by the windows."""
    with others_unaffected(program), RawHttp2(program.grpc) as client:
        streams = range(1, 101, 2)
        for stream in streams:
            client.send(client.headers(stream, CHECK, flags=["END_HEADERS"]), DataFrame(stream, b"\x00\x00\x70\x00\x00"))
        for _ in range(40):
            if not client.send_bytes(b"".join(DataFrame(stream, b"x").serialize() * 20 for stream in streams)):
                break
        assert not client.ended


def test_more_streams_than_allowed_are_refused(program):
    with others_unaffected(program, "streams"), RawHttp2(program.grpc) as client:
        client.send(*(client.headers(stream, CHECK, flags=["END_HEADERS"]) for stream in range(1, 121, 2)))
        refused = wait_for(lambda: client.read(wait_s=0.2) or len(client.resets()) >= 10 and client.resets(), 20, "refusals")
        assert {frame.error_code for frame in refused} == {REFUSED_STREAM} and len(refused) == 10
        client.send(DataFrame(1, EMPTY_MESSAGE, flags=["END_STREAM"]))
        answer = client.wait_for(lambda frame: isinstance(frame, HeadersFrame) and "END_STREAM" in frame.flags)
        assert answer.stream_id == 1 and answer.fields["grpc-status"] == "0", "the others go on"


def test_more_streams_than_the_client_knows_to_be_allowed_end_the_connection(program):
    with others_unaffected(program), RawHttp2(program.grpc) as client:
        client.wait_for(lambda frame: isinstance(frame, SettingsFrame) and frame.settings.get(SettingsFrame.MAX_CONCURRENT_STREAMS) == 50)
        client.send(SettingsFrame(flags=["ACK"]))
        client.send(*(client.headers(stream, CHECK, flags=["END_HEADERS"]) for stream in range(1, 121, 2)))
        assert client.wait_end() == PROTOCOL_ERROR


@pytest.mark.parametrize(
    "preface",
    [b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n" + bytes(40), bytes(range(256)), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x05\x06\x00\x00\x00\x00\x00hello"],
    ids=["wrong end", "no protocol", "no settings first"],
)
def test_an_invalid_preface_ends_the_connection(program, preface):
    with others_unaffected(program), RawHttp2(program.grpc, preface=preface) as client:
        deadline = time.monotonic() + 15
        client.socket.settimeout(15)
        with contextlib.suppress(ConnectionError):
            while client.socket.recv(4096):
                assert time.monotonic() < deadline
