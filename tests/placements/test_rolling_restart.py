"""Every placement is restarted under load, one process after the other, and no request is lost."""

import grpc
import pytest
from harness.contracts import contract
from harness.load import KeepAlive, Load
from harness.placements import only
from harness.program import BINARY, TINY_SENTIMENT, Program
from harness.waiting import wait_for


def replicas(program, service="sentiment"):
    return next(entry["replicas"] for entry in program.status()["services"] if entry["name"] == service)


def restart(program, service="sentiment"):
    messages, stubs = contract("starling/admin/v1/admin.proto")
    with grpc.insecure_channel(program.addresses["admin"]) as channel:
        stubs.AdminServiceStub(channel).RestartService(messages.RestartServiceRequest(service=service), timeout=60)


def refusal(program, service="sentiment"):
    with pytest.raises(grpc.RpcError) as error:
        restart(program, service)
    return error.value


@pytest.fixture(scope="module")
def children():
    with Program({"placement": {"sentiment": {"mode": "process", "replicas": 2}}}, models=[TINY_SENTIMENT]) as program:
        yield program


@pytest.mark.parametrize("rounds, answers", [(2, 200), pytest.param(10, 2000, marks=pytest.mark.long)])
def test_children_are_replaced_one_by_one(children, rounds, answers):
    wait_for(lambda: [replica["state"] for replica in replicas(children)] == ["serving"] * 2, what="two children")
    with Load(lambda: KeepAlive(children.addresses["http"])) as load:
        for _ in range(rounds):
            before = [replica["pid"] for replica in replicas(children)]
            load.wait_for_more(answers)
            restart(children)
            after = replicas(children)
            assert [replica["state"] for replica in after] == ["serving", "serving"]
            assert not {replica["pid"] for replica in after} & set(before)
        load.wait_for_more(answers)
    assert set(load.outcomes) == {200}, load.outcomes


def test_a_single_child_is_replaced_without_a_gap():
    with Program({"placement": {"sentiment": {"mode": "process"}}}, models=[TINY_SENTIMENT]) as program:
        with Load(lambda: KeepAlive(program.addresses["http"])) as load:
            load.wait_for_more(200)
            restart(program)
            load.wait_for_more(200)
        assert set(load.outcomes) == {200}, load.outcomes
        assert [int(replica["restarts"]) for replica in replicas(program)] == [1]


def test_a_successor_that_does_not_come_up_changes_nothing(tmp_path):
    broken = tmp_path / "broken"
    child = tmp_path / "child.sh"
    child.write_text(f'[ ! -e {broken} ] || {{ echo "no licence found" >&2; exit 4; }}\nexec "$@"\n')
    # What the program would run itself, behind the script.
    command = ["sh", str(child), str(BINARY), "serve", "--child", "sentiment"]
    with Program({"placement": {"sentiment": {"mode": "process", "command": command}}}, wait_ready=False, models=[]) as program:
        [before] = wait_for(lambda: [r for r in replicas(program) if r["state"] == "serving"], what="a child")
        broken.touch()
        error = refusal(program)
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert "no licence found" in error.details()
        [after] = replicas(program)
        assert (after["pid"], after["state"]) == (before["pid"], "serving")


@pytest.mark.parametrize("service, word", [("models", "is placed inline"), ("no-such", "There is no service 'no-such' here.")])
def test_what_cannot_be_restarted_is_refused_with_a_sentence(children, service, word):
    assert word in refusal(children, service).details()


def front(*targets):
    return Program({"placement": only(sentiment={"mode": "remote", "targets": list(targets), "plaintext": True})})


def restart_each(targets, ports, load, answers):
    """Each target stops and starts again on its port, the next only when this one is ready; soon after, its callers' breakers are open yet."""
    for place, port in enumerate(ports):
        targets[place].terminate()
        targets[place] = behind(port)
        load.wait_for_more(answers)


def behind(port=0, mode="inline"):
    config = {"server": {"grpc": {"address": f"127.0.0.1:{port}"}}, "placement": {"sentiment": {"mode": mode}}}
    return Program(config, models=["sentiment"])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("rounds, answers", [(2, 10), pytest.param(5, 2000, marks=pytest.mark.long)])
def test_remote_targets_with_the_service_inline_are_restarted_one_by_one(rounds, answers):
    targets = [behind(), behind()]
    ports = [int(target.grpc.rsplit(":", 1)[1]) for target in targets]
    try:
        with front(*[target.grpc for target in targets]) as program:
            with Load(lambda: KeepAlive(program.addresses["http"])) as load:
                load.wait_for_more(answers)
                for _ in range(rounds):
                    restart_each(targets, ports, load, answers)
            assert set(load.outcomes) == {200}, load.outcomes
    finally:
        for target in targets:
            assert target.terminate() == 0
