"""Runs in an environment of its own, with NVIDIA's tritonclient: texts in, labels out, as the metadata of a text model says. Arguments: host:port of
HTTP and of gRPC, the Authorization header."""

import sys

import numpy as np
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

TEXTS = ["This product is absolutely amazing! Highly recommend.", "I had a terrible experience with their customer service."]


def main():
    http, grpc, authorization = sys.argv[1:]
    for module, address, header in ((triton_http, http, "Authorization"), (triton_grpc, grpc, "authorization")):
        client = module.InferenceServerClient(address)
        metadata = client.get_model_metadata("sentiment", headers={header: authorization})
        inputs = metadata["inputs"] if module is triton_http else [{"name": i.name, "datatype": i.datatype} for i in metadata.inputs]
        assert [(i["name"], i["datatype"]) for i in inputs] == [("text", "BYTES")], inputs
        text = module.InferInput("text", [len(TEXTS), 1], "BYTES")
        text.set_data_from_numpy(np.array([[t.encode()] for t in TEXTS], dtype=object))
        answer = client.infer("sentiment", [text], headers={header: authorization})
        assert answer.as_numpy("label").tolist() == [[b"positive"], [b"negative"]], answer.as_numpy("label")
        probabilities = answer.as_numpy("probabilities")
        assert probabilities.shape == (2, 3) and np.allclose(probabilities.sum(axis=1), 1, atol=1e-3), probabilities
        best = client.infer("sentiment", [text], outputs=[module.InferRequestedOutput("probabilities", class_count=1)], headers={header: authorization})
        assert [row[0].split(b":")[2] for row in best.as_numpy("probabilities")] == [b"positive", b"negative"], best.as_numpy("probabilities")
        number = module.InferInput("text", [1], "INT64")
        number.set_data_from_numpy(np.array([1]))
        try:
            client.infer("sentiment", [number], headers={header: authorization})
            raise AssertionError("a number was taken for a text")
        except InferenceServerException as error:
            assert "Input 'text' must be BYTES" in str(error), error
    print("all right")


if __name__ == "__main__":
    main()
