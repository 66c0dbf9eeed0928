"""A remote target by the book of another language: sentiment served by grpcio, which notes what reaches it."""

import threading
from concurrent import futures

import grpc

from harness.contracts import contract


class Call:
    """What one call brought: metadata as a dict, seconds until its deadline, and whether it was cancelled."""

    def __init__(self, context):
        self.metadata = {entry.key: entry.value for entry in context.invocation_metadata()}
        self.time_remaining = context.time_remaining()
        self.cancelled = threading.Event()
        context.add_callback(lambda: None if context.code() else self.cancelled.set())


class Target:
    """Serves SentimentService on a free port, or on `port`. `answer` may be replaced: it gets the call and the context,
    and what it returns (None: neutral) is the label of every text."""

    def __init__(self, port=0, credentials=None, workers=32):
        self.calls = []
        self.answer = lambda call, context: None
        messages, stubs = contract("starling/sentiment/v1/sentiment.proto")
        target = self

        class Service(stubs.SentimentServiceServicer):
            def AnalyzeSentiment(self, request, context):
                call = Call(context)
                target.calls.append(call)
                label = target.answer(call, context) or "neutral"
                results = [{"text": text, "sentiment": label, "confidence": 0.5} for text in request.texts]
                return messages.AnalyzeSentimentResponse(results=results)

        self._server = grpc.server(futures.ThreadPoolExecutor(workers), options=[("grpc.so_reuseport", 0)])
        stubs.add_SentimentServiceServicer_to_server(Service(), self._server)
        listen = f"127.0.0.1:{port}"
        self.port = self._server.add_secure_port(listen, credentials) if credentials else self._server.add_insecure_port(listen)
        self._server.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def stop(self, grace_s=None):
        self._server.stop(grace_s).wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def fail(code, details="as the test says"):
    """An `answer` that fails every call."""

    def answer(call, context):
        context.abort(code, details)

    return answer
