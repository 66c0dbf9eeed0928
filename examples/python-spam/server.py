"""A child service in Python: starling.spam.v1.SpamService. Started by starling; build.sh makes what it needs."""

import asyncio
import logging
import pathlib
import sys

import grpc
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_health.v1 import health_pb2_grpc

import lifecycle

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "build" / "python-spam" / "gen"))  # made by build.sh

from starling.spam.v1 import spam_pb2, spam_pb2_grpc  # noqa: E402  (generated)

SERVICE = "starling.spam.v1.SpamService"


class SpamService(spam_pb2_grpc.SpamServiceServicer):
    """Ready for calls once `load` has returned."""

    def __init__(self):
        self._detector = None

    def load(self):
        from detector import Detector  # scikit-learn takes a second to import: the socket is there before
        self._detector = Detector.load(HERE / "model.json")

    async def DetectSpam(self, request, context):
        if not request.texts:
            await abort_bad_field(context, "texts", "'texts' must be a list of one to 1000 messages to judge.")
        texts = list(request.texts)
        probabilities = await asyncio.to_thread(self._detector.probabilities, texts)
        logging.info("judged %d texts", len(texts), extra=lifecycle.call_fields(context))
        return spam_pb2.DetectSpamResponse(results=[
            spam_pb2.SpamResult(text=text, is_spam=probability >= 0.5, probability=probability)
            for text, probability in zip(texts, probabilities)])


async def abort_bad_field(context, field, description):
    """INVALID_ARGUMENT that names the field (section 6)."""
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
    detail = any_pb2.Any()
    detail.Pack(error_details_pb2.BadRequest(field_violations=[violation]))
    status = status_pb2.Status(code=code_pb2.INVALID_ARGUMENT, message=description, details=[detail])
    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, description,
                        (("grpc-status-details-bin", status.SerializeToString()),))


async def main():
    process = lifecycle.Process()
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", process.max_message_bytes),
                                      ("grpc.max_send_message_length", process.max_message_bytes)])
    service = SpamService()
    health = lifecycle.Health([SERVICE])
    spam_pb2_grpc.add_SpamServiceServicer_to_server(service, server)
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    await process.run(server, health, service.load)


if __name__ == "__main__":
    lifecycle.set_up_logging()
    asyncio.run(main())
