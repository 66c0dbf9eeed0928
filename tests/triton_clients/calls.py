"""Runs in an environment of its own, with NVIDIA's tritonclient: http, grpc and their asyncio forms against a server whose model `sums`
adds `ids` and doubles `weights`. Every call gets headers of its own, because the client writes into them. Arguments: host:port of HTTP, of gRPC, and the Authorization header. Ends with 0 and `all right`."""

import asyncio
import queue
import sys

import numpy as np
import tritonclient.grpc as triton_grpc
import tritonclient.grpc.aio as triton_grpc_aio
import tritonclient.http as triton_http
import tritonclient.http.aio as triton_http_aio
import tritonclient.utils.shared_memory as shm
from tritonclient.utils import InferenceServerException

IDS = np.array([[1, 2, 3], [4, 5, 6]], dtype=np.int64)
WEIGHTS = np.array([[0.5, 1], [2, -3]], dtype=np.float32)


def inputs(module, **binary):
    ids = module.InferInput("ids", IDS.shape, "INT64")
    weights = module.InferInput("weights", WEIGHTS.shape, "FP32")
    ids.set_data_from_numpy(IDS, **binary)
    weights.set_data_from_numpy(WEIGHTS, **binary)
    return [ids, weights]


def check(result):
    np.testing.assert_array_equal(result.as_numpy("sum"), IDS.sum(axis=1))
    np.testing.assert_array_equal(result.as_numpy("doubled"), WEIGHTS * 2)


def check_errors(call):
    try:
        call("no-such-model")
    except InferenceServerException as error:
        assert "no-such-model" in str(error), error
    else:
        raise AssertionError("an unknown model was run")


def over_http(address, headers):
    client = triton_http.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("sums")
    assert not client.is_model_ready("no-such-model")
    assert client.get_server_metadata(headers=dict(headers))["name"] == "starling"
    assert [one["name"] for one in client.get_model_metadata("sums", headers=dict(headers))["inputs"]] == ["ids", "weights"]
    assert client.get_model_config("sums", headers=dict(headers))["max_batch_size"] > 0
    assert client.get_model_repository_index(headers=dict(headers))[0]["state"] == "READY"
    for binary in (False, True):
        outputs = [triton_http.InferRequestedOutput(name, binary_data=binary) for name in ("sum", "doubled")]
        check(client.infer("sums", inputs(triton_http, binary_data=binary), outputs=outputs, headers=dict(headers)))
    check(client.infer("sums", inputs(triton_http), "1", headers=dict(headers)))
    check(client.infer("sums", inputs(triton_http), headers=dict(headers), request_compression_algorithm="gzip",
                       response_compression_algorithm="gzip"))
    classes = client.infer("sums", inputs(triton_http), outputs=[triton_http.InferRequestedOutput("doubled", class_count=1)],
                           headers=dict(headers))
    assert classes.as_numpy("doubled").tolist() == [[b"2:1"], [b"4:0"]]
    assert client.get_inference_statistics("sums", headers=dict(headers))["model_stats"][0]["inference_stats"]["success"]["count"] >= 5
    assert client.update_log_settings({"log_verbose_level": 0}, headers=dict(headers))["log_verbose_level"] == 0
    assert client.get_trace_settings(headers=dict(headers))["trace_level"] == ["TIMESTAMPS"]
    check_errors(lambda model: client.infer(model, inputs(triton_http), headers=dict(headers)))
    with_shared_memory(client, triton_http, headers)


def over_grpc(address, headers):
    client = triton_grpc.InferenceServerClient(address)
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("sums")
    assert not client.is_model_ready("no-such-model")
    assert client.get_server_metadata(headers=dict(headers)).name == "starling"
    assert client.get_model_config("sums", headers=dict(headers)).config.input[0].name == "ids"
    assert client.get_model_repository_index(headers=dict(headers)).models[0].state == "READY"
    check(client.infer("sums", inputs(triton_grpc), headers=dict(headers)))
    check(client.infer("sums", inputs(triton_grpc), "1", headers=dict(headers), request_id="7"))
    assert client.get_inference_statistics("sums", headers=dict(headers)).model_stats[0].inference_stats.success.count >= 2
    assert client.get_log_settings(headers=dict(headers)).settings["log_error"].bool_param
    check_errors(lambda model: client.infer(model, inputs(triton_grpc), headers=dict(headers)))
    with_shared_memory(client, triton_grpc, headers)
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)), headers=dict(headers))
    for model in ("sums", "no-such-model", "sums"):
        client.async_stream_infer(model, inputs(triton_grpc))
    for expected in (True, False, True):
        result, error = answers.get(timeout=30)
        assert (error is None) == expected, error
        if expected:
            check(result)
    client.stop_stream()


def with_shared_memory(client, module, headers):
    name, size = "starling-test-" + module.__name__.split(".")[-1], IDS.nbytes + WEIGHTS.nbytes * 2
    region = shm.create_shared_memory_region("tensors", "/" + name, size)
    try:
        shm.set_shared_memory_region(region, [IDS, WEIGHTS])
        client.register_system_shared_memory("tensors", "/" + name, size, headers=dict(headers))
        ids = module.InferInput("ids", IDS.shape, "INT64")
        weights = module.InferInput("weights", WEIGHTS.shape, "FP32")
        ids.set_shared_memory("tensors", IDS.nbytes)
        weights.set_shared_memory("tensors", WEIGHTS.nbytes, offset=IDS.nbytes)
        doubled = module.InferRequestedOutput("doubled")
        doubled.set_shared_memory("tensors", WEIGHTS.nbytes, offset=IDS.nbytes + WEIGHTS.nbytes)
        client.infer("sums", [ids, weights], outputs=[doubled], headers=dict(headers))
        written = shm.get_contents_as_numpy(region, np.float32, WEIGHTS.shape, offset=IDS.nbytes + WEIGHTS.nbytes)
        np.testing.assert_array_equal(written, WEIGHTS * 2)
        client.unregister_system_shared_memory("tensors", headers=dict(headers))
    finally:
        shm.destroy_shared_memory_region(region)


async def with_asyncio(http_address, grpc_address, headers):
    async with triton_http_aio.InferenceServerClient(http_address) as client:
        check(await client.infer("sums", inputs(triton_http), headers=dict(headers)))
    async with triton_grpc_aio.InferenceServerClient(grpc_address) as client:
        check(await client.infer("sums", inputs(triton_grpc), headers=dict(headers)))


def main():
    http_address, grpc_address, authorization = sys.argv[1:]
    over_http(http_address, {"Authorization": authorization})
    over_grpc(grpc_address, {"authorization": authorization})
    asyncio.run(with_asyncio(http_address, grpc_address, {"authorization": authorization}))
    print("all right")


if __name__ == "__main__":
    main()
