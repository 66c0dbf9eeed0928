"""What compressed answers are on the wire, seen by a client that looks at the bytes: grpcio unpacks them and says nothing."""

import gzip

import pytest
from hostile.raw_grpc import raw_call
from interop.programs import InteropServer, messages

RUNS = []

pb, _ = messages()


def call(server, request, accepts):
    return raw_call(server.address, "/grpc.testing.TestService/UnaryCall", request, accepts)


@pytest.mark.parametrize("accepts", ["gzip", "identity, deflate, gzip", "identity,gzip"])
def test_packed_if_the_client_takes_it(accepts):
    with InteropServer() as server:
        encoding, flag, message = call(server, pb.SimpleRequest(response_size=30000), accepts)
    assert (encoding, flag) == ("gzip", 1) and len(message) < 1000
    assert len(pb.SimpleResponse.FromString(gzip.decompress(message)).payload.body) == 30000


@pytest.mark.parametrize("accepts", [None, "identity", "deflate", "gzipped"])
def test_plain_if_not(accepts):
    with InteropServer() as server:
        encoding, flag, message = call(server, pb.SimpleRequest(response_size=30000), accepts)
    assert encoding in (None, "identity") and flag == 0
    assert len(pb.SimpleResponse.FromString(message).payload.body) == 30000


def test_plain_if_the_service_wants_it_so():
    with InteropServer() as server:
        _, flag, message = call(server, pb.SimpleRequest(response_size=30000, response_compressed=pb.BoolValue(value=False)), "gzip")
    assert flag == 0 and len(message) > 30000
