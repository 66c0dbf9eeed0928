"""Closed-loop load that counts what happened to each request."""

import http.client
import json
import threading
import time
from collections import Counter

from harness.waiting import wait_for


class Load:
    """`clients` threads, each with a session of its own that `connect()` makes: a callable that sends one request and
    returns its outcome, or raises. Runs inside `with`; after it `outcomes` counts what came back."""

    def __init__(self, connect, clients=16):
        self.outcomes = Counter()
        self.slowest = 0.0
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(connect,), daemon=True) for _ in range(clients)]

    def _run(self, connect):
        send = connect()
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                outcome = send()
            except Ended:
                break
            except Exception as error:  # whatever a client hears is a result here
                outcome = repr(error)
            with self._lock:
                self.outcomes[outcome] += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
        getattr(send, "close", lambda: None)()

    @property
    def sent(self):
        return sum(self.outcomes.values())

    def wait_for_more(self, count, timeout_s=30):
        """Returns when `count` more requests were answered."""
        goal = self.sent + count
        wait_for(lambda: self.sent >= goal, timeout_s, f"{count} more answers ({self.outcomes})")

    def wait_ended(self, timeout_s=30):
        """Returns when every client has ended by itself."""
        for thread in self._threads:
            thread.join(timeout_s)
            assert not thread.is_alive(), "a client still waits for an answer"

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self.wait_ended()


class Ended(Exception):
    """The server is gone, and no request was under way: the client stops."""


class KeepAlive:
    """One HTTP/1.1 connection that is used again and again; its outcomes are status codes."""

    def __init__(self, address, path="/analyze-sentiment", body=None, timeout_s=30):
        host, port = address.rsplit(":", 1)
        self._connection = http.client.HTTPConnection(host, int(port), timeout=timeout_s)
        self._path = path
        self._body = json.dumps(body if body is not None else {"texts": ["I love it."]})

    def __call__(self):
        if self._connection.sock is None:
            try:
                self._connection.connect()
            except ConnectionRefusedError:
                raise Ended from None
        self._connection.request("POST", self._path, self._body, {"content-type": "application/json"})
        response = self._connection.getresponse()
        response.read()
        return response.status

    def close(self):
        self._connection.close()
