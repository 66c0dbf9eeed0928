"""What docs/other-languages.md asks of any child, with grpcio: start, health, logs and end. Copy it for your own service."""

import asyncio
import datetime
import json
import logging
import os
import signal
import sys
import threading
import time

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class JsonLines(logging.Formatter):
    """One JSON object per line (section 7); `extra=call_fields(context)` adds the ids of the call."""

    LEVELS = {"DEBUG": "debug", "INFO": "info", "WARNING": "warn", "ERROR": "error", "CRITICAL": "error"}

    def format(self, record):
        moment = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
        entry = {"time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                 "level": self.LEVELS[record.levelname], "message": record.getMessage()}
        for key in ("trace_id", "request_id"):
            if getattr(record, key, None):
                entry[key] = getattr(record, key)
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)[:16000]


def call_fields(context):
    """The ids that a log line of this call carries."""
    metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
    parts = metadata.get("traceparent", "").split("-")
    trace = parts[1] if len(parts) >= 4 and len(parts[1]) == 32 else None
    return {"trace_id": trace, "request_id": metadata.get("x-request-id")}


class Health(health_pb2_grpc.HealthServicer):
    """grpc.health.v1 whose watches end when the process stops, so that they do not hold up its end."""

    def __init__(self, services):
        self._statuses = {name: NOT_SERVING for name in ["", *services]}
        self._stopping = False
        self._changed = asyncio.Event()

    def set_serving(self):
        if not self._stopping:
            self._set_all(SERVING)

    def stop(self):
        self._stopping = True
        self._set_all(NOT_SERVING)

    def _set_all(self, status):
        self._statuses = dict.fromkeys(self._statuses, status)
        self._changed.set()
        self._changed = asyncio.Event()

    async def Check(self, request, context):
        if request.service not in self._statuses:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        return health_pb2.HealthCheckResponse(status=self._statuses[request.service])

    async def Watch(self, request, context):
        sent = None
        while True:
            changed, status = self._changed, self._statuses.get(request.service, SERVICE_UNKNOWN)
            if status != sent:
                yield health_pb2.HealthCheckResponse(status=status)
                sent = status
            if self._stopping:
                return
            await changed.wait()


class Process:
    """The environment of section 1 and the signals of section 8."""

    def __init__(self):
        if not os.environ.get("STARLING_SOCKET"):
            sys.exit("STARLING_SOCKET is not set: this program is started by starling (see docs/other-languages.md).")
        self.socket_path = os.environ["STARLING_SOCKET"]
        self.stop_seconds = int(os.environ.get("STARLING_STOP_TIMEOUT_MS", "10000")) / 1000
        self.max_message_bytes = int(os.environ.get("STARLING_MAX_MESSAGE_BYTES", str(4 * 1024 * 1024)))
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._orphaned = False
        self._loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        threading.Thread(target=self._watch_lifeline, daemon=True).start()

    async def run(self, server, health, prepare):
        """Listens, prepares (loads models) in a thread, serves until told to stop, drains."""
        if os.path.exists(self.socket_path):
            os.unlink(self.socket_path)
        server.add_insecure_port("unix:" + self.socket_path)
        await server.start()
        await asyncio.to_thread(prepare)
        health.set_serving()
        logging.info("serving")
        await self._stop.wait()
        health.stop()
        # A little before the parent loses patience, so that the last answers and the exit code still arrive.
        await server.stop(0 if self._orphaned else 0.8 * self.stop_seconds)
        logging.info("stopped")

    def _watch_lifeline(self):
        """Returns from its read only when the parent is gone: nothing is ever written there."""
        while os.read(sys.stdin.fileno(), 1):
            pass
        self._orphaned = True
        self._loop.call_soon_threadsafe(self._stop.set)
        time.sleep(1)  # however busy the process still is with loading or computing
        os._exit(0)


def set_up_logging():
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
