"""The command line: runs the checks and prints the table."""

import argparse
import sys
import time

from . import checks_calls, checks_context, checks_start, checks_stop  # noqa: F401  (they register themselves)
from .child import Broken
from .contract import Contract, ContractError
from .kit import CHECKS, Kit, NotApplicable

ORDER = ("checks_start", "checks_calls", "checks_context", "checks_stop")


def checks():
    return sorted(CHECKS, key=lambda item: ORDER.index(item.run.__module__.rpartition(".")[2]))


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="child_conformance", description="Checks a child service against docs/other-languages.md.",
        epilog="The command follows after --. Exit code: 0 all rules hold, 1 one is broken, 2 it could not run.")
    parser.add_argument("--proto-path", action="append", metavar="FOLDER", help="root of the contract's .proto files")
    parser.add_argument("--call", action="append", default=[], metavar="SERVICE/METHOD",
                        help="a method to call, in full; may be repeated, each with a --request")
    parser.add_argument("--request", action="append", default=[], metavar="JSON",
                        help="request of the --call at the same place, or @file; a list when the client streams")
    parser.add_argument("--bad-request", metavar="JSON", help="a request that the first --call must refuse")
    parser.add_argument("--service", default="sample", help="what STARLING_SERVICE says (default: %(default)s)")
    parser.add_argument("--start-timeout", type=float, default=30, metavar="SECONDS")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="run this check; may be repeated")
    parser.add_argument("--list", action="store_true", help="print the checks and the rules")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    options = parser.parse_args(arguments)
    options.command = options.command[1:] if options.command[:1] == ["--"] else options.command
    unknown = set(options.only) - {check.name for check in CHECKS}
    if unknown:
        parser.error(f"no check named {', '.join(sorted(unknown))}; see --list")
    if not options.list and (not options.command or not options.call or not options.proto_path):
        parser.error("--proto-path, --call, --request and a command after -- are needed")
    if len(options.call) != len(options.request):
        parser.error("each --call needs its --request")
    return options


def make_kit(options):
    contract = Contract(options.proto_path)
    samples = [contract.sample(call, request) for call, request in zip(options.call, options.request)]
    bad = contract.sample(options.call[0], options.bad_request) if options.bad_request else None
    return Kit(options.command, samples, bad, options.service, options.start_timeout)


def run(kit, selected):
    """Runs the checks and prints a row for each; returns the names of the broken ones and of those with nothing to look at."""
    broken, skipped = [], []
    for check in selected:
        begun = time.monotonic()
        try:
            result, note = "ok", check.run(kit) or ""
        except NotApplicable as reason:
            result, note = "-", str(reason)
            skipped.append(check.name)
        except Broken as fault:
            result, note = "BROKEN", str(fault)
            broken.append(check.name)
        except Exception as error:  # whatever a strange child provokes is a finding about the child
            result, note = "BROKEN", f"{type(error).__name__}: {error}"
            broken.append(check.name)
        seconds = time.monotonic() - begun
        print(f"{check.name:<17} {check.section}  {result:<7} {seconds:5.1f} s  {check.rule}", flush=True)
        if note:
            print(f"{'':<37}{'-> ' if result == 'BROKEN' else ''}{note}", flush=True)
    return broken, skipped


def main(arguments=None):
    options = parse(sys.argv[1:] if arguments is None else arguments)
    if options.list:
        for check in checks():
            print(f"{check.name:<17} {check.section}  {check.rule}")
        return 0
    try:
        kit = make_kit(options)
    except ContractError as error:
        print(f"child_conformance: {error}", file=sys.stderr)
        return 2
    selected = [check for check in checks() if not options.only or check.name in options.only]
    print(f"{'check':<17} §  {'result':<7} {'time':>7}  rule (sections of docs/other-languages.md)")
    try:
        broken, skipped = run(kit, selected)
    finally:
        kit.close()
    print(f"{len(selected) - len(broken) - len(skipped)} of {len(selected)} rules hold"
          + (f"; nothing to look at: {', '.join(skipped)}" if skipped else "")
          + (f"; broken: {', '.join(broken)}" if broken else ""))
    return 1 if broken else 0
