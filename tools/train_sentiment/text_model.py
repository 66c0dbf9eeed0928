"""Runs a model file in Python: texts to one output row each. For judging, not for serving."""

import time

import numpy
import openvino
import tokenizers

BATCH = 16
_MAX_LENGTH = 128
_ROUNDS = 3


class TextModel:
    """On one core. `path` has its vocab.txt beside it."""

    def __init__(self, path, float_activations: bool = False):
        self._tokenizer = tokenizers.BertWordPieceTokenizer(str(path.parent / "vocab.txt"), lowercase=True)
        self._tokenizer.enable_truncation(_MAX_LENGTH)
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
        if float_activations:
            settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = 0
        self._model = openvino.Core().compile_model(str(path), "CPU", settings)

    def run(self, texts: list[str], batch: int = BATCH) -> numpy.ndarray:
        """One row per text, in order. Texts of like length run together, which saves padding."""
        return self._run([encoding.ids for encoding in self._tokenizer.encode_batch(texts)], batch)

    def speed(self, texts: list[str], batch: int) -> float:
        """Texts per second of processor time, the best of some rounds; without the tokenizer, kernels prepared."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        self._run(tokens, batch)
        seconds = []
        for _ in range(_ROUNDS):
            begin = time.process_time()
            self._run(tokens, batch)
            seconds.append(time.process_time() - begin)
        return len(texts) / min(seconds)

    def _run(self, tokens: list[list[int]], batch: int) -> numpy.ndarray:
        by_length = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        rows = [None] * len(tokens)
        for begin in range(0, len(by_length), batch):
            chosen = by_length[begin : begin + batch]
            shape = (len(chosen), max(len(tokens[i]) for i in chosen))
            ids, mask = numpy.zeros(shape, numpy.int64), numpy.zeros(shape, numpy.int64)
            for row, i in enumerate(chosen):
                ids[row, : len(tokens[i])] = tokens[i]
                mask[row, : len(tokens[i])] = 1
            output = self._model({"input_ids": ids, "attention_mask": mask})[0]
            for row, i in enumerate(chosen):
                rows[i] = output[row]
        return numpy.array(rows)
