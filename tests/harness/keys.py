"""API keys as an operator makes them."""

import subprocess

import yaml
from harness.program import BINARY


def make_key(name, *scopes):
    """(key, entry of auth.api_keys), by `starling make-api-key`."""
    arguments = [word for scope in scopes for word in ("--scope", scope)]
    made = subprocess.run([str(BINARY), "make-api-key", name, *arguments], capture_output=True, text=True, timeout=30)
    assert made.returncode == 0, made.stderr
    key = next(word for word in made.stderr.split() if word.startswith("starling_"))
    assert key not in made.stdout
    return key, yaml.safe_load(made.stdout)["auth"]["api_keys"][0]
