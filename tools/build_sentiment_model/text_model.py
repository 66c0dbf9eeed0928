"""Runs a model of this folder in Python: texts to one output row each. For training and judging, not for serving."""

import numpy
import openvino
import tokenizers

_BATCH = 64


class TextModel:
    def __init__(self, onnx_path, tokenizer_json: str, max_length: int = 256):
        self._tokenizer = tokenizers.Tokenizer.from_str(tokenizer_json)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length)
        settings = {"INFERENCE_PRECISION_HINT": "f32"}
        self._model = openvino.Core().compile_model(str(onnx_path), "CPU", settings)

    def run(self, texts: list[str]) -> numpy.ndarray:
        """One row per text, in order. Texts of like length run together, which saves padding."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        by_length = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        rows = [None] * len(tokens)
        for begin in range(0, len(by_length), _BATCH):
            chosen = by_length[begin : begin + _BATCH]
            shape = (len(chosen), max(len(tokens[i]) for i in chosen))
            ids, mask = numpy.zeros(shape, numpy.int64), numpy.zeros(shape, numpy.int64)
            for row, i in enumerate(chosen):
                ids[row, : len(tokens[i])] = tokens[i]
                mask[row, : len(tokens[i])] = 1
            output = self._model({"input_ids": ids, "attention_mask": mask})[0]
            for row, i in enumerate(chosen):
                rows[i] = output[row]
        return numpy.array(rows)
