"""The fraud model of models/fraud in MLServer, by XGBoost's own Python package: probabilities and contributions, as Starling gives them."""

import os

import numpy as np
import xgboost
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Fraud(MLModel):
    async def load(self) -> bool:
        self._model = xgboost.Booster({"nthread": 1})
        self._model.load_model(os.environ["FRAUD_MODEL"])
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = xgboost.DMatrix(NumpyCodec.decode_input(payload.inputs[0]).astype(np.float32), nthread=1)
        probabilities = self._model.predict(rows, validate_features=False).reshape(-1, 1)
        contributions = self._model.predict(rows, pred_contribs=True, validate_features=False)
        return InferenceResponse(
            model_name=self.name,
            id=payload.id,
            outputs=[NumpyCodec.encode_output("probabilities", probabilities), NumpyCodec.encode_output("contributions", contributions)],
        )
