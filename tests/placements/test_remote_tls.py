"""TLS to remote targets: they are verified by name, and we show a certificate to those who ask for one."""

from contextlib import contextmanager
from pathlib import Path

import grpc
import httpx
import pytest
from harness.certificates import Authority
from harness.placements import only
from harness.program import Program
from harness.target import Target
from harness.waiting import wait_for


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def targets_own(authority):
    return authority.issue("targets.example", "DNS:targets.example,DNS:localhost")


def credentials(own, client_authority=None):
    pair = [(Path(own[1]).read_bytes(), Path(own[0]).read_bytes())]
    roots = client_authority.certificate.read_bytes() if client_authority else None
    return grpc.ssl_server_credentials(pair, roots, require_client_auth=client_authority is not None)


@contextmanager
def in_front_of(target, host="localhost", **tls):
    remote = {"mode": "remote", "targets": [f"{host}:{target.port}"], "tls": {key: str(value) for key, value in tls.items()}}
    with Program({"placement": only(sentiment=remote)}) as program:
        yield program


def status(program):
    return httpx.post(program.url + "/analyze-sentiment", json={"texts": ["a"]}, timeout=30).status_code


def test_a_target_is_known_by_the_host_that_it_was_named_by(authority, targets_own):
    with Target(credentials=credentials(targets_own)) as target, in_front_of(target, ca_file=authority.certificate) as program:
        # "localhost" may be two addresses, of which one refuses.
        wait_for(lambda: status(program) == 200, what="an answer over TLS")
        assert target.calls


def test_a_target_of_another_name_is_not_trusted(authority, targets_own):
    with Target(credentials=credentials(targets_own)) as target:
        with in_front_of(target, "127.0.0.1", ca_file=authority.certificate) as program:
            assert status(program) == 503
        assert not target.calls
        with in_front_of(target, "127.0.0.1", ca_file=authority.certificate, server_name="targets.example") as program:
            assert status(program) == 200


def test_a_target_of_another_authority_is_not_trusted(targets_own, tmp_path):
    with Target(credentials=credentials(targets_own)) as target:
        with in_front_of(target, ca_file=Authority(tmp_path).certificate) as program:
            assert status(program) == 503
        assert not target.calls


def test_we_show_a_certificate(authority, targets_own):
    own = authority.issue("front.example")
    with Target(credentials=credentials(targets_own, authority)) as target:
        with in_front_of(target, ca_file=authority.certificate) as program:
            assert status(program) == 503
        tls = {"ca_file": authority.certificate, "certificate_file": own[0], "key_file": own[1]}
        with in_front_of(target, **tls) as program:
            wait_for(lambda: status(program) == 200, what="an answer over TLS")


def test_plain_text_is_not_what_happens_by_default():
    with Target() as target, in_front_of(target) as program:
        assert status(program) == 503
        assert not target.calls
