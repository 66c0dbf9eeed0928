"""The commands that print something and end."""

import re
import subprocess

import pytest
from harness.program import BINARY, ROOT

COMMANDS = [
    "serve", "check-config", "print-config-schema", "print-config-reference", "list-targets", "list-routes", "openapi", "make-api-key", "traffic", "models", "version",
]  # fmt: skip


def starling(*arguments):
    return subprocess.run([BINARY, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def services():
    return re.findall(r"^STARLING_SERVICE\((\w+)\)", (ROOT / "src/app/services.def").read_text(), re.MULTILINE)


def test_help_lists_every_command():
    result = starling("--help")
    assert result.returncode == 0
    assert re.findall(r"^  ([a-z-]+)  +\S", result.stdout.split("Subcommands:")[1], re.MULTILINE) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example(command):
    result = starling(command, "--help")
    assert result.returncode == 0
    assert f"starling {command}" in result.stdout.split("Examples:")[1]


def test_what_nobody_knows_is_refused_with_help():
    for arguments in (["srve"], ["serve", "--confg", "x"], []):
        result = starling(*arguments)
        assert result.returncode != 0
        assert "Usage: starling" in result.stderr


def test_list_targets_names_every_service():
    result = starling("list-targets")
    assert [line.split()[0] for line in result.stdout.splitlines()] == services()
    assert "needs models" in next(line for line in result.stdout.splitlines() if line.startswith("sentiment "))


def test_list_routes_has_every_http_route_and_method():
    """Every route that a contract writes, found in the contracts' text."""
    printed = starling("list-routes").stdout
    routes = {tuple(line.split()[:2]) for line in printed.splitlines()}
    for name in services():
        for contract in (ROOT / f"api/starling/{name}/v1").glob("*.proto"):
            text = contract.read_text(encoding="utf-8")
            for verb, path in re.findall(r'\b(get|post|put|patch|delete): "([^"]+)"', text):
                assert (verb.upper(), path) in routes
            if not re.search(r"^service ", text, re.MULTILINE):
                continue  # messages alone
            package, service = (re.search(pattern, text, re.MULTILINE)[1] for pattern in (r"^package ([\w.]+);", r"^service (\w+)"))
            for method in re.findall(r"^  rpc (\w+)", text, re.MULTILINE):
                assert ("gRPC", f"/{package}.{service}/{method}") in routes
    assert re.search(r"^POST +/analyze-sentiment +anyone +unary$", printed, re.MULTILINE)
    assert re.search(r"^POST +/text-stats/paragraphs +anyone +server stream$", printed, re.MULTILINE)


def test_version_says_what_was_built():
    lines = starling("version").stdout.splitlines()
    project = re.search(r"project\(starling VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert lines[0] == f"starling {project}" == starling("--version").stdout.strip()
    facts = dict(line.split(maxsplit=1) for line in lines[1:])
    assert re.fullmatch(r"(GNU|Clang) \d+\.\d+\.\d+", facts["compiler"])
    assert re.fullmatch(r"[0-9a-f]{12}(-dirty)?|unknown", facts["commit"])
    assert facts["build"].split()[0] in ("RelWithDebInfo", "Debug", "Release")
