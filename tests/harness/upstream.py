"""A stock grpcio server of the Open Inference Protocol inside the test, which does what the test wants."""

import threading
from concurrent import futures

import grpc
import numpy
from harness.contracts import contract

tensors, _ = contract("inference/infer.proto")
contract("inference/model_config.proto")
pb, rpc = contract("inference/grpc_service.proto")

PACKAGE = """
name: {name}
version: "1"
task: tensors
runtime: remote
runtime_options: {{url: {url}, model: doubles, {options}}}
inputs:
  - {{name: x, datatype: FP32, shape: [-1, 2]}}
outputs:
  - {{name: doubled, datatype: FP32, shape: [-1, 2]}}
instances: 2
{more}
"""


def write_package(folder, url, name="doubles", options="", more=""):
    folder.mkdir()
    (folder / "model.yaml").write_text(PACKAGE.format(name=name, url=url, options=options, more=more))
    return str(folder)


class Upstream(rpc.GRPCInferenceServiceServicer):
    """Doubles. `answer(request, rows)` may be replaced; `gate` closed holds every inference back; calls are kept."""

    def __init__(self, port=0, ready=True, credentials=None, address=None):
        self.ready = ready
        self.answer = self.doubled
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        self.batches = []
        self.metadata = []
        self.left_s = []
        self.cancelled = threading.Event()
        self.shape = [-1, 2]
        options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(futures.ThreadPoolExecutor(32), options=options)
        rpc.add_GRPCInferenceServiceServicer_to_server(self, self._server)
        address = address or f"127.0.0.1:{port}"
        self._scheme = "grpcs" if credentials else "grpc"
        self.port = self._server.add_secure_port(address, credentials) if credentials else self._server.add_insecure_port(address)
        self._server.start()

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def stop(self):
        self.gate.set()
        self._server.stop(0).wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @staticmethod
    def doubled(_, rows):
        output = tensors.ModelInferResponse.InferOutputTensor(name="doubled", datatype="FP32", shape=rows.shape)
        return tensors.ModelInferResponse(outputs=[output], raw_output_contents=[(2 * rows).astype("<f4").tobytes()])

    def ModelReady(self, request, context):
        return pb.ModelReadyResponse(ready=self.ready)

    def ModelMetadata(self, request, context):
        if request.name != "doubles":
            context.abort(grpc.StatusCode.NOT_FOUND, "no such model")
        tensor = pb.ModelMetadataResponse.TensorMetadata
        return pb.ModelMetadataResponse(name="doubles", inputs=[tensor(name="x", datatype="FP32", shape=self.shape)],
                                        outputs=[tensor(name="doubled", datatype="FP32", shape=self.shape)])

    def ModelInfer(self, request, context):
        self.metadata.append(dict(context.invocation_metadata()))
        self.left_s.append(context.time_remaining())
        self.batches.append(request.inputs[0].shape[0])
        context.add_callback(lambda: None if context.is_active() else self.cancelled.set())
        self.arrived.release()
        self.gate.wait(30)
        rows = numpy.frombuffer(request.raw_input_contents[0], "<f4").reshape(request.inputs[0].shape)
        return self.answer(request, rows)
