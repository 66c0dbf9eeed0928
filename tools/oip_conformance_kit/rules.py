"""The list of rules, filled by the modules checks_*."""

import dataclasses
from typing import Callable

RULES = []


@dataclasses.dataclass
class Rule:
    name: str
    level: str  # "must": the protocol's text; "should": what makes a server safe to call
    sentence: str
    run: Callable


def rule(name, level, sentence):
    def add(function):
        RULES.append(Rule(name, level, sentence, function))
        return function

    return add
