"""What it costs to be seen: processor time per request with metrics and tracing off, and on."""

import http.server
import tempfile
import threading
from contextlib import ExitStack

from figures.keyword import TEXTS
from figures.measure import in_turn, load, write_bodies
from figures.model import texts
from figures.servers import starling

PROGRAMS = {"keyword": "bench/bench_keyword", "model": "starling"}


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes what is exported and keeps nothing."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def measure(effort):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{collector.server_address[1]}"
        variants = {
            "off": {"metrics": False},
            "metrics": {},
            "one trace in a hundred": {"otlp_endpoint": endpoint, "trace_ratio": 0.01},
            "every trace": {"otlp_endpoint": endpoint},
        }
        bodies = {
            "keyword": write_bodies(folder, "keyword", TEXTS, 1),
            "model": write_bodies(folder, "model", texts(), 1),
        }
        result = {route: _route(effort, program, variants, bodies[route]) for route, program in PROGRAMS.items()}
        collector.shutdown()
    return result


def _route(effort, program, variants, bodies):
    with ExitStack() as stack:
        servers = {}
        for name, settings in variants.items():
            settings = {"observe": settings}
            if program == "starling":
                settings["placement"] = {"registry": {"mode": "off"}}  # several at once would want the same file
            servers[name] = stack.enter_context(starling(name, program, settings))
        return in_turn(servers, effort.rounds, lambda server: load(server, bodies, effort, 32))
