"""The registry's own contract over gRPC: the history of aliases, following them, lineage, files."""

import sys
from pathlib import Path

import grpc
import httpx
import pytest
from harness.contracts import contract
from harness.keys import make_key
from harness.program import Program

sys.path.insert(0, str(Path(__file__).parent))
from clients import TARGET  # noqa: E402

RUNS = ["registry"]


def messages(name):
    return contract(f"starling/registry/v1/{name}.proto")


@pytest.fixture(scope="module")
def registry():
    key, entry = make_key("ada", "registry.read", "registry.write")
    with Program({"auth": {"api_keys": [entry]}}, TARGET) as program, grpc.insecure_channel(program.grpc) as channel:
        program.metadata = (("authorization", f"Bearer {key}"),)
        program.channel = channel
        yield program


def call(registry, stub, method, request, timeout=20):
    return getattr(stub, method)(request, metadata=registry.metadata, timeout=timeout)


def models(registry):
    stub = messages("registry")[1].RegistryServiceStub(registry.channel)
    return stub, messages("registry_messages")[0], messages("version_messages")[0]


def test_every_move_is_kept_with_who_when_from_to_and_why(registry):
    stub, m, v = models(registry)
    call(registry, stub, "CreateRegisteredModel", m.CreateRegisteredModelRequest(name="kept"))
    for _ in range(2):
        call(registry, stub, "CreateModelVersion", v.CreateModelVersionRequest(name="kept", source="mlflow-artifacts:/kept"))
    for version, reason in (("1", "first"), ("2", "better recall"), ("2", "again"), ("1", "went wrong")):
        call(registry, stub, "SetAlias", v.SetAliasRequest(name="kept", alias="champion", version=version, reason=reason))
    call(registry, stub, "DeleteAlias", v.DeleteAliasRequest(name="kept", alias="champion", reason="the end"))
    call(registry, stub, "DeleteRegisteredModel", m.DeleteRegisteredModelRequest(name="kept"))
    moves = call(registry, stub, "ListAliasMoves", v.ListAliasMovesRequest(name="kept", alias="champion")).moves
    assert [(move.from_version, move.to_version, move.reason, move.user_id) for move in moves] == [
        ("1", "", "the end", "ada"), ("2", "1", "went wrong", "ada"), ("1", "2", "better recall", "ada"), ("", "1", "first", "ada")]  # fmt: skip
    assert all(move.timestamp > 1_700_000_000_000 for move in moves)


def test_an_alias_moves_only_from_where_it_is_expected(registry):
    stub, m, v = models(registry)
    call(registry, stub, "CreateRegisteredModel", m.CreateRegisteredModelRequest(name="expected"))
    for _ in range(3):
        call(registry, stub, "CreateModelVersion", v.CreateModelVersionRequest(name="expected", source="mlflow-artifacts:/e"))

    def move(version, expected):
        call(registry, stub, "SetAlias", v.SetAliasRequest(name="expected", alias="champion", version=version, expected_version=expected))

    with pytest.raises(grpc.RpcError, match="does not point to version 1 any more"):
        move("2", "1")
    move("1", "")
    move("2", "1")
    with pytest.raises(grpc.RpcError) as refused:
        move("3", "1")
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
    move("2", "1")  # the same once more: it is there already
    moves = call(registry, stub, "ListAliasMoves", v.ListAliasMovesRequest(name="expected")).moves
    assert [(move.from_version, move.to_version) for move in moves] == [("1", "2"), ("", "1")]


