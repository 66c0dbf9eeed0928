"""TLS from files: both versions of HTTP, what is refused, and new files on SIGHUP without a restart."""

import signal
import socket
import ssl

import httpx
import pytest
from edges.raw import Raw, refused
from harness.certificates import Authority
from harness.program import Program
from harness.waiting import wait_for


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def _serve(authority, **tls):
    certificate, key = authority.issue("server")
    config = {"server": {"http": {"tls": {"certificate_file": certificate, "key_file": key, **tls}}}}
    program = Program(config, wait_ready=False, models=[])
    program.context = ssl.create_default_context(cafile=str(authority.certificate))
    program.secure_url = "https://" + program.addresses["http"]
    return program


def _serial(program):
    context = program.context
    host, port = program.addresses["http"].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
        return secure.getpeercert()["serialNumber"]


def test_both_versions_of_http(authority):
    with _serve(authority) as program:
        for http2, version in ((False, "HTTP/1.1"), (True, "HTTP/2")):
            with httpx.Client(http2=http2, verify=program.context) as client:
                for _ in range(3):
                    answer = client.get(program.secure_url + "/livez")
                    assert (answer.status_code, answer.http_version) == (200, version)
        with pytest.raises(httpx.TransportError):
            httpx.get(program.secure_url + "/livez")  # signed by nobody whom this client knows


def test_what_is_no_tls_is_refused_and_counted(authority):
    with _serve(authority) as program:
        before = refused(program)["handshake_failed"]
        with Raw(program.addresses["http"]) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            assert b"HTTP/1.1 2" not in client.rest()
        wait_for(lambda: refused(program)["handshake_failed"] > before, what="a count")
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
            Raw(program.addresses["http"], wrap=context.wrap_socket)
        # A slow handshake holds nobody else up.
        with Raw(program.addresses["http"]):
            assert httpx.get(program.secure_url + "/livez", verify=program.context).status_code == 200


def test_half_a_handshake_ends_in_time(authority):
    certificate, key = authority.issue("server")
    server = {"http": {"tls": {"certificate_file": certificate, "key_file": key}}, "limits": {"handshake_timeout": "300ms"}}
    with Program({"server": server}, wait_ready=False, models=[]) as program, Raw(program.addresses["http"]) as client:
        client.send(b"\x16\x03\x01")
        assert client.ended()
        wait_for(lambda: refused(program)["handshake_timeout"] > 0, what="a count")


def test_new_files_on_sighup(authority, tmp_path):
    with _serve(authority) as program:
        old = _serial(program)
        with httpx.Client(verify=program.context) as kept:
            assert kept.get(program.secure_url + "/livez").status_code == 200
            certificate, key = authority.issue("server")  # over the old files
            assert _serial(program) == old
            program.process.send_signal(signal.SIGHUP)
            wait_for(lambda: _serial(program) != old, what="the new certificate")
            renewed = _serial(program)
            assert kept.get(program.secure_url + "/livez").status_code == 200
            # Files that can't be used change nothing.
            (tmp_path / "server.key").write_text("no key")
            program.process.send_signal(signal.SIGHUP)
            wait_for(lambda: "kept the files of TLS" in program.log(), what="a line in the log")
            assert _serial(program) == renewed


def test_without_tls_sighup_ends_the_program():
    program = Program(models=[])
    program.process.send_signal(signal.SIGHUP)
    assert program.process.wait(20) == -signal.SIGHUP
    program.kill()


@pytest.mark.parametrize("wrong", ["certificate_file", "key_file", "client_ca_file"])
def test_files_that_cannot_be_used_stop_the_start_with_their_name(authority, tmp_path, wrong):
    certificate, key = authority.issue("server")
    files = {"certificate_file": certificate, "key_file": key, wrong: str(tmp_path / "missing.pem")}
    with pytest.raises(AssertionError, match="missing.pem"):
        Program({"server": {"http": {"tls": files}}}, wait_ready=False)
