"""A model in Python for the runtime `process`: the Open Inference Protocol over the Unix socket that Starling names."""

import os
import signal
import struct
import sys
import threading
from concurrent import futures
from pathlib import Path

import grpc
import numpy

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "build" / "python-sklearn" / "gen"))  # made by build.sh

from inference import grpc_service_pb2 as pb  # noqa: E402  (generated)
from inference import grpc_service_pb2_grpc as rpc  # noqa: E402
from inference import infer_pb2 as tensors  # noqa: E402


class WineServer(rpc.GRPCInferenceServiceServicer):
    """Four calls of the service are all that Starling makes."""

    def __init__(self):
        self.model = None

    def ServerReady(self, request, context):
        return pb.ServerReadyResponse(ready=self.model is not None)

    def ModelReady(self, request, context):
        return pb.ModelReadyResponse(ready=self.model is not None)

    def ModelMetadata(self, request, context):
        tensor = pb.ModelMetadataResponse.TensorMetadata
        return pb.ModelMetadataResponse(
            name=request.name,
            platform="scikit-learn",
            inputs=[tensor(name="features", datatype="FP32", shape=[-1, 13])],
            outputs=[tensor(name="label", datatype="BYTES", shape=[-1]),
                     tensor(name="probabilities", datatype="FP32", shape=[-1, 3])])

    def ModelInfer(self, request, context):
        rows = numpy.frombuffer(request.raw_input_contents[0], "<f4").reshape(request.inputs[0].shape)
        if not (numpy.isfinite(rows) & (rows >= 0)).all():
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "'features' must be measurements: finite, and not negative.")
        labels, probabilities = self.model.judge(rows)
        output = tensors.ModelInferResponse.InferOutputTensor
        return tensors.ModelInferResponse(
            model_name=request.model_name,
            outputs=[output(name="label", datatype="BYTES", shape=[len(labels)]),
                     output(name="probabilities", datatype="FP32", shape=probabilities.shape)],
            raw_output_contents=[b"".join(struct.pack("<I", len(label)) + label.encode() for label in labels),
                                 probabilities.astype("<f4").tobytes()])


def end_with_the_parent(stop):
    """Standard input is a pipe that nobody writes to: it ends when Starling does."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    stop.set()


def main():
    socket = os.environ.get("STARLING_SOCKET")
    if not socket:
        sys.exit("STARLING_SOCKET is not set: this program is started by starling (see README.md).")
    limit = int(os.environ.get("STARLING_MAX_MESSAGE_BYTES", "67108864"))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threading.Thread(target=end_with_the_parent, args=[stop], daemon=True).start()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", limit),
                                                                 ("grpc.max_send_message_length", limit)])
    service = WineServer()
    rpc.add_GRPCInferenceServiceServicer_to_server(service, server)
    server.add_insecure_port("unix:" + socket)
    server.start()
    from wine import Wine  # scikit-learn takes a second to import: the socket is there before
    service.model = Wine()
    stop.wait()
    server.stop(grace=5).wait()


if __name__ == "__main__":
    main()
