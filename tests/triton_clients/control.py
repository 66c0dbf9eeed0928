"""Runs in an environment of its own, with NVIDIA's tritonclient: a repository that a client loads from and unloads, over http and grpc. Arguments:
host:port of HTTP, of gRPC, the Authorization header, the folder of the model `sums` with version 1 and, hidden as `.2` and `.3`, two
that are not there yet. Ends with 0 and `all right`."""

import sys
from pathlib import Path

import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from calls import check, inputs
from tritonclient.utils import InferenceServerException


def states(client, headers):
    """Version to state of `sums`."""
    index = client.get_model_repository_index(headers=dict(headers))
    models = index if isinstance(index, list) else [{"name": m.name, "version": m.version, "state": m.state} for m in index.models]
    return {model["version"]: model["state"] for model in models if model["name"] == "sums" and model.get("version")}


def answering(module, client, headers):
    """The version that answers an inference which asks for none."""
    result = client.infer("sums", inputs(module), headers=dict(headers))
    check(result)
    response = result.get_response()
    return response["model_version"] if isinstance(response, dict) else response.model_version


def check_refused(module, client, headers):
    assert not client.is_model_ready("sums", headers=dict(headers))
    try:
        client.infer("sums", inputs(module), headers=dict(headers))
    except InferenceServerException as error:
        assert "sums" in str(error), error
    else:
        raise AssertionError("a model that is not loaded was run")


def control(module, client, headers, folder, now, newer):
    check_refused(module, client, headers)
    client.load_model("sums", headers=dict(headers))
    assert client.is_model_ready("sums", headers=dict(headers))
    assert answering(module, client, headers) == now
    # What is on disk since then is served after another load, and only then.
    (folder / f".{newer}").rename(folder / newer)
    assert answering(module, client, headers) == now
    client.load_model("sums", headers=dict(headers))
    assert answering(module, client, headers) == newer
    assert states(client, headers)[newer] == "READY"
    client.unload_model("sums", headers=dict(headers))
    check_refused(module, client, headers)
    assert "READY" not in states(client, headers).values()
    try:
        client.load_model("no-such-model", headers=dict(headers))
    except InferenceServerException as error:
        assert "no-such-model" in str(error), error
    else:
        raise AssertionError("a model that is not there was loaded")


def main():
    http_address, grpc_address, authorization, folder = sys.argv[1:]
    http, grpc = triton_http.InferenceServerClient(http_address), triton_grpc.InferenceServerClient(grpc_address)
    control(triton_http, http, {"Authorization": authorization}, Path(folder), "1", "2")
    control(triton_grpc, grpc, {"authorization": authorization}, Path(folder), "2", "3")
    print("all right")


if __name__ == "__main__":
    main()
