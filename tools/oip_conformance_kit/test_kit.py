"""The kit finds faults: a server that says yes to everything breaks the rules that it should, and no others that it keeps."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from oip_conformance_kit import cli

METADATA = {"name": "m", "platform": "p", "inputs": [{"name": "x", "datatype": "INT32", "shape": [-1]}],
            "outputs": [{"name": "y", "datatype": "INT32", "shape": [-1]}]}
RESPONSE = {"model_name": "m", "outputs": [{"name": "y", "datatype": "INT32", "shape": [1], "data": [1]}]}


class Yes(BaseHTTPRequestHandler):
    """Every path is there, every request is right, and no id comes back."""

    def do_GET(self):
        self._answer({"name": "m", "version": "1", "extensions": [], "ready": True} | (METADATA if "/models/" in self.path else {}))

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(RESPONSE)

    def _answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Yes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_that_says_yes_to_everything_is_found_out(url, capsys):
    assert cli.main([url, "--model", "m", "--json"]) == 1
    results = {one["rule"]: one["result"] for one in json.loads(capsys.readouterr().out)}
    kept = ("server-live", "server-metadata", "model-metadata", "infer", "infer-model-name", "infer-metadata", "infer-nested")
    assert {name: results[name] for name in kept} == dict.fromkeys(kept, "pass")
    broken = ("infer-id", "unknown-model", "unknown-model-ready", "refuse: malformed JSON", "refuse: a negative dimension",
              "refuse: a number past the datatype's range", "blame: one element too few", "refuse: unknown model")
    assert {name: results[name] for name in broken} == dict.fromkeys(broken, "fail")
    assert results["binary-input"] == results["grpc-health"] == "skip"


def test_a_server_that_is_not_there_is_exit_2(capsys):
    assert cli.main(["http://127.0.0.1:9", "--model", "m"]) == 2
    assert "was not answered" in capsys.readouterr().err
