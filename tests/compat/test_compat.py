"""Callers and services that are one version of a contract apart: `new` has all that `old` has, and more. Both are real programs; the
callers are grpcio with the messages of either contract, and JSON over HTTP."""

import sys
from pathlib import Path

import grpc
import httpx
import pytest
from harness.program import BINARY, ROOT, Program

sys.path.insert(0, str(ROOT / "tools"))
from child_conformance_kit.contract import Contract  # noqa: E402
from contract_check.compare import Comparison  # noqa: E402
from contract_check.contracts import Compiler, published_text  # noqa: E402

HERE = Path(__file__).resolve().parent
SERVICE = "starling.notes.v1.NotesService"
URGENT = 3


def program(age, mode="inline-checked", **placement):
    """inline-checked: what crosses a wire under the other placements is bytes here too."""
    binary = BINARY.parent / f"tests/compat/{age}/notes_{age}"
    return Program({"placement": {"notes": {"mode": mode, **placement}}}, binary=binary)


@pytest.fixture(scope="module")
def servers():
    with program("old") as old, program("new") as new:
        yield {"old": old, "new": new}


@pytest.fixture(scope="module")
def contracts():
    return {age: Contract([str(HERE / age), str(ROOT / "api")]) for age in ("old", "new")}


def call(contract, server, method, request):
    """The messages that the method answers with, in the classes of the caller's contract."""
    sample = contract.sample(f"{SERVICE}/{method}", "{}")
    message = contract.messages(sample.method, request)[0]
    with grpc.insecure_channel(server.grpc) as channel:
        return sample.method.call(channel, [message], timeout=10)


def breaches(published, current):
    kept = [current.read(published_text(file), file.name) for file in published.files.values()]
    return Comparison(kept, current.files.values(), current.option).findings


def test_new_is_growth_of_old():
    """The judge of all other contracts agrees that these two are one version apart, and not the other way round."""
    old, new = Compiler(HERE / "old"), Compiler(HERE / "new")
    assert breaches(old, new) == []
    assert breaches(new, old)


def test_an_old_caller_of_a_new_service(contracts, servers):
    [answer] = call(contracts["old"], servers["new"], "Keep", '{"note": {"text": "tea", "priority": "PRIORITY_HIGH", "person": "Ada"}}')
    assert (answer.note.text, answer.note.person) == ("tea", "Ada")
    assert answer.note.priority == URGENT, "a value that the old contract does not name is kept as its number"
    # Fields that it does not know are kept too, and reach whoever it passes the answer to.
    known_to_new = type(call(contracts["new"], servers["new"], "Keep", '{"note": {"text": "x"}}')[0]).FromString(answer.SerializeToString())
    assert list(known_to_new.note.labels) == ["kept"]
    assert known_to_new.collection == "inbox", "what it cannot ask for has its default"


def test_a_new_caller_of_an_old_service(contracts, servers):
    request = '{"note": {"text": "tea", "priority": "PRIORITY_URGENT", "room": "kitchen", "labels": ["a", "b"], "due_ms": 7}, "collection": "mine"}'
    [answer] = call(contracts["new"], servers["old"], "Keep", request)
    assert answer.note.priority == URGENT
    assert (answer.note.room, list(answer.note.labels), answer.note.due_ms) == ("kitchen", ["a", "b"], 7), "the old service lost what it does not know"
    assert answer.collection == "", "an answer that the old service does not give is absent"
    with pytest.raises(grpc.RpcError) as error:
        call(contracts["new"], servers["old"], "CountWords", '{"note": {"text": "tea"}}')
    assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(("caller", "server"), [("old", "new"), ("new", "old")])
def test_streams(contracts, servers, caller, server):
    notes = call(contracts[caller], servers[server], "Replay", '{"notes": [{"text": "one"}, {"text": "two", "priority": 3}]}')
    assert [(note.text, note.priority) for note in notes] == [("one", 0), ("two", URGENT)]


def test_an_old_program_between_two_new_ones(contracts, servers):
    """A program with the old contract that passes calls on to a remote one keeps what it does not know, both ways."""
    with program("old", mode="remote", targets=[servers["new"].grpc], plaintext=True) as between:
        [answer] = call(contracts["new"], between, "Keep", '{"note": {"text": "tea", "room": "kitchen"}, "collection": "mine"}')
        assert (answer.note.room, answer.collection, list(answer.note.labels)) == ("kitchen", "mine", ["kept"])
        # Over JSON it can say what its contract names, and no more.
        body = httpx.post(between.url + "/notes", json={"note": {"text": "tea", "priority": "PRIORITY_HIGH", "room": "kitchen"}}).json()
        assert body == {"note": {"text": "tea", "priority": URGENT}}


def test_an_old_caller_of_a_new_service_over_json(servers):
    body = httpx.post(servers["new"].url + "/notes", json={"note": {"text": "tea", "priority": "PRIORITY_LOW", "group": "all"}}).json()
    assert body["note"]["text"] == "tea"
    assert body["note"]["priority"] == "PRIORITY_LOW"
    assert body["note"]["group"] == "all"
    assert body["note"]["labels"] == ["kept"], "new fields come beside the old ones"


def test_a_new_caller_of_an_old_service_over_json(servers):
    note = {"text": "tea", "priority": URGENT, "room": "kitchen", "labels": ["a"], "due_ms": 7}
    response = httpx.post(servers["old"].url + "/notes", json={"note": note, "collection": "mine"})
    assert response.status_code == 200, response.text
    assert response.json() == {"note": {"text": "tea", "priority": URGENT}}, "unknown fields are ignored, an unknown number of an enum is kept"
    # A name is nothing that an older service could keep: it says so instead of guessing.
    response = httpx.post(servers["old"].url + "/notes", json={"note": {"text": "tea", "priority": "PRIORITY_URGENT"}})
    assert response.status_code == 400
    assert "priority" in response.json()["details"]
    assert httpx.post(servers["old"].url + "/notes/words", json={}).status_code == 404
    assert httpx.post(servers["old"].url + "/v1/notes", json={}).status_code == 404
