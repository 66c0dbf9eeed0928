"""Runs in an environment of its own, with NVIDIA's tritonclient: a graph is asked as any model is, over http and grpc. Arguments: host:port of
HTTP, of gRPC, and the Authorization header. Ends with 0 and `all right`. The models are those of src/services/models/blackbox/test_graphs.py."""

import sys

import numpy as np
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

# Of src/backends/inference_xgboost/testdata/rows.txt; what the trees make of them is in binary.expected.txt.
HIGH = np.array([[0.00123015337, 0.298745543, np.nan, 2]], dtype=np.float32), 0.475283861
LOW = np.array([[-0.454670787, -0.991646528, 0.0601436011, 4]], dtype=np.float32), 0.217894524
IDS = np.array([[1, 2, 3]], dtype=np.int64)
WEIGHTS = np.array([[0.5, -1]], dtype=np.float32)


def inputs(module, features, **binary):
    tensors = []
    for name, array, datatype in (("features", features, "FP32"), ("ids", IDS, "INT64"), ("weights", WEIGHTS, "FP32")):
        tensor = module.InferInput(name, array.shape, datatype)
        tensor.set_data_from_numpy(array, **binary)
        tensors.append(tensor)
    return tensors


def check(infer, module, **binary):
    for (features, score), factor in ((HIGH, 4), (LOW, 2)):
        result = infer(inputs(module, features, **binary))
        np.testing.assert_allclose(result.as_numpy("score"), [[score]], rtol=1e-6)
        np.testing.assert_array_equal(result.as_numpy("sum"), [6])
        np.testing.assert_array_equal(result.as_numpy("result"), WEIGHTS * factor)


def check_error(call):
    try:
        call()
    except InferenceServerException as error:
        assert "features" in str(error), error
    else:
        raise AssertionError("a request without one of the graph's inputs was run")


def main(http_address, grpc_address, authorization):
    headers = {"Authorization": authorization}
    client = triton_http.InferenceServerClient(http_address)
    assert client.is_model_ready("decide")
    metadata = client.get_model_metadata("decide", headers=dict(headers))
    assert [one["name"] for one in metadata["inputs"]] == ["features", "ids", "weights"], metadata
    assert [one["name"] for one in metadata["outputs"]] == ["score", "sum", "result"], metadata
    index = {one["name"]: one["state"] for one in client.get_model_repository_index(headers=dict(headers))}
    assert index == {"decide": "READY", "sums": "READY", "trees": "READY"}, index
    check(lambda tensors: client.infer("decide", tensors, headers=dict(headers)), triton_http, binary_data=True)
    outputs = [triton_http.InferRequestedOutput(name, binary_data=False) for name in ("score", "sum", "result")]
    # JSON has no NaN: the row without one.
    result = client.infer("decide", inputs(triton_http, LOW[0], binary_data=False), outputs=outputs, headers=dict(headers))
    np.testing.assert_array_equal(result.as_numpy("result"), WEIGHTS * 2)
    check_error(lambda: client.infer("decide", inputs(triton_http, LOW[0])[1:], headers=dict(headers)))
    statistics = client.get_inference_statistics("decide", headers=dict(headers))["model_stats"][0]
    assert statistics["inference_stats"]["success"]["count"] == 3, statistics

    grpc_headers = {"authorization": authorization}
    client = triton_grpc.InferenceServerClient(grpc_address)
    assert client.is_model_ready("decide", headers=grpc_headers)
    check(lambda tensors: client.infer("decide", tensors, headers=grpc_headers), triton_grpc)
    check_error(lambda: client.infer("decide", inputs(triton_grpc, LOW[0])[1:], headers=grpc_headers))
    print("all right")


if __name__ == "__main__":
    main(*sys.argv[1:])
