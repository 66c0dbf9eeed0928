"""Compares the text pipeline with the Python package `tokenizers` and prints the first differences.

  compare.py texts              20,000 varied texts: the ids, also cut at a small length, and the speed of both
  compare.py code_points        every code point, alone, between letters, and among combining marks: the words
  compare.py cased_code_points  the same with lowercase off

What `tokenizers` answers is kept in build/tokenizer-judge under the hash of all that decides it, because asking takes most of the time.
"""

import argparse
import hashlib
import os
import pickle
import struct
import subprocess
import sys
import time
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tokenizers  # noqa: E402
from texts import varied_texts  # noqa: E402

_HERE = Path(__file__).resolve().parent
_KEPT = _HERE.parents[1] / "build" / "tokenizer-judge"
_TEXTS = 20_000
_SHOWN = 10


def _kept(name, vocabulary, make):
    """What make() returned when it was last called with these scripts, this vocabulary and this version of `tokenizers`."""
    digest = hashlib.sha256(f"{name} {tokenizers.__version__}".encode())
    for path in (_HERE / "compare.py", _HERE / "texts.py", vocabulary):
        digest.update(path.read_bytes())
    path = _KEPT / f"{name}-{digest.hexdigest()[:16]}"
    if not path.exists():
        _KEPT.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(pickle.dumps(make()))
        partial.replace(path)
    return pickle.loads(path.read_bytes())


def _run(program, arguments, texts):
    """Returns the answer to each text, as bytes or as a list of ids, and the seconds that the pipeline took."""
    encoded = [text.encode() for text in texts]
    stdin = b"".join(struct.pack("<I", len(text)) + text for text in encoded)
    done = subprocess.run([program, *map(str, arguments)], input=stdin, capture_output=True)
    if done.returncode != 0:
        sys.exit(done.stderr.decode())
    width = 4 if arguments[0] == "ids" else 1
    answers, offset = [], 0
    for _ in texts:
        (size,) = struct.unpack_from("<I", done.stdout, offset)
        begin, offset = offset + 4, offset + 4 + size * width
        answers.append(list(struct.unpack_from(f"<{size}I", done.stdout, begin)) if width == 4 else done.stdout[begin:offset])
    return answers, int(done.stderr) / 1e9


def _differences(texts, ours, theirs):
    wrong = [i for i in range(len(texts)) if ours[i] != theirs[i]]
    for i in wrong[:_SHOWN]:
        print(f"{texts[i]!a}\n  ours   {ours[i]}\n  theirs {theirs[i]}")
    return len(wrong)


def _judge_texts(vocabulary):
    """Returns the texts, and for each length at which they are cut the ids and the seconds that finding them took."""
    words = [word for word in vocabulary.read_text(encoding="utf-8").split("\n") if word.isalpha()]
    texts = varied_texts(_TEXTS, words)
    judge = tokenizers.BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    answers = {}
    for max_length in (256, 8):
        judge.enable_truncation(max_length)
        start = time.perf_counter()
        ids = [encoding.ids for encoding in judge.encode_batch(texts)]
        answers[max_length] = (ids, time.perf_counter() - start)
    return texts, answers


def _compare_texts(program, vocabulary):
    texts, answers = _kept("texts", vocabulary, lambda: _judge_texts(vocabulary))
    wrong = 0
    for max_length, (theirs, their_seconds) in answers.items():
        ours, our_seconds = _run(program, ["ids", vocabulary, max_length], texts)
        wrong += _differences(texts, ours, theirs)
        tokens = sum(map(len, ours))
        print(
            f"{len(texts)} texts cut at {max_length}: {tokens} tokens; ours {tokens / our_seconds / 1e6:.2f} million tokens/s, "
            f"tokenizers {tokens / their_seconds / 1e6:.2f} when it was asked, one thread each"
        )
    return wrong


def _code_point_texts():
    """Sixty-four code points a text; each alone, between letters, after a base with a mark, and between marks of high classes."""
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
    shapes = ["{0}", "a{0}B", "e\u0301{0}\u0323", "\u302e{0}\U0001d165"]
    for begin in range(0, len(points), 64):
        yield " ".join(shape.format(c) for c in points[begin : begin + 64] for shape in shapes)


def _judge_words(texts, lowercase):
    normalizer = tokenizers.normalizers.BertNormalizer(lowercase=lowercase)
    pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    return [[word for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(text))] for text in texts]


def _compare_code_points(program, vocabulary, lowercase):
    texts = list(_code_point_texts())
    theirs = _kept("words" if lowercase else "cased_words", vocabulary, lambda: _judge_words(texts, lowercase))
    ours, _ = _run(program, ["words"] if lowercase else ["words", "cased"], texts)
    ours = [answer.decode().split(" ") for answer in ours]
    ours = [[word for word in answer if word] for answer in ours]
    wrong = 0
    for text, our, their in zip(texts, ours, theirs):
        if our != their:
            wrong += 1
            if wrong <= _SHOWN:
                first = next(i for i in range(max(len(our), len(their))) if our[i : i + 1] != their[i : i + 1])
                print(f"among U+{ord(text[0]):04X}..: ours {our[first : first + 3]!a}, theirs {their[first : first + 3]!a}")
    print(f"{len(texts)} texts of 64 code points, {wrong} differ")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=("texts", "code_points", "cased_code_points"))
    parser.add_argument("--program", required=True, type=Path)
    parser.add_argument("--vocabulary", required=True, type=Path, help="vocab.txt")
    arguments = parser.parse_args()
    if arguments.part == "texts":
        wrong = _compare_texts(arguments.program, arguments.vocabulary)
    else:
        wrong = _compare_code_points(arguments.program, arguments.vocabulary, arguments.part == "code_points")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
