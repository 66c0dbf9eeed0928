"""A unary call by a client that looks at the bytes of the answer."""

from hostile.raw_http2 import RawHttp2
from hyperframe.frame import DataFrame, HeadersFrame


def raw_call(address, path, request, accepts=None):
    """(the answer's grpc-encoding, the flag of its message, its message as sent)"""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"), ("content-type", "application/grpc")]
    if accepts:
        fields.append(("grpc-accept-encoding", accepts))
    body = request.SerializeToString()
    with RawHttp2(address) as client:
        client.send(client.headers(1, fields, flags=["END_HEADERS"]), DataFrame(1, b"\0" + len(body).to_bytes(4, "big") + body, flags=["END_STREAM"]))
        assert client.wait_for(lambda frame: isinstance(frame, HeadersFrame) and "END_STREAM" in frame.flags).fields["grpc-status"] == "0"
        head = next(frame for frame in client.frames if isinstance(frame, HeadersFrame))
        answer = b"".join(frame.data for frame in client.frames if isinstance(frame, DataFrame))
    assert int.from_bytes(answer[1:5], "big") == len(answer) - 5
    return head.fields.get("grpc-encoding"), answer[0], answer[5:]
