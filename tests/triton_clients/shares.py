"""Runs in an environment of its own, with NVIDIA's tritonclient: asks for the alias `champion` of the model `sums` over http and gRPC and prints
as JSON which versions answered, without keys and by key. Arguments: host:port of HTTP, of gRPC, and the Authorization header."""

import json
import sys

import numpy as np
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http


def version(module, client, header, **parameters):
    ids = module.InferInput("ids", [1, 3], "INT64")
    weights = module.InferInput("weights", [1, 2], "FP32")
    ids.set_data_from_numpy(np.array([[1, 2, 3]], np.int64))
    weights.set_data_from_numpy(np.array([[1, 2]], np.float32))
    more = {"model_version": "champion", "headers": {"authorization": header}, "parameters": parameters or None}
    answer = client.infer("sums", [ids, weights], **more).get_response()
    return answer["model_version"] if isinstance(answer, dict) else answer.model_version


def main(http, grpc, header):
    said = {}
    with triton_http.InferenceServerClient(http) as over_http, triton_grpc.InferenceServerClient(grpc) as over_grpc:
        for name, module, client in (("http", triton_http, over_http), ("grpc", triton_grpc, over_grpc)):
            said[name] = {
                "all": [version(module, client, header) for _ in range(40)],
                "keys": {f"user-{n}": version(module, client, header, sticky_key=f"user-{n}") for n in range(20)},
            }
    print(json.dumps(said))


main(*sys.argv[1:])
