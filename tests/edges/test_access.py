"""Who may call what, over HTTP and gRPC alike: keys, certificates, peers of Unix sockets; all others are refused."""

import hashlib
import os
import ssl
import subprocess
import sys

import grpc
import httpx
import pytest
import yaml
from harness.keys import make_key
from harness.certificates import Authority
from harness.contracts import contract
from harness.program import BINARY, TINY_SENTIMENT, Program
from harness.waiting import wait_for

MODELS = "starling/models/v1/models.proto"
ADMIN = "starling/admin/v1/admin.proto"
BODY = {"error", "details"}


@pytest.fixture(scope="module")
def keyed():
    """Keys `ann` without scopes and `ops` with the scope admin."""
    ann, ann_entry = make_key("ann")
    ops, ops_entry = make_key("ops", "admin", "other")
    assert ops_entry["scopes"] == ["admin", "other"]
    assert "scopes" not in ann_entry
    with Program({"auth": {"api_keys": [ann_entry, ops_entry]}}, models=[TINY_SENTIMENT]) as program:
        program.keys = {"ann": ann, "ops": ops}
        yield program


def _headers(key):
    return [{"authorization": f"Bearer {key}"}, {"x-api-key": key}] if key else [{"x-api-key": ""}]


@pytest.mark.smoke
def test_a_method_for_the_authenticated_takes_a_key_over_http(keyed):
    anonymous = httpx.get(keyed.url + "/models")
    assert (anonymous.status_code, set(anonymous.json())) == (401, BODY)
    assert anonymous.headers["www-authenticate"] == "Bearer"
    for headers in _headers(keyed.keys["ann"]):
        assert httpx.get(keyed.url + "/models", headers=headers).status_code == 200
    wrong = keyed.keys["ann"][:-1] + ("0" if keyed.keys["ann"][-1] != "0" else "1")
    for key in (wrong, keyed.keys["ann"] + "0", keyed.keys["ann"].upper(), "", "x" * 5000):
        for headers in _headers(key):
            answer = httpx.get(keyed.url + "/models", headers=headers)
            assert (answer.status_code, set(answer.json())) == (401, BODY), headers
            assert len(key) < 20 or key not in answer.text


def test_a_wrong_key_is_refused_even_where_none_is_needed(keyed):
    """Who sends a key believes to be somebody: better told than served as nobody."""
    answer = httpx.post(keyed.url + "/analyze-sentiment", json={"texts": ["a"]}, headers={"x-api-key": "wrong"})
    assert answer.status_code == 401
    assert httpx.post(keyed.url + "/analyze-sentiment", json={"texts": ["a"]}).status_code == 200


def _list_models(target, metadata=(), credentials=None):
    messages, stubs = contract(MODELS)
    channel = grpc.secure_channel(target, credentials) if credentials else grpc.insecure_channel(target)
    with channel:
        try:
            stubs.ModelsServiceStub(channel).ListModels(messages.ListModelsRequest(), timeout=30, metadata=metadata)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


@pytest.mark.parametrize("port", ["grpc", "http"])
def test_the_same_over_grpc(keyed, port):
    target = keyed.addresses[port]
    assert _list_models(target) == grpc.StatusCode.UNAUTHENTICATED
    assert _list_models(target, [("authorization", "Bearer " + keyed.keys["ann"])]) == grpc.StatusCode.OK
    assert _list_models(target, [("x-api-key", keyed.keys["ann"])]) == grpc.StatusCode.OK
    assert _list_models(target, [("x-api-key", "wrong")]) == grpc.StatusCode.UNAUTHENTICATED


def test_nobody_can_write_who_he_is(keyed):
    for name in ("x-starling-principal", "x-starling-tenant"):
        assert httpx.get(keyed.url + "/models", headers={name: "ann"}).status_code == 401
        assert _list_models(keyed.grpc, [(name, "ann")]) == grpc.StatusCode.UNAUTHENTICATED


def test_what_states_nothing_is_closed_and_says_so(keyed):
    """Default deny: the contract of the conformance kit is not served, and health alone is open beside what contracts open."""
    with grpc.insecure_channel(keyed.grpc) as channel:
        call = channel.unary_unary("/starling.admin.v1.AdminService/GetStatus")
        with pytest.raises(grpc.RpcError) as error:
            call(b"", timeout=30, metadata=[("x-api-key", keyed.keys["ops"])])
        assert error.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert httpx.get(keyed.url + "/admin/status", headers={"x-api-key": keyed.keys["ops"]}).status_code == 404
    assert httpx.get(keyed.url + "/metrics", headers={"x-api-key": keyed.keys["ops"]}).status_code == 404


def test_keys_are_never_in_the_log():
    key, entry = make_key("ann")
    unknown = "starling_" + "ab" * 32
    with Program({"auth": {"api_keys": [entry]}, "observe": {"log_level": "debug"}}, models=[]) as program:
        for sent in (key, unknown):
            for headers in _headers(sent):
                httpx.get(program.url + "/models", headers=headers)
                httpx.get(program.url + "/nowhere", headers=headers)
                httpx.post(program.url + "/analyze-sentiment", headers=headers, content=b"{")
            _list_models(program.grpc, [("x-api-key", sent)])
    log = program.log()
    assert "stopping" in log
    for sent in (key, unknown):
        assert sent not in log and sent[9:40] not in log


