"""The images service from outside, with stock clients: digits of scikit-learn as files that Pillow writes, and hostile files."""

import base64
import functools
import io
import random
import struct
import sys
import zlib
from pathlib import Path

import grpc
import httpx
import numpy
import pytest
from harness.contracts import contract
from harness.placements import PLACEMENTS, placed
from harness.program import ROOT, Program
from PIL import Image

RUNS = ["images", "models"]
MODELS = ["digits"]

NO_IMAGE = {"error": "Invalid input format", "details": "'image' field must be a PNG or JPEG file, in JSON as base64."}


@functools.cache
def digits():
    """Where they are needed: scikit-learn takes more than a second of a processor to import."""
    from sklearn.datasets import load_digits

    return load_digits()


def drawn(number, side=64, kind="PNG", dark_ink=True, mode="L", **options):
    """The digit of that number in the data set, drawn larger, as a file."""
    ink = numpy.kron(digits().images[number] / 16, numpy.ones((side // 8, side // 8)))
    pixels = (255 * (1 - ink if dark_ink else ink)).astype(numpy.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, kind, **options)
    return file.getvalue()


def send(program, content, media_type, **arguments):
    return httpx.post(program.url + "/classify-image", content=content, headers={"content-type": media_type}, timeout=30, **arguments)


@pytest.fixture(scope="module", params=PLACEMENTS)
def program(request):
    with placed("images", request.param, beside=["models"], models=MODELS) as started:
        yield started


@pytest.fixture(scope="module")
def inline():
    with Program(models=MODELS) as started:
        yield started


@pytest.mark.smoke
def test_every_form_of_the_body_gives_the_same_answer(program):
    png = drawn(7)
    answers = [
        send(program, png, "image/png"),
        send(program, png, "application/octet-stream"),
        httpx.post(program.url + "/classify-image", files={"image": ("seven.png", png, "image/png")}, timeout=30),
        httpx.post(program.url + "/classify-image", json={"image": base64.b64encode(png).decode()}, timeout=30),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == answers[0].json()
    body = answers[0].json()
    assert (body["width"], body["height"], body["model_version"]) == (64, 64, "1")
    assert body["labels"][0]["label"] == "7" and body["labels"][0]["confidence"] > 0.9
    confidences = [label["confidence"] for label in body["labels"]]
    assert len(confidences) == 3 and confidences == sorted(confidences, reverse=True)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "JPEG", "quality": 90},
        {"kind": "JPEG", "quality": 90, "mode": "RGB", "progressive": True},
        {"mode": "RGBA"},
        {"mode": "P"},
        {"mode": "1"},
        {"dark_ink": False},
        {"side": 8},
        {"side": 2048},
        {"kind": "JPEG", "side": 1024},
    ],
)
def test_colours_kinds_and_sizes(inline, options):
    answer = send(inline, drawn(3, **options), "image/jpeg" if options.get("kind") == "JPEG" else "image/png")
    assert answer.status_code == 200, answer.text
    assert answer.json()["labels"][0]["label"] == "3"


def test_more_labels_when_asked_for(inline):
    assert len(send(inline, drawn(1), "image/png", params={"top": 10}).json()["labels"]) == 10
    form = httpx.post(inline.url + "/classify-image", files={"image": drawn(1)}, data={"top": "2"}, timeout=30)
    assert len(form.json()["labels"]) == 2


def test_accuracy_on_digits_that_no_training_saw(inline):
    sys.path.insert(0, str(ROOT / "tools/train_digits"))
    from sklearn.model_selection import train_test_split

    _, numbers = train_test_split(numpy.arange(len(digits().target)), test_size=0.2, random_state=0, stratify=digits().target)
    with httpx.Client(base_url=inline.url, timeout=30) as client:
        right = 0
        for number in numbers:
            answer = client.post("/classify-image", content=drawn(number, side=32), headers={"content-type": "image/png"})
            right += answer.json()["labels"][0]["label"] == str(digits().target[number])
    assert right / len(numbers) >= 0.96


def test_the_same_over_grpc(program):
    messages, stubs = contract("starling/images/v1/images.proto")
    with grpc.insecure_channel(program.grpc) as channel:
        stub = stubs.ImagesServiceStub(channel)
        response = stub.ClassifyImage(messages.ClassifyImageRequest(image=drawn(7), top=1), timeout=30)
        assert [label.label for label in response.labels] == ["7"]
        with pytest.raises(grpc.RpcError) as error:
            stub.ClassifyImage(messages.ClassifyImageRequest(image=b"GIF89a"), timeout=30)
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        with pytest.raises(grpc.RpcError) as error:
            stub.ClassifyImage(messages.ClassifyImageRequest(), timeout=30)
        assert error.value.details() == NO_IMAGE["details"]


def test_what_is_no_image_is_told(program):
    assert send(program, b"", "image/png").json() == NO_IMAGE
    assert httpx.post(program.url + "/classify-image", json={}, timeout=30).json() == NO_IMAGE
    assert httpx.post(program.url + "/classify-image", json={"image": "%%"}, timeout=30).json() == NO_IMAGE
    answer = send(program, b"GIF89a", "image/png")
    assert (answer.status_code, answer.json()["details"]) == (400, "The image is neither PNG nor JPEG.")
    answer = send(program, b"<html>", "text/html")
    assert answer.status_code == 415 and set(answer.json()) == {"error", "details"}
    answer = send(program, b"--x", "multipart/form-data; boundary=x")
    assert answer.status_code == 400 and "boundary" in answer.json()["details"]
    assert httpx.get(program.url + "/classify-image").status_code == 405


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width, height, data=b"", depth=8):
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def peak_memory(program):
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_hostile_images_are_refused_within_bounded_memory():
    """Bombs: pixels that the header claims, and zeros that unpack to far more than they take."""
    zeros = zlib.compress(bytes(200_000_000), 9)
    text_bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)) + chunk(b"zTXt", b"a\0\0" + zeros)
    jpeg = drawn(3, kind="JPEG")
    frame = jpeg.index(b"\xff\xc0")
    huge_jpeg = jpeg[: frame + 5] + b"\xff\xdc\xff\xdc" + jpeg[frame + 9 :]
    with Program(models=MODELS) as program:
        assert send(program, drawn(3, side=2048), "image/png").status_code == 200
        before = peak_memory(program)
        for hostile in (
            png_of(8192, 8192, zeros[:100_000]),
            png_of(0x7FFFFFFF, 0x7FFFFFFF, zeros[:100_000]),
            png_of(100_000, 1, zeros[:100_000]),
            png_of(3000, 3000, zeros[:50]),
            png_of(0, 8),
            text_bomb,
            huge_jpeg,
            jpeg[: len(jpeg) // 2],
            drawn(3)[:-30],
            b"\xff\xd8\xff" + bytes(1000),
            b"\x89PNG\r\n\x1a\n" + bytes(1000),
        ):
            answer = send(program, hostile, "image/png")
            assert answer.status_code == 400, (hostile[:60], answer.text)
            assert answer.json()["error"] == "Invalid input format"
        assert peak_memory(program) - before < 64_000_000
        assert send(program, bytes(12_000_000), "image/png").status_code == 413
        assert send(program, drawn(3), "image/png").json()["labels"][0]["label"] == "3"


def test_files_with_changed_bytes_are_answered(inline):
    generator = random.Random(1)
    for whole in (drawn(3), drawn(3, kind="JPEG"), drawn(3, kind="JPEG", progressive=True)):
        for _ in range(60):
            broken = bytearray(whole)
            for _ in range(3):
                broken[generator.randrange(len(broken))] = generator.randrange(256)
            assert send(inline, bytes(broken), "image/png").status_code in (200, 400)


def test_limits_are_settings():
    with Program({"images": {"max_side": 32, "max_bytes": 2000}}, models=MODELS) as program:
        answer = send(program, drawn(3, side=64), "image/png")
        assert answer.status_code == 400 and "64 x 64 pixels" in answer.json()["details"]
        noise = io.BytesIO()
        Image.fromarray(numpy.random.default_rng(1).integers(0, 255, (48, 48), dtype=numpy.uint8)).save(noise, "PNG")
        answer = send(program, noise.getvalue(), "image/png")
        assert answer.status_code == 400 and "at most 2000 bytes" in answer.json()["details"]
