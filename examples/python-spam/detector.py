"""The spam detector: TF-IDF of words and word pairs, logistic regression; weights are read from JSON, never unpickled."""

import json

import numpy
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

# Links and long numbers say more by their presence than by their value.
TOKEN_PATTERN = r"https?://\S+|www\.\S+|\d+|[^\W\d_]+|[!%$£€]"


def _token(match):
    if match.startswith(("http", "www.")):
        return "<link>"
    return "<number>" if match.isdigit() else match


def new_vectorizer(vocabulary=None):
    """The one definition of the features, for training and serving alike."""
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=TOKEN_PATTERN,
                                 vocabulary=vocabulary)
    tokenize = vectorizer.build_tokenizer()
    vectorizer.set_params(tokenizer=lambda text: [_token(match) for match in tokenize(text)], token_pattern=None)
    return vectorizer


class Detector:
    """Thread-safe after construction."""

    def __init__(self, vectorizer, classifier):
        self._vectorizer = vectorizer
        self._classifier = classifier

    def probabilities(self, texts):
        """Probability of spam for each text, 0 to 1."""
        return self._classifier.predict_proba(self._vectorizer.transform(texts))[:, 1].tolist()

    def save(self, path):
        weights = self._classifier.coef_[0]
        terms = sorted(self._vectorizer.vocabulary_.items(), key=lambda item: item[1])
        lines = [f"{json.dumps(term)}: [{self._vectorizer.idf_[index]:.5f}, {weights[index]:.5f}]"
                 for term, index in terms]
        path.write_text(f'{{"intercept": {self._classifier.intercept_[0]:.5f}, "terms": {{\n'
                        + ",\n".join(lines) + "\n}}\n", encoding="utf-8")

    @classmethod
    def load(cls, path):
        """Raises OSError or ValueError when the file is missing or is no model."""
        model = json.loads(path.read_text(encoding="utf-8"))
        terms = list(model["terms"])
        idf, weights = numpy.array(list(model["terms"].values())).T
        vectorizer = new_vectorizer({term: index for index, term in enumerate(terms)})
        vectorizer.idf_ = idf
        classifier = LogisticRegression()
        classifier.classes_ = numpy.array([0, 1])
        classifier.coef_ = weights[numpy.newaxis, :]
        classifier.intercept_ = numpy.array([model["intercept"]])
        return cls(vectorizer, classifier)
