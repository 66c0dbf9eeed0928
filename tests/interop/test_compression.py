"""What compressed answers are on the wire, seen by a client that looks at the bytes: grpcio unpacks them and says nothing."""

import gzip

import pytest
from hostile.raw_http2 import RawHttp2
from hyperframe.frame import DataFrame, HeadersFrame
from interop.programs import InteropServer, messages

pb, _ = messages()


def call(server, request, accepts):
    """(the answer's grpc-encoding, its flag, its message as sent)"""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", "/grpc.testing.TestService/UnaryCall"), (":authority", "localhost"), ("content-type", "application/grpc")]
    if accepts:
        fields.append(("grpc-accept-encoding", accepts))
    body = request.SerializeToString()
    with RawHttp2(server.address) as client:
        client.send(client.headers(1, fields, flags=["END_HEADERS"]), DataFrame(1, b"\0" + len(body).to_bytes(4, "big") + body, flags=["END_STREAM"]))
        assert client.wait_for(lambda frame: isinstance(frame, HeadersFrame) and "END_STREAM" in frame.flags).fields["grpc-status"] == "0"
        head = next(frame for frame in client.frames if isinstance(frame, HeadersFrame))
        answer = b"".join(frame.data for frame in client.frames if isinstance(frame, DataFrame))
    assert int.from_bytes(answer[1:5], "big") == len(answer) - 5
    return head.fields.get("grpc-encoding"), answer[0], answer[5:]


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
