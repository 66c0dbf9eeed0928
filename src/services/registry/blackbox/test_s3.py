"""Artifacts in a bucket, by configuration: MLflow's client in front, a real S3-compatible server behind."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from harness.certificates import Authority
from harness.program import BINARY, Program
from harness.s3 import SECRET_KEY, S3
from harness.waiting import wait_for

sys.path.insert(0, str(Path(__file__).parent))
import clients  # noqa: E402
from clients import SCOPES, TARGET, client_of  # noqa: E402

RUNS = ["registry"]

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
PART = 5 << 20  # the least that S3 takes


@pytest.fixture(scope="module")
def s3():
    with S3() as server:
        yield server


def config(s3, **changes):
    return {**SCOPES, "registry": {"s3": s3.config(prefix="registry", part_bytes=PART, **changes)}}


@pytest.fixture(scope="module", params=["inline", "process"])
def program(s3, request):
    with Program({**config(s3), "placement": {"registry": {"mode": request.param}}}, TARGET) as started:
        yield started


def test_a_model_folder_goes_up_and_comes_back_by_alias(program, s3, tmp_path):
    files = tmp_path / "model"
    (files / "data").mkdir(parents=True)
    (files / "MLmodel").write_text("flavors: {}\n")
    (files / "data/weights.bin").write_bytes(os.urandom(2 * PART + 12_345))
    (files / "data/empty").touch()
    (files / "data/a b+cü.txt").write_text("odd")
    with client_of(program.url) as client:
        clients.mlflow.set_experiment("s3")
        with clients.mlflow.start_run() as run:
            clients.mlflow.log_artifacts(str(files), "model")
        run_id = run.info.run_id
        clients.mlflow.register_model(f"runs:/{run_id}/model", "in-a-bucket")
        client.set_registered_model_alias("in-a-bucket", "champion", "1")
        listed = {(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id, "model/data")}
        assert ("model/data/weights.bin", False, 2 * PART + 12_345) in listed and ("model/data/empty", False, 0) in listed
        down = Path(clients.mlflow.artifacts.download_artifacts("models:/in-a-bucket@champion", dst_path=str(tmp_path / "down")))
    for file in files.rglob("*"):
        if file.is_file():
            assert (down / file.relative_to(files)).read_bytes() == file.read_bytes(), file
    [weights] = [path for path in s3.objects() if path.endswith(f"{run_id}/artifacts/model/data/weights.bin")]
    assert weights.startswith("registry/default/"), "below the prefix, then below the tenant"
    assert any(verb == "PUT" and "partNumber=3" in query for verb, path, query in s3.requests()), "the large file went up in parts"
    assert not s3.parts()
    folder = Path(program.directory.name) / "registry"
    assert not (folder / "artifacts").exists(), "nothing lies on this machine"


def test_a_large_file_passes_through_bounded_memory(program, s3):
    size = 200 << 20

    def pieces():
        for _ in range(size >> 20):
            yield bytes(1 << 20)

    def resident():
        status = Path(f"/proc/{program.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    before = resident()
    url = f"{program.url}{ARTIFACTS}/large/one"
    assert httpx.put(url, content=pieces(), timeout=120).status_code == 200
    got = 0
    with httpx.stream("GET", url, timeout=120) as answer:
        assert int(answer.headers["content-length"]) == size
        for piece in answer.iter_bytes():
            got += len(piece)
    assert got == size
    assert resident() - before < size / 4
    assert httpx.delete(url).status_code == 200
    assert not [path for path in s3.objects() if "large" in path]


def test_an_upload_that_breaks_off_leaves_nothing(program, s3):
    host, port = program.addresses["http"].rsplit(":", 1)
    objects = s3.objects()
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(f"PUT {ARTIFACTS}/broken/file HTTP/1.1\r\nHost: h\r\nContent-Length: {4 * PART}\r\n\r\n".encode() + bytes(2 * PART))
        wait_for(s3.parts, what="a part in the bucket")
    wait_for(lambda: not s3.parts(), what="no part left")
    assert s3.objects() == objects
    assert httpx.get(f"{program.url}{ARTIFACTS}/broken/file").status_code == 404


def test_killed_while_a_file_goes_up_nothing_of_it_is_seen_and_it_starts_again():
    with S3() as s3:
        program = Program(config(s3), TARGET)
        try:
            url = f"{program.url}{ARTIFACTS}/killed/file"
            assert httpx.put(url, content=b"old").status_code == 200
            objects = s3.objects()
            host, port = program.addresses["http"].rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=20) as connection:
                connection.sendall(f"PUT {ARTIFACTS}/killed/file HTTP/1.1\r\nHost: h\r\nContent-Length: {4 * PART}\r\n\r\n".encode() + bytes(2 * PART))
                wait_for(s3.parts, what="a part in the bucket")
                program.process.kill()
        finally:
            program.kill()
        assert s3.objects() == objects
        with Program(config(s3), TARGET) as again:
            assert httpx.get(f"{again.url}{ARTIFACTS}/killed/file").content == b"old"
            assert httpx.get(f"{again.url}{ARTIFACTS}", params={"path": "killed"}).json()["files"] == [{"path": "file", "is_dir": False, "file_size": 3}]


def refused_start(s3, tmp_path, **changes):
    """What the program says when it does not start with this section s3."""
    command = [BINARY, "serve", *TARGET, "--set", f"registry.data_directory={tmp_path}/registry"]
    for listener in ("http", "grpc", "admin"):
        command += ["--set", f"server.{listener}.address=127.0.0.1:0"]
    for name, value in s3.config(**changes).items():
        command += ["--set", f"registry.s3.{name}={value}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    return ended.stdout + ended.stderr


def test_a_wrong_secret_stops_the_start_with_a_sentence_and_leaks_nothing(s3, tmp_path):
    wrong = "not-the-secret-of-the-tests"
    said = refused_start(s3, tmp_path, secret_access_key=wrong)
    assert "SignatureDoesNotMatch" in said and "registry" in said
    assert wrong not in said


def test_over_tls_the_servers_certificate_is_checked(tmp_path):
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    with S3(authority.issue("s3")) as server:
        with Program({**SCOPES, "registry": {"s3": server.config(ca_file=str(authority.certificate))}}, TARGET) as program:
            assert httpx.put(f"{program.url}{ARTIFACTS}/secure", content=b"x").status_code == 200
            assert httpx.get(f"{program.url}{ARTIFACTS}/secure").content == b"x"
        said = refused_start(server, tmp_path, ca_file=str(other.certificate), retry_for="30s")
        assert "certificate" in said and server.url in said


def test_credentials_come_from_files_and_are_shown_nowhere(s3, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET_KEY + "\n")
    with Program(config(s3, secret_access_key=f"file:{secret}"), TARGET) as program:
        assert httpx.put(f"{program.url}{ARTIFACTS}/filed", content=b"x").status_code == 200
        assert SECRET_KEY not in program.log() and SECRET_KEY not in httpx.get(program.admin_url + "/metrics").text
        shown = subprocess.run([BINARY, "check-config", "--config", program.config_file], capture_output=True, text=True, check=True).stdout
        assert f"file:{secret}" in shown and SECRET_KEY not in shown


def test_a_server_that_went_away_is_503_and_comes_back_without_a_restart():
    with S3() as server:
        program = Program({**SCOPES, "registry": {"s3": server.config(retry_for="100ms", connect_timeout="1s")}}, TARGET)
        with program:
            url = f"{program.url}{ARTIFACTS}/a"
            assert httpx.put(url, content=b"x").status_code == 200
            server.pause()
            answer = httpx.get(url, timeout=30)
            assert answer.status_code == 503 and answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
            assert "can't be reached" in answer.json()["message"]
            server.resume()
            assert httpx.get(url).content == b"x"
