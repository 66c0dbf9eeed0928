"""Runs what a page of docs/ tells its reader to type, so that the page can't be wrong about it."""

import json
import os
import re
import shlex
import subprocess
from contextlib import ExitStack
from pathlib import Path

from harness.program import ROOT, Program


def blocks(page, heading):
    """(language, file, text) of each fenced block of `page` under `heading`, up to the next heading of its level. A block that is a
    file's content says so after the language: ```cpp greeter/main.cc"""
    level = heading.split(" ")[0]
    text = (ROOT / page).read_text(encoding="utf-8")
    section = text.split(f"\n{heading}\n", 1)[1]
    section = re.split(rf"\n#{{1,{len(level)}}} ", section)[0]
    return [(language, file, body) for language, file, body in re.findall(r"^```(\w*) ?(\S*)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)]


def follow(page, heading, folder, environment=None, program=None):
    """Does in `folder` what the section says: writes its files, types its `sh` blocks, and holds the last answer to each `json` block.
    A line that serves is started on free ports and stopped at the end; addresses in later lines are put right. `program`: one that runs already. Returns what was printed."""
    printed, addresses = "", _addresses(program) if program else {}
    with ExitStack() as running:
        for language, file, body in blocks(page, heading):
            if file:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(_put_right(body, addresses), encoding="utf-8")
            elif language == "sh":
                for line in body.replace("\\\n", " ").splitlines():
                    if re.search(r"\bserve\b", line):
                        addresses = _addresses(running.enter_context(_serve(line, folder)))
                    elif line:
                        last = _type(_put_right(line, addresses), folder, environment or {})
                        printed += last
            elif language == "json":
                assert json.loads(last) == json.loads(body), last
    return printed


def _serve(line, folder):
    binary, _, *arguments = shlex.split(line)
    return Program(arguments=arguments, binary=(Path(folder) / binary).absolute())


def _addresses(program):
    return {"127.0.0.1:8000": program.addresses["http"], "127.0.0.1:8001": program.addresses["grpc"]}


def _put_right(text, addresses):
    for written, real in addresses.items():
        text = text.replace(written, real)
    return text


def _type(line, folder, environment):
    result = subprocess.run(
        ["bash", "-c", line], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, env={**os.environ, **environment}
    )
    assert result.returncode == 0, f"{line}\n{result.stdout}{result.stderr}"
    return result.stdout
