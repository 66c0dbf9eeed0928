"""Runs in an environment of its own, with NVIDIA's tritonclient: sends what the test says, so that the test decides what happens in which order.
Arguments: host:port of HTTP, the Authorization header and the model. Each line of the input is `value priority timeout_us`, 0 for none; each line
of the output `value what came back`, or `value error what was said`, as it comes."""

import sys
import threading

import numpy as np
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException


def ask(address, authorization, model, value, priority, timeout):
    x = triton_http.InferInput("x", [1, 2], "FP32")
    x.set_data_from_numpy(np.array([[value, 0]], dtype=np.float32))
    client = triton_http.InferenceServerClient(address)
    try:
        result = client.infer(model, [x], priority=priority, timeout=timeout or None, headers={"Authorization": authorization})
        said = int(result.as_numpy("doubled")[0][0])
    except InferenceServerException as error:
        said = f"error {error}"
    sys.stdout.write(f"{value} {said}\n")  # in one piece: others write too
    sys.stdout.flush()


def main():
    threads = []
    for line in sys.stdin:
        threads.append(threading.Thread(target=ask, args=[*sys.argv[1:], *map(int, line.split())]))
        threads[-1].start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
