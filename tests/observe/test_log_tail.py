"""The log tail on the admin port: a slow reader holds up nobody but itself and is told what it missed; one that leaves ends its call."""

import json
import os
import socket
import threading

import httpx
import pytest
from harness.placements import only
from harness.program import Program
from harness.waiting import wait_for

RUNS = ["spam"]

LINES, BATCH, PADDING = 8_000, 250, "x" * 2000
ACTIVE = 'rpc_server_active_calls{starling_service="admin"}'


class Talker:
    """A program with a child that says on standard error whatever is written into a pipe."""

    def __init__(self, folder):
        pipe = folder / "pipe"
        os.mkfifo(pipe)
        child = {"mode": "process", "command": ["sh", "-c", f"exec cat {pipe} >&2"], "start_timeout": "1h"}
        # It never serves and is borne; who reads nothing for a while is not cut.
        self.program = Program({"placement": only(spam=child), "server": {"limits": {"write_timeout": "10m"}}}, wait_ready=False)
        self._pipe = open(pipe, "w")
        self.say(-1, 1)
        wait_for(lambda: "line -1 " in self.program.log(), what="the first line")

    def say(self, first, count):
        self._pipe.write("".join(f"line {number} {PADDING}\n" for number in range(first, first + count)))
        self._pipe.flush()

    def active(self):
        return self.program.metrics().get(ACTIVE, 0)

    def memory(self):
        return self.program.metrics()['process_memory_usage_bytes{process="main"}']

    def tail(self, client):
        return client.stream("GET", self.program.admin_url + "/admin/logs?last=1", timeout=60)


@pytest.fixture
def talker(tmp_path):
    talker = Talker(tmp_path)
    with talker.program:
        yield talker
        talker._pipe.close()


def impatient():
    """A client whose connection holds little that was not read."""
    return httpx.Client(transport=httpx.HTTPTransport(socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)]))


def events(response):
    """(number of the child's line or None, lines missed before it) of each event."""
    for text in response.iter_lines():
        if text.startswith("data: "):
            event = json.loads(text.removeprefix("data: "))
            words = json.loads(event["line"])["message"].split()
            yield int(words[1]) if words[0] == "line" else None, event.get("missed", 0)


class Reader(threading.Thread):
    """Reads a tail as fast as it can."""

    def __init__(self, response):
        super().__init__(daemon=True)
        self._response, self.numbers, self.missed = response, [], 0

    def run(self):
        for number, missed in events(self._response):
            self.missed += missed
            if number is not None and number >= 0:
                self.numbers.append(number)
            if number == LINES:
                return


def test_a_slow_reader_misses_lines_is_told_how_many_and_holds_up_nobody(talker):
    with impatient() as slow_client, httpx.Client() as fast_client:
        with talker.tail(slow_client) as slow, talker.tail(fast_client) as fast:
            reader = Reader(fast)
            reader.start()
            for first in range(0, LINES, BATCH):
                talker.say(first, BATCH)
                wait_for(lambda end=first + BATCH: len(reader.numbers) == end, 30, "the fast reader's lines")
                if first == LINES // 2:
                    memory = talker.memory()
            # What waits for the slow reader is bounded: the second half of the lines, 8 MB, is not kept for it.
            assert talker.memory() - memory < 4 << 20
            talker.say(LINES, 1)
            reader.join(30)
            assert reader.numbers == list(range(LINES + 1)) and reader.missed == 0

            # The slow one now reads what was kept for it, and hears at once what it has lost: nothing twice, nothing silently.
            expected, said, missed = 0, LINES + 1, 0
            for count, (number, missed) in enumerate(events(slow)):
                if count % 100 == 0:
                    talker.say(said, 1)
                    said += 1
                if number is None or number < 0:
                    continue
                if missed:
                    break
                assert number == expected
                expected += 1
            # Lines of others may be among the missed.
            assert expected < LINES and number - expected <= missed <= number - expected + 20


@pytest.mark.parametrize("reads", [True, False])
def test_a_reader_that_leaves_ends_its_call(talker, reads):
    with impatient() as client:
        with talker.tail(client) as response:
            wait_for(lambda: talker.active() == 1, what="the call")
            talker.say(0, LINES if not reads else 1)
            if reads:
                assert next(number for number, _ in events(response) if number != -1) == 0
            else:
                # The call now waits for its reader.
                wait_for(lambda: f"line {LINES - 1} " in talker.program.log(), 30, "the lines")
                assert talker.active() == 1
    wait_for(lambda: talker.active() == 0, what="the call's end")
