"""The model: which of three growers a wine is from, by thirteen measurements; scikit-learn's own data set (UCI, 1991, 178 wines)."""

import numpy
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = 13


class Wine:
    """Trained at every start, in some milliseconds: there is no pickle, and so nothing that runs code when it is read."""

    def __init__(self):
        wines = load_wine()
        self.labels = [str(name) for name in wines.target_names]
        self._pipeline = make_pipeline(StandardScaler(), LogisticRegression(random_state=1))
        self._pipeline.fit(wines.data, wines.target)

    def judge(self, rows):
        """Labels, and a probability for each label, of rows of measurements."""
        probabilities = self._pipeline.predict_proba(rows).astype(numpy.float32)
        return [self.labels[best] for best in probabilities.argmax(axis=1)], probabilities
