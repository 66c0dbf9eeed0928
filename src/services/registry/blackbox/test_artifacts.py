"""Files: where they may lie, how large they may be, and what is left of those that broke off."""

import socket
import sys
from pathlib import Path

import httpx
import pytest
from harness.keys import make_key
from harness.program import Program
from harness.waiting import wait_for

sys.path.insert(0, str(Path(__file__).parent))
from clients import SCOPES, TARGET  # noqa: E402

RUNS = ["registry"]

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
LIMIT = 200_000


@pytest.fixture(scope="module", params=["inline", "process"])
def program(request):
    config = {**SCOPES, "registry": {"max_artifact_bytes": LIMIT}, "server": {"limits": {"max_body_bytes": 50_000}}}
    config["placement"] = {"registry": {"mode": request.param}}
    with Program(config, TARGET) as started:
        yield started


def root(program):
    return Path(program.directory.name) / "registry" / "artifacts"


def uploads(program):
    return list((root(program) / "uploads").iterdir())


def raw(program, verb, target, body=b""):
    """The request target goes out as it is written: clients' libraries would tidy it up."""
    host, port = program.addresses["http"].rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        head = f"{verb} {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("path", [
    "../secret", "a/../../secret", "%2e%2e/secret", "a/%2e%2e/%2e%2e/secret", "%2e%2e%2fsecret", "..%2fsecret", "%252e%252e/secret", "%2Fetc%2Fpasswd",
    "/etc/passwd", "a//b", "a/./b", "a%5c..%5csecret", "a%00b", "a%0ab", "%ff",
])  # fmt: skip
def test_paths_that_lead_elsewhere_are_refused(program, path):
    secret = root(program) / "secret"
    secret.write_text("secret")
    for verb, body in (("GET", b""), ("PUT", b"mine"), ("DELETE", b"")):
        status, answer = raw(program, verb, f"{ARTIFACTS}/{path}", body)
        assert status == 400, (verb, path, answer)
        assert b"secret" not in answer or b"error_code" in answer
    status, answer = raw(program, "GET", f"{ARTIFACTS}?path={path}")
    assert status == 400
    assert secret.read_text() == "secret"


def test_links_are_not_followed(program):
    blobs = root(program) / "blobs" / "default"
    blobs.mkdir(exist_ok=True)
    for name, target in (("etc", "/etc"), ("passwd", "/etc/passwd")):
        if not (blobs / name).is_symlink():
            (blobs / name).symlink_to(target)
    for path in ("etc/passwd", "passwd"):
        answer = httpx.get(f"{program.url}{ARTIFACTS}/{path}")
        assert answer.status_code in (400, 404) and "root:" not in answer.text
        assert httpx.put(f"{program.url}{ARTIFACTS}/{path}", content=b"x").status_code == 400
    assert httpx.get(f"{program.url}{ARTIFACTS}", params={"path": "etc"}).json()["files"] == []
    assert "root:" in Path("/etc/passwd").read_text()


def test_a_file_comes_back_as_it_was_and_can_be_replaced(program):
    body = bytes(range(256)) * 500  # over the limit of other bodies
    url = f"{program.url}{ARTIFACTS}/m/a%20b.bin"
    assert httpx.put(url, content=body).json() == {}
    answer = httpx.get(url)
    assert answer.content == body and answer.headers["x-content-type-options"] == "nosniff"
    assert httpx.put(url, content=b"new").status_code == 200
    assert httpx.get(url).content == b"new"
    assert httpx.get(f"{program.url}{ARTIFACTS}", params={"path": "m"}).json() == {"files": [{"path": "a b.bin", "is_dir": False, "file_size": 3}]}
    assert httpx.request("DELETE", url).status_code == 200
    missing = httpx.get(url)
    assert missing.status_code == 404 and missing.json()["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_an_upload_over_the_limit_leaves_nothing(program):
    url = f"{program.url}{ARTIFACTS}/big/one"
    assert httpx.put(url, content=b"x" * (LIMIT + 1)).status_code == 413

    def pieces():
        for _ in range(LIMIT // 10_000 + 1):
            yield b"x" * 10_000

    assert httpx.put(url, content=pieces()).status_code == 413
    assert httpx.put(f"{program.url}{ARTIFACTS}/big/exact", content=b"x" * LIMIT).status_code == 200
    assert httpx.get(url).status_code == 404
    wait_for(lambda: not uploads(program), what="no upload left")


def test_an_upload_that_breaks_off_leaves_nothing(program):
    host, port = program.addresses["http"].rsplit(":", 1)
    for _ in range(5):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(f"PUT {ARTIFACTS}/broken/file HTTP/1.1\r\nHost: h\r\nContent-Length: 150000\r\n\r\n".encode() + b"x" * 100_000)
            wait_for(lambda: any(file.stat().st_size > 0 for file in uploads(program)), what="the upload to be under way")
        wait_for(lambda: not uploads(program), what="no upload left")
    assert httpx.get(f"{program.url}{ARTIFACTS}", params={"path": "broken"}).json()["files"] == []


def test_a_file_that_is_replaced_while_it_is_read_is_never_mixed():
    size = 32_000_000  # far more than sockets hold
    with Program(SCOPES, TARGET) as program:
        url = f"{program.url}{ARTIFACTS}/swapped"
        assert httpx.put(url, content=b"a" * size).status_code == 200
        host, port = program.addresses["http"].rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(f"GET {ARTIFACTS}/swapped HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
            answer = connection.recv(1000)
            assert httpx.put(url, content=b"b" * size, timeout=60).status_code == 200
            while piece := connection.recv(1 << 20):
                answer += piece
        body = answer.partition(b"\r\n\r\n")[2]
        assert body == b"a" * size


def test_other_pages_cannot_write_and_errors_are_mlflows(program):
    api = f"{program.url}/api/2.0/mlflow/registered-models/create"
    # What a form of a web page may send without being asked.
    simple = httpx.post(api, content=b'{"name": "x"}', headers={"content-type": "text/plain"})
    assert simple.status_code == 400 and simple.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    for verb, path, status in (("GET", "/api/2.0/mlflow/nothing", 404), ("PUT", "/api/2.0/mlflow/runs/get", 405), ("GET", "/api/2.0/mlflow/runs/get", 400)):
        answer = httpx.request(verb, program.url + path)
        assert answer.status_code == status and set(answer.json()) == {"error_code", "message"}
    assert httpx.get(f"{program.url}/api/2.0/mlflow/nothing").json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_without_a_scope_nothing_is_read_or_written():
    reader, reads = make_key("reader", "registry.read")
    writer, writes = make_key("writer", "registry.read", "registry.write")
    with Program({"auth": {"api_keys": [reads, writes]}}, TARGET) as program:

        def put(key):
            headers = {"authorization": f"Bearer {key}"} if key else {}
            return httpx.put(f"{program.url}{ARTIFACTS}/a/b", content=b"x", headers=headers).status_code

        def get(key):
            headers = {"authorization": f"Bearer {key}"} if key else {}
            return httpx.get(f"{program.url}{ARTIFACTS}/a/b", headers=headers).status_code

        assert [put(key) for key in ("", reader, writer)] == [401, 403, 200]
        assert [get(key) for key in ("", reader, writer)] == [401, 200, 200]
        denied = httpx.put(f"{program.url}{ARTIFACTS}/a/b", content=b"x", headers={"authorization": f"Bearer {reader}"})
        assert denied.json()["error_code"] == "PERMISSION_DENIED"
