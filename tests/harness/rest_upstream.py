"""A server of the Open Inference Protocol's REST form inside the test, which does what the test wants."""

import contextlib
import json
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

METADATA = {"name": "doubles", "versions": ["1"], "platform": "test",
            "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2], "parameters": {"content_type": "np"}}],
            "outputs": [{"name": "doubled", "datatype": "FP32", "shape": [-1, 2]}]}


class RestUpstream:
    """Doubles, in JSON alone. `answer(request)` gives (status, headers, body) and may be replaced; `gate` closed holds every inference
    back; requests and their headers are kept."""

    def __init__(self, port=0, certificate=None):
        self.ready = True
        self.answer = self.doubled
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Semaphore(0)
        self.cancelled = threading.Event()
        self.batches, self.headers = [], []
        self._connections = set()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def log_message(self, *_):
                pass

            def setup(self):
                super().setup()
                upstream._connections.add(self.connection)

            def finish(self):
                upstream._connections.discard(self.connection)
                super().finish()

            def send(self, status, headers, body):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                if self.path == "/v2":
                    return self.send(200, {}, json.dumps({"name": "rest", "extensions": []}).encode())
                if not self.path.startswith("/v2/models/doubles"):
                    return self.send(404, {}, b'{"detail":"Model not found"}')
                if self.path.endswith("/ready"):
                    return self.send(200 if upstream.ready else 400, {}, b"")
                self.send(200, {}, json.dumps(METADATA).encode())

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                upstream.headers.append({name.lower(): value for name, value in self.headers.items()})
                upstream.batches.append(body["inputs"][0]["shape"][0])
                upstream.arrived.release()
                while not upstream.gate.wait(0.02):
                    self.connection.settimeout(0.01)
                    try:
                        if self.connection.recv(1) == b"":
                            upstream.cancelled.set()
                            self.close_connection = True
                            return
                    except (TimeoutError, ssl.SSLWantReadError):
                        pass
                self.connection.settimeout(60)
                self.send(*upstream.answer(body))

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()

    @property
    def url(self):
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @staticmethod
    def doubled(request):
        x = request["inputs"][0]
        output = {"name": "doubled", "datatype": "FP32", "shape": x["shape"], "data": [2 * value for value in x["data"]]}
        return 200, {}, json.dumps({"model_name": "doubles", "outputs": [output]}).encode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
