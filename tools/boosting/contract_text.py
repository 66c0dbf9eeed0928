"""What the training tools read from the contracts, so that each list stands in one place: names of features and words of a field."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def user_features():
    """The names in UserFeatures, in the order of their numbers."""
    text = (ROOT / "api/starling/features/v1/user_features.proto").read_text(encoding="utf-8")
    message = re.search(r"^message UserFeatures \{(.*?)^\}", text, re.M | re.S)[1]
    fields = re.findall(r"^  optional double (\w+) = (\d+) \[", message, re.M)
    return [name for name, _ in sorted(fields, key=lambda field: int(field[1]))]


@cache
def words(contract, field):
    """The words that a text field of the contract may hold, in their order. A model reads a word as its place there."""
    text = (ROOT / f"api/starling/{contract}/v1/{contract}.proto").read_text(encoding="utf-8")
    rules = re.search(rf"^  string {field} = \d+ \[(.*?)^  \];", text, re.M | re.S)[1]
    return re.findall(r'\.string\.in = "(\w+)"', rules)