# Not written as a loopback address, so it counts as beyond; and yet nobody else can reach it.
BEYOND = "[::ffff:127.0.0.1]:0"


def _beyond(**server):
    return {**{name: {"address": BEYOND} for name in ("http", "grpc", "admin")}, **server}


def _reachable(address):
    return "127.0.0.1:" + address.rsplit(":", 1)[1]


def _warned(program, *words):
    def found():
        warnings = [line["message"] for line in program.log_lines() if line["level"] == "warning"]
        return any(all(word in message for word in words) for message in warnings)

    wait_for(found, what=f"a warning with {words}")


def _refusal(config, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    results = []
    for command in ("serve", "check-config"):
        done = subprocess.run([str(BINARY), command, "--config", str(file)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1, done.stdout
        results.append(done.stderr)
    return results


def test_it_does_not_listen_beyond_loopback_without_authentication(tmp_path):
    for name in ("http", "grpc", "admin"):
        server = {other: {"address": "127.0.0.1:0"} for other in ("http", "grpc", "admin")}
        for address in ("0.0.0.0:0", ":0", BEYOND, "[2001:db8::1]:0"):
            server[name] = {"address": address}
            for said in _refusal({"server": server}, tmp_path):
                assert f"server.{name}" in said and "server.insecure: true" in said and "auth.api_keys" in said


def test_a_key_entry_that_is_none_stops_the_start(tmp_path):
    for said in _refusal({"auth": {"api_keys": [{"name": "ann", "hash": "secret"}]}}, tmp_path):
        assert "'ann'" in said and "sha256:" in said


def test_insecure_listens_and_warns_at_every_start():
    config = {"server": _beyond(insecure=True)}
    for _ in range(2):
        with Program(config, wait_ready=False, models=[]) as program:
            for name in ("http", "grpc", "admin"):
                _warned(program, f"server.{name} ", "asks nobody who they are (server.insecure: true)")
            assert httpx.get("http://" + _reachable(program.addresses["admin"]) + "/metrics").status_code == 200


def test_the_admin_port_asks_beyond_loopback():
    ann, ann_entry = make_key("ann")
    ops, ops_entry = make_key("ops", "admin")
    config = {"server": _beyond(), "auth": {"api_keys": [ann_entry, ops_entry]}}
    with Program(config, wait_ready=False, models=[]) as program:
        _warned(program, "server.admin ", "without TLS")
        url = "http://" + _reachable(program.addresses["admin"])
        for path in ("/metrics", "/admin/status", "/admin/logs?no_follow=true"):
            assert httpx.get(url + path).status_code == 401
            assert httpx.get(url + path, headers={"x-api-key": "wrong"}).status_code == 401
            refused = httpx.get(url + path, headers={"x-api-key": ann})
            assert (refused.status_code, set(refused.json())) == (403, BODY)
            if "logs" not in path:  # a stream, which says nothing before its first line
                assert httpx.get(url + path, headers={"authorization": "Bearer " + ops}).status_code == 200
        assert httpx.get(url + "/livez").status_code == 200
        messages, stubs = contract(ADMIN)
        with grpc.insecure_channel(_reachable(program.addresses["admin"])) as channel:
            stub = stubs.AdminServiceStub(channel)
            for key, code in (("", 16), ("wrong", 16), (ann, 7)):
                with pytest.raises(grpc.RpcError) as error:
                    stub.GetStatus(messages.GetStatusRequest(), timeout=30, metadata=[("x-api-key", key)] if key else [])
                assert error.value.code().value[0] == code
            assert stub.GetStatus(messages.GetStatusRequest(), timeout=30, metadata=[("x-api-key", ops)]).version


def test_on_loopback_whoever_comes_is_the_operator(keyed):
    assert httpx.get(keyed.admin_url + "/metrics").status_code == 200
    assert httpx.get(keyed.admin_url + "/admin/status").status_code == 200
    assert httpx.get(keyed.admin_url + "/metrics", headers={"x-api-key": "wrong"}).status_code == 401
    assert httpx.get(keyed.admin_url + "/metrics", headers={"x-api-key": keyed.keys["ann"]}).status_code == 403


def test_certificates_prove_services_and_persons(tmp_path):
    authority, other = Authority(tmp_path), Authority(tmp_path, "stranger")
    server, key = authority.issue("server")
    tls = {"certificate_file": server, "key_file": key, "client_ca_file": str(authority.certificate)}
    listeners = {name: {"tls": tls} for name in ("http", "grpc")}
    config = {"server": listeners, "auth": {"service_certificates": ["gateway.starling"]}}
    service = authority.issue("gateway", "DNS:gateway.starling")
    person = authority.issue("bob", "")
    forged = other.issue("forged", "DNS:gateway.starling")
    with Program(config, wait_ready=False, models=[]) as program:
        def context(certificate=None):
            made = ssl.create_default_context(cafile=str(authority.certificate))
            if certificate:
                made.load_cert_chain(*certificate)
            return made

        url = "https://" + program.addresses["http"]
        _until_ready(url, context())
        assert httpx.get(url + "/models", verify=context()).status_code == 401
        assert httpx.get(url + "/models", verify=context(person)).status_code == 200
        assert httpx.get(url + "/models", verify=context(service)).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(url + "/models", verify=context(forged))

        def credentials(certificate=None):
            root = authority.certificate.read_bytes()
            if not certificate:
                return grpc.ssl_channel_credentials(root)
            return grpc.ssl_channel_credentials(root, open(certificate[1], "rb").read(), open(certificate[0], "rb").read())

        assert _list_models(program.grpc, credentials=credentials()) == grpc.StatusCode.UNAUTHENTICATED
        assert _list_models(program.grpc, credentials=credentials(person)) == grpc.StatusCode.OK
        assert _list_models(program.grpc, credentials=credentials(service)) == grpc.StatusCode.OK
        assert _list_models(program.grpc, credentials=credentials(forged)) == grpc.StatusCode.UNAVAILABLE


def _until_ready(url, context):
    wait_for(lambda: httpx.get(url + "/readyz", verify=context).status_code == 200, 60, "readiness")


def test_a_listener_that_requires_certificates_may_be_beyond_loopback(tmp_path):
    authority = Authority(tmp_path)
    server, key = authority.issue("server")
    tls = {"certificate_file": server, "key_file": key, "client_ca_file": str(authority.certificate), "require_client_certificate": True}
    listeners = {name: {"address": BEYOND, "tls": tls} for name in ("http", "grpc", "admin")}
    config = {"server": listeners, "auth": {"service_certificates": ["gateway.starling"]}}
    with Program(config, wait_ready=False, models=[]) as program:
        assert not [line for line in program.log_lines() if line["level"] == "warning"]
        context = ssl.create_default_context(cafile=str(authority.certificate))
        url = "https://" + _reachable(program.addresses["admin"])
        with pytest.raises(httpx.TransportError):
            httpx.get(url + "/livez", verify=context)
        context.load_cert_chain(*authority.issue("bob", ""))
        assert httpx.get(url + "/livez", verify=context).status_code == 200
        assert httpx.get(url + "/metrics", verify=context).status_code == 403
        context = ssl.create_default_context(cafile=str(authority.certificate))
        context.load_cert_chain(*authority.issue("gateway", "DNS:gateway.starling"))
        assert httpx.get(url + "/metrics", verify=context).status_code == 200


def test_the_peer_of_a_unix_socket_is_a_service(tmp_path):
    path = tmp_path / "http.sock"
    config = {"server": {"http": {"address": f"unix:{path}"}}}
    with Program(config, wait_ready=False, models=[]) as program:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://here") as client:
            wait_for(lambda: client.get("/readyz").status_code == 200, 60, "readiness")
            assert client.get("/models").status_code == 200
        assert _list_models(f"unix:{path}") == grpc.StatusCode.OK
        assert _list_models(program.grpc) == grpc.StatusCode.UNAUTHENTICATED
        if os.geteuid() == 0:
            script = f"import os, socket; os.setuid(65534); socket.socket(socket.AF_UNIX).connect({str(path)!r})"
            other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
            assert "PermissionError" in other.stderr


def test_many_keys_neither_slow_the_start_nor_feed_a_flood():
    """10,000 keys; a wrong key costs one hash, whatever their number."""
    keys = [{"name": f"key{i}", "hash": "sha256:" + hashlib.sha256(b"%d" % i).hexdigest()} for i in range(10000)]

    def cpu(program):
        return sum(value for name, value in program.metrics().items() if name.startswith("process_cpu_time_seconds_total{process=\"main\""))

    def flood(program):
        with httpx.Client() as client:
            before = cpu(program)
            for _ in range(500):
                assert client.get(program.url + "/models", headers={"x-api-key": "wrong"}).status_code == 401
            return cpu(program) - before

    with Program({"auth": {"api_keys": keys[:1]}}, arguments=["--target", "models"], models=[]) as few:
        start_with_few = cpu(few)
        cost_with_few = flood(few)
    with Program({"auth": {"api_keys": keys}}, arguments=["--target", "models"], models=[]) as many:
        start_with_many = cpu(many)
        cost_with_many = flood(many)
        assert httpx.get(many.url + "/models", headers={"x-api-key": "9999"}).status_code == 200
    print(f"start {start_with_few:.2f} -> {start_with_many:.2f} s of CPU; 500 wrong keys {cost_with_few:.3f} -> {cost_with_many:.3f} s of CPU")
    # A linear search over 10,000 salted hashes would take 500 * 10,000 * 0.3 us = 1.5 s of CPU.
    assert cost_with_many < 3 * cost_with_few + 0.3
    assert start_with_many < start_with_few + 3
