"""Prints the first number of each answer, in the order of the files; run by the environment of the rival mlserver.

  ask.py grpc ADDRESS AUTHORIZATION FILE...                      each file is a ModelInferRequest
  ask.py rest URL AUTHORIZATION FILE                             each line is a body
  ask.py binary URL AUTHORIZATION HEADER FILE...                 each file is a body, HEADER the line that they all need
"""

import json
import struct
import sys
import urllib.request
from pathlib import Path

import grpc
from mlserver.grpc.dataplane_pb2 import ModelInferRequest
from mlserver.grpc.dataplane_pb2_grpc import GRPCInferenceServiceStub


def over_grpc(address, authorization, files):
    with grpc.insecure_channel(address) as channel:
        for file in files:
            request = ModelInferRequest.FromString(Path(file).read_bytes())
            answer = GRPCInferenceServiceStub(channel).ModelInfer(request, metadata=[("authorization", authorization)])
            yield struct.unpack("<f", answer.raw_output_contents[0])[0] if answer.raw_output_contents else answer.outputs[0].contents.fp32_contents[0]


def over_rest(url, authorization, bodies, headers):
    for body in bodies:
        request = urllib.request.Request(url, body, {"authorization": authorization, **headers})
        with urllib.request.urlopen(request, timeout=30) as answer:
            length, content = answer.headers.get("inference-header-content-length"), answer.read()
        if length:
            yield struct.unpack("<f", content[int(length) :])[0]
        else:
            yield json.loads(content)["outputs"][0]["data"][0]


def main():
    kind, where, authorization, *rest = sys.argv[1:]
    if kind == "grpc":
        answers = over_grpc(where, authorization, rest)
    elif kind == "rest":
        answers = over_rest(where, authorization, Path(rest[0]).read_bytes().splitlines(), {"content-type": "application/json"})
    else:
        name, value = rest[0].split(": ")
        bodies = [Path(file).read_bytes() for file in rest[1:]]
        answers = over_rest(where, authorization, bodies, {"content-type": "application/octet-stream", name: value})
    print(json.dumps(list(answers)))


if __name__ == "__main__":
    main()
