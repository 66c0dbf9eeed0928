"""The models service from outside: models that do not load, packages that are wrong, who may call."""

import shutil
import subprocess

import grpc
import httpx
import pytest
import yaml
from harness.contracts import contract
from harness.program import BINARY, ROOT, Program, wait_for

SHIPPED = ROOT / "models" / "sentiment"


@pytest.fixture
def package(tmp_path):
    """A copy of the shipped package, without the model file itself."""
    folder = tmp_path / "sentiment"
    folder.mkdir()
    for name in ("model.yaml", "vocab.txt"):
        shutil.copy(SHIPPED / name, folder)
    return folder


@pytest.mark.parametrize("content", [None, b"", b"no model", b"\x08\x0a\x12\x08starling"])
def test_a_model_that_fails_to_load_is_500_and_readyz_says_why(package, content):
    if content is not None:
        (package / "sentiment.onnx").write_bytes(content)
    with Program({"models": {"packages": [str(package)]}}, wait_ready=False) as program:
        answer = wait_for(lambda: _failed(program), what="the model's failure")
        assert answer.status_code == 500
        assert set(answer.json()) == {"error", "details"}
        assert answer.json()["error"] == "Internal server error"
        assert str(package) not in answer.text
        ready = httpx.get(program.url + "/readyz")
        assert ready.status_code == 503
        assert "Model 'sentiment' version 2 failed to load" in ready.text


def _failed(program):
    """The answer once it is another than "still loading", which must say when to come back."""
    answer = httpx.post(program.url + "/analyze-sentiment", json={"texts": ["Good."]}, timeout=30)
    if answer.status_code != 503:
        return answer
    assert int(answer.headers["retry-after"]) >= 1
    return None


def test_a_wrong_package_stops_the_start_with_file_and_line(package, tmp_path):
    text = (package / "model.yaml").read_text().replace("max_queue", "max_queues")
    (package / "model.yaml").write_text(text)
    line = text[: text.index("\n  max_queues") + 1].count("\n") + 1
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"models": {"packages": [str(package)]}}))
    result = subprocess.run([BINARY, "serve", "--config", config], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert result.returncode != 0
    assert f"{package}/model.yaml:{line}: 'max_queues' is not known here." in result.stdout + result.stderr


def test_callers_without_a_name_may_not_run_models(starling):
    assert httpx.get(starling.url + "/models").status_code in (401, 403)
    answer = httpx.post(starling.url + "/models/sentiment/classify-text", json={"texts": ["Good."]})
    assert answer.status_code in (401, 403)
    messages, stubs = contract("starling/models/v1/models.proto")
    with grpc.insecure_channel(starling.grpc) as channel, pytest.raises(grpc.RpcError) as error:
        stubs.ModelsServiceStub(channel).ListModels(messages.ListModelsRequest(), timeout=30)
    assert error.value.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
