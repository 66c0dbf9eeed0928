"""The model of the section open_inference in PyTriton: Triton's own server in front, Python behind it.

MODEL: the file; HTTP_PORT, GRPC_PORT and METRICS_PORT: on loopback.
"""

import os
import signal

import numpy as np
import xgboost
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

FEATURES = 30

booster = xgboost.Booster({"nthread": 1})
booster.load_model(os.environ["MODEL"])


@batch
def predict(features):
    return {"predictions": booster.inplace_predict(features, validate_features=False).reshape(-1, 1)}


def main():
    addresses = dict.fromkeys(["http_address", "grpc_address", "metrics_address"], "127.0.0.1")
    ports = {f"{name}_port": int(os.environ[f"{name.upper()}_PORT"]) for name in ("http", "grpc", "metrics")}
    with Triton(config=TritonConfig(**addresses, **ports, log_verbose=0)) as triton:
        triton.bind(
            model_name="trees",
            infer_func=predict,
            inputs=[Tensor(name="features", dtype=np.float32, shape=(FEATURES,))],
            outputs=[Tensor(name="predictions", dtype=np.float32, shape=(1,))],
            config=ModelConfig(max_batch_size=64),
        )
        signal.signal(signal.SIGTERM, lambda *_: triton.stop())
        triton.serve()


if __name__ == "__main__":
    main()
