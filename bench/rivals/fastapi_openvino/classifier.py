"""Texts to labels: the model package of Starling in Python, with the packages `tokenizers` and `openvino`."""

import queue
from pathlib import Path

import numpy
import openvino
import yaml
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors


class Classifier:
    """Any thread; at most `instances` run at once."""

    def __init__(self, folder, instances):
        folder = Path(folder)
        package = yaml.safe_load((folder / "model.yaml").read_text(encoding="utf-8"))
        self.labels = package["post_processing"]["labels"]
        self.tokenizer = _tokenizer(folder, package["pre_processing"])
        settings = {
            "NUM_STREAMS": instances,
            "INFERENCE_NUM_THREADS": instances,
            "ENABLE_CPU_PINNING": False,
            "INFERENCE_PRECISION_HINT": "f32",
        }
        model = openvino.Core().compile_model(folder / package["file"], "CPU", settings)
        self.requests = queue.SimpleQueue()
        for _ in range(instances):
            self.requests.put(model.create_infer_request())

    def classify(self, texts):
        """[(label, confidence)]"""
        encodings = self.tokenizer.encode_batch(texts)
        ids = numpy.array([encoding.ids for encoding in encodings], dtype=numpy.int64)
        mask = numpy.array([encoding.attention_mask for encoding in encodings], dtype=numpy.int64)
        request = self.requests.get()
        try:
            probabilities = request.infer({"input_ids": ids, "attention_mask": mask}, share_inputs=True)["probabilities"]
        finally:
            self.requests.put(request)
        best = probabilities.argmax(axis=1)
        return [(self.labels[label], round(float(probabilities[row, label]), 6)) for row, label in enumerate(best)]


def _tokenizer(folder, settings):
    tokenizer = Tokenizer(models.WordPiece.from_file(str(folder / settings["vocabulary"]), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=settings["lowercase"])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = [("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]"))]
    tokenizer.post_processor = processors.BertProcessing(*special)
    tokenizer.enable_truncation(settings["max_length"])
    tokenizer.enable_padding(pad_id=settings["padding_id"])
    return tokenizer