def test_whoever_follows_hears_every_move_once_and_in_order(registry):
    stub, m, v = models(registry)
    call(registry, stub, "CreateRegisteredModel", m.CreateRegisteredModelRequest(name="followed"))
    for _ in range(3):
        call(registry, stub, "CreateModelVersion", v.CreateModelVersionRequest(name="followed", source="mlflow-artifacts:/f"))
    call(registry, stub, "SetAlias", v.SetAliasRequest(name="followed", alias="champion", version="1"))
    known = call(registry, stub, "ListAliases", v.ListAliasesRequest(name="followed"))
    assert [(a.alias, a.version, a.artifact_uri) for a in known.aliases] == [("champion", "1", "mlflow-artifacts:/f")]
    watch = call(registry, stub, "WatchAliases", v.WatchAliasesRequest(after=known.last_move), timeout=60)
    for version in ("2", "3"):
        call(registry, stub, "SetAlias", v.SetAliasRequest(name="followed", alias="champion", version=version))
    call(registry, stub, "RenameRegisteredModel", m.RenameRegisteredModelRequest(name="followed", new_name="renamed"))
    call(registry, stub, "DeleteModelVersion", v.DeleteModelVersionRequest(name="renamed", version="3"))
    heard = [next(watch) for _ in range(5)]
    watch.cancel()
    assert [(move.name, move.from_version, move.to_version) for move in heard] == [
        ("followed", "1", "2"), ("followed", "2", "3"), ("followed", "3", ""), ("renamed", "", "3"), ("renamed", "3", "")]  # fmt: skip
    assert [move.number for move in heard] == list(range(known.last_move + 1, known.last_move + 6))


def test_lineage_comes_from_the_run_where_nobody_says_more(registry):
    stub, m, v = models(registry)
    tracking = messages("tracking")[1].TrackingServiceStub(registry.channel)
    t, common = messages("tracking_messages")[0], messages("models")[0]
    tags = {"starling.data_snapshot": "2026-11-01", "feast.feature_refs": "user:age, user:city", "mlflow.source.git.commit": "abc"}
    run = call(registry, tracking, "CreateRun", t.CreateRunRequest(tags=[common.Tag(key=k, value=x) for k, x in tags.items()])).run
    call(registry, stub, "CreateRegisteredModel", m.CreateRegisteredModelRequest(name="lineage"))

    def version(**more):
        request = v.CreateModelVersionRequest(name="lineage", source="runs:/x/model", run_id=run.info.run_id, **more)
        return call(registry, stub, "CreateModelVersion", request).model_version

    lineage = version().lineage
    assert (lineage.data_snapshot, list(lineage.features), lineage.code_version) == ("2026-11-01", ["user:age", "user:city"], "abc")
    given = version(lineage=common.Lineage(data_snapshot="mine", features=["one"])).lineage
    assert (given.data_snapshot, list(given.features), given.code_version) == ("mine", ["one"], "abc")


def test_files_travel_as_streams(registry):
    stub = messages("artifacts")[1].ArtifactServiceStub(registry.channel)
    m = messages("artifacts")[0]
    body = bytes(range(256)) * 4000

    def pieces(path):
        yield m.UploadArtifactRequest(path=path, data=body[:1000])
        yield m.UploadArtifactRequest(data=body[1000:])

    made = call(registry, stub, "UploadArtifact", pieces("a/b/c"))
    assert (made.path, made.file_size) == ("c", len(body))
    chunks = list(call(registry, stub, "DownloadArtifact", m.DownloadArtifactRequest(path="a/b/c")))
    assert b"".join(chunk.data for chunk in chunks) == body and chunks[0].total_bytes == len(body)
    for path in ("../x", "/etc/passwd", "a//b"):
        with pytest.raises(grpc.RpcError) as error:
            call(registry, stub, "UploadArtifact", pieces(path))
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError) as error:
        list(call(registry, stub, "DownloadArtifact", m.DownloadArtifactRequest(path="a/b")))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_over_http_it_is_json_of_the_same_contract(registry):
    headers = dict(registry.metadata)
    made = httpx.post(f"{registry.url}/registry/models", json={"name": "typed"}, headers=headers)
    assert made.status_code == 200 and made.json()["registered_model"]["user_id"] == "ada"
    again = httpx.post(f"{registry.url}/registry/models", json={"name": "typed"}, headers=headers)
    assert again.status_code == 409 and set(again.json()) == {"error", "details"}
    assert httpx.get(f"{registry.url}/registry/models").status_code == 401
