#!/usr/bin/env python3
"""Puts the sentiment model package together: sentiment.onnx, vocab.txt, model.yaml.

Runs in every build, takes two seconds the first time and nothing after that, and needs Python 3.11 alone: no package,
no network, no training. The encoder's weights and vocabulary come from the fetched package, the head and model.yaml
from models/sentiment/.
"""

import argparse
import hashlib
import pathlib

from encoder_package import EncoderPackage
from sentiment_graph import Head, write_sentiment_model

_HERE = pathlib.Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_STAMP = ".inputs.sha256"


def _inputs_digest(encoder: EncoderPackage, model: pathlib.Path) -> str:
    """Of everything that decides the result. The encoder counts by its folder's name, which holds its pinned version."""
    digest = hashlib.sha256(encoder.folder.name.encode())
    for path in [model / "head.safetensors", model / "model.yaml", *sorted(_HERE.glob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", type=pathlib.Path, help="folder of the unpacked encoder package (default: fetched)")
    parser.add_argument("--model", type=pathlib.Path, default=_ROOT / "models" / "sentiment", help="head and model.yaml")
    parser.add_argument("--out", type=pathlib.Path, default=_ROOT / "build" / "models" / "sentiment", help="the package")
    arguments = parser.parse_args()

    encoder, out = EncoderPackage(arguments.encoder), arguments.out
    digest = _inputs_digest(encoder, arguments.model)
    stamp = out / _STAMP
    if stamp.exists() and stamp.read_text() == digest:
        return
    out.mkdir(parents=True, exist_ok=True)
    # Written under another name first, and stamped last: a build that is stopped half way leaves no half package behind.
    partial = out / "sentiment.onnx.partial"
    write_sentiment_model(partial, encoder.weights(), Head.read(arguments.model / "head.safetensors"))
    partial.replace(out / "sentiment.onnx")
    (out / "vocab.txt").write_bytes(encoder.vocabulary())
    (out / "model.yaml").write_bytes((arguments.model / "model.yaml").read_bytes())
    stamp.write_text(digest)
    print(f"assembled the model package {out}")


if __name__ == "__main__":
    main()
