"""Writes what the section open_inference sends and serves; run by the environment of the rival mlserver, which has the packages.

  material.py FOLDER     model.ubj: 100 trees over 30 features; rows.txt: a row a line; rest.jsonl: bodies in JSON, one a line;
                         binary.N and grpc.N: the same with binary tensors; binary.header: the header that those need
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost
from mlserver.grpc.dataplane_pb2 import ModelInferRequest

FEATURES, TREES, BODIES = 30, 100, 16


def train(random):
    rows = random.normal(size=(4000, FEATURES)).astype(np.float32)
    target = 2 * rows[:, 0] - rows[:, 1] * rows[:, 2] + np.sin(rows[:, 3:]).sum(axis=1)
    return xgboost.train({"max_depth": 6, "nthread": 1, "seed": 1}, xgboost.DMatrix(rows, target), TREES)


def rest(row):
    return {"inputs": [{"name": "features", "datatype": "FP32", "shape": [1, FEATURES], "data": [float(f"{value:.4f}") for value in row]}]}


def binary(row):
    """The binary tensor data extension: JSON, then the bytes of the tensor. All heads are the same, and so is their length."""
    about = {"name": "features", "datatype": "FP32", "shape": [1, FEATURES], "parameters": {"binary_data_size": row.nbytes}}
    head = json.dumps({"inputs": [about], "parameters": {"binary_data_output": True}}).encode()
    return head, row.tobytes()


def grpc(row):
    tensor = ModelInferRequest.InferInputTensor(name="features", datatype="FP32", shape=[1, FEATURES])
    return ModelInferRequest(model_name="trees", inputs=[tensor], raw_input_contents=[row.tobytes()]).SerializeToString()


def main():
    folder = Path(sys.argv[1])
    random = np.random.default_rng(7)
    train(random).save_model(folder / "model.ubj")
    rows = random.normal(size=(BODIES, FEATURES)).round(4).astype(np.float32)
    (folder / "rows.txt").write_text("".join(" ".join(f"{value:.4f}" for value in row) + "\n" for row in rows), encoding="utf-8")
    (folder / "rest.jsonl").write_text("".join(json.dumps(rest(row)) + "\n" for row in rows), encoding="utf-8")
    for number, row in enumerate(rows):
        head, tensor = binary(row)
        (folder / f"binary.{number}").write_bytes(head + tensor)
        (folder / f"grpc.{number}").write_bytes(grpc(row))
        (folder / "binary.header").write_text(f"inference-header-content-length: {len(head)}", encoding="utf-8")


if __name__ == "__main__":
    main()
