"""The command line: runs every rule, prints a table, and says by its exit status whether a must is broken."""

import argparse
import json
import sys

from . import checks_errors, checks_grpc, checks_infer, checks_metadata  # noqa: F401  (they fill RULES)
from .rules import RULES
from .server import Broken, NotApplicable, Server

DESCRIPTION = """Checks a running server against the Open Inference Protocol, version 2, and those of Triton's extensions that it lists.
Needs nothing but Python; with --grpc also the package grpcio. Sends valid and invalid inferences to one model; loads and changes nothing.

  tools/oip_conformance http://127.0.0.1:8000 --model resnet
  tools/oip_conformance http://127.0.0.1:8000 --grpc 127.0.0.1:8001 --model bert --shape input_ids=1,16 --header 'Authorization: Bearer K'

Exit status: 0 if no `must` is broken, 1 if one is, 2 if the server can't be asked."""


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="oip_conformance", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="where HTTP is served, without /v2")
    parser.add_argument("--grpc", metavar="HOST:PORT", help="check gRPC too")
    parser.add_argument("--model", help="the model to run; without it the first that the repository index calls ready")
    parser.add_argument("--shape", action="append", default=[], metavar="INPUT=2,3", help="the shape to send, where 1 for free sizes does not do")
    parser.add_argument("--header", action="append", default=[], metavar="'NAME: VALUE'", help="sent with every request; as metadata over gRPC")
    parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS", help="of one request")
    parser.add_argument("--json", action="store_true", help="the results as JSON in place of the table")
    options = parser.parse_args(arguments)
    headers = dict(one.split(": ", 1) for one in options.header)
    server = Server(options.url, headers, options.timeout)
    server.shapes = {name: [int(size) for size in sizes.split(",")] for name, sizes in (one.split("=", 1) for one in options.shape)}
    server.grpc, server.grpc_metadata = None, [(name.lower(), value) for name, value in headers.items()]
    if options.grpc:
        try:
            import grpc
        except ImportError:
            print("oip_conformance: --grpc needs the Python package grpcio", file=sys.stderr)
            return 2
        server.grpc = grpc.insecure_channel(options.grpc)
    try:
        server.choose_model(options.model or _first_model(server))
    except Broken as error:
        print(f"oip_conformance: {error}", file=sys.stderr)
        return 2
    results = [_run(one, server) for one in RULES]
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        _print(results, server)
    return 1 if any(one["result"] == "fail" and one["level"] == "must" for one in results) else 0


def _first_model(server):
    answer = server.request("POST", "/v2/repository/index", "{}", {"Content-Type": "application/json"})
    if answer.status == 200:
        for model in answer.json():
            if model.get("state") == "READY":
                return model["name"]
    raise Broken("say with --model which model to run: the server has no index of models for this caller")


def _run(rule, server):
    result, reason = "pass", ""
    try:
        reason = rule.run(server) or ""
    except NotApplicable as error:
        result, reason = "skip", str(error)
    except Broken as error:
        result, reason = "fail", str(error)
    except Exception as error:  # an answer that the rule did not expect at all is a broken rule too
        result, reason = "fail", f"{type(error).__name__}: {error}"
    return {"rule": rule.name, "level": rule.level, "sentence": rule.sentence, "result": result, "reason": reason}


def _print(results, server):
    width = max(len(one["rule"]) for one in results)
    for one in results:
        # What is fine needs no reason, but may say what it found.
        text = one["reason"] if one["result"] != "pass" or one["reason"] else one["sentence"]
        print(f"{one['result']:4}  {one['level']:6}  {one['rule']:{width}}  {text}"[:200])
    count = {result: sum(one["result"] == result for one in results) for result in ("pass", "fail", "skip")}
    musts = sum(one["result"] == "fail" and one["level"] == "must" for one in results)
    print(f"\nmodel {server.model}: {count['pass']} passed, {count['fail']} failed ({musts} musts), {count['skip']} not applicable")
