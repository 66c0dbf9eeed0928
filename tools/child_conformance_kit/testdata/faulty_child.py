"""A child that follows the page, except for the one fault that its argument names ("none" for none)."""

import json
import os
import pathlib
import signal
import sys
import threading
import time
from concurrent import futures

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
messages, _ = grpc.protos_and_services("echo.proto")

FAULT = sys.argv[1]
SOCKET = os.environ["STARLING_SOCKET"]
STOP_SECONDS = int(os.environ["STARLING_STOP_TIMEOUT_MS"]) / 1000
ECHO = "starling.kit.v1.EchoService"
Health = health_pb2.HealthCheckResponse
started = time.monotonic()
stopping = threading.Event()


def log(message, context=None):
    metadata = dict(context.invocation_metadata()) if context else {}
    entry = {"time": "2025-01-31T12:00:00Z", "level": "info", "message": message}
    if "traceparent" in metadata:
        entry["trace_id"] = metadata["traceparent"].split("-")[1] if metadata["traceparent"].count("-") == 3 else ""
        entry["request_id"] = metadata.get("x-request-id", "")
        if FAULT == "forgets-trace":
            del entry["trace_id"]
    if FAULT == "logs-no-level":
        del entry["level"]
    sys.stderr.write(json.dumps(entry)[: 20 if FAULT == "cuts-log-lines" else None] + "\n")


def refuse(context):
    violation = error_details_pb2.BadRequest.FieldViolation(field="text", description="'text' must not be empty.")
    status = status_pb2.Status(code=3, message="'text' must not be empty.")
    status.details.add().Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    if FAULT != "gives-no-details":
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, status.message)


def echo(request, context):
    if FAULT == "serves-before-ready" and time.monotonic() - started < 3:
        context.abort(grpc.StatusCode.UNAVAILABLE, "still loading")
    if FAULT == "fears-metadata" and any(key == "x-unknown-key" for key, _ in context.invocation_metadata()):
        context.abort(grpc.StatusCode.INTERNAL, "what is x-unknown-key?")
    if not request.text:
        refuse(context)
    log("echo of " + request.text if FAULT == "logs-user-text" else "echo", context)
    return messages.EchoResponse(text=request.text)


def repeat(request, context):
    if FAULT == "dies-of-cancel":
        context.add_callback(lambda: os._exit(1))
    for _ in range(1000):
        yield messages.EchoResponse(text=request.text)


def parse(data):
    try:
        return messages.EchoRequest.FromString(data)
    except Exception:
        if FAULT == "dies-of-garbage":
            os._exit(1)
        if FAULT == "accepts-garbage":
            return messages.EchoRequest(text="?")
        raise


def check(request, context):
    known = [""] if FAULT == "knows-no-names" else ["", ECHO]
    if request.service not in known and FAULT != "knows-all-names":
        context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
    serving = FAULT != "never-serves" and not stopping.is_set()
    return health_pb2.HealthCheckResponse(status=Health.SERVING if serving else Health.NOT_SERVING)


def watch(request, context):
    yield health_pb2.HealthCheckResponse(status=Health.SERVING)
    while not stopping.wait(0.1) and context.is_active():
        pass
    yield health_pb2.HealthCheckResponse(status=Health.NOT_SERVING)
    while FAULT == "waits-for-watchers" and context.is_active():
        time.sleep(0.1)


class Handlers(grpc.GenericRpcHandler):
    def service(self, call):
        answer = {"response_serializer": lambda message: message.SerializeToString()}
        health = answer | {"request_deserializer": health_pb2.HealthCheckRequest.FromString}
        if call.method == f"/{ECHO}/Echo":
            return grpc.unary_unary_rpc_method_handler(echo, request_deserializer=parse, **answer)
        if call.method == f"/{ECHO}/Repeat":
            return grpc.unary_stream_rpc_method_handler(repeat, request_deserializer=parse, **answer)
        if call.method == "/grpc.health.v1.Health/Check":
            return grpc.unary_unary_rpc_method_handler(check, **health)
        if call.method == "/grpc.health.v1.Health/Watch" and FAULT != "has-no-watch":
            return grpc.unary_stream_rpc_method_handler(watch, **health)
        if FAULT == "answers-anything":
            return grpc.unary_unary_rpc_method_handler(lambda request, context: b"")
        return None


def read_lifeline():
    while os.read(0, 1):
        pass
    if FAULT != "outlives-parent":
        os._exit(0)


def stop(*_):
    if FAULT == "cuts-calls":
        os._exit(0)
    if FAULT != "ignores-sigterm":
        stopping.set()


def main():
    if FAULT == "makes-no-socket":
        threading.Event().wait()
    if os.path.exists(SOCKET):
        if FAULT == "fears-stale-socket":
            sys.exit("the socket exists already")
        os.unlink(SOCKET)
    options = [] if FAULT != "has-no-limit" else [("grpc.max_receive_message_length", -1)]
    server = grpc.server(futures.ThreadPoolExecutor(4 if FAULT == "has-few-threads" else 40), options=options,
                         maximum_concurrent_rpcs=6 if FAULT == "takes-few-calls" else None)
    server.add_generic_rpc_handlers((Handlers(),))
    server.add_insecure_port("unix:" + SOCKET)
    if FAULT == "listens-on-tcp":
        server.add_insecure_port("127.0.0.1:0")
    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=read_lifeline, daemon=True).start()
    server.start()
    stopping.wait()
    server.stop(None if FAULT == "cancels-calls" else 60 if FAULT == "never-loses-patience" else 0.8 * STOP_SECONDS).wait()
    os._exit(1 if FAULT == "exits-with-1" else 0)


main()
