"""Rules that are about single lines: machine paths, sleeping tests, conditional compilation, lambdas in a co_await."""

import re

from structure.tree import Finding, is_test

_SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|SleepFor)\b|\bsleep\s*\(")
_CONDITIONAL = re.compile(r"\s*#\s*(ifdef|if|elif)\b(.*)")
_CONDITIONAL_ALLOWED = re.compile(r"__SANITIZE|__has_feature|__has_include|__clang__|__GNUC__|NDEBUG")
# A lambda that owns something: an introducer with a capture by value or with an initialiser, where a subscript cannot stand.
_LAMBDA = re.compile(r"(?<![\w)\]])\[([^\[\]]*)\]\s*[({]")


def check_machine_paths(tree, rules):
    pattern = re.compile(rules["text"]["machine_paths"])
    return [
        Finding(path, number, "a path of somebody's machine")
        for path in tree.files
        for number, line in enumerate(tree.lines(path), 1)
        if pattern.search(line)
    ]


def check_sleep(tree, rules):
    allowed = tuple(rules["text"]["sleep_allowed"])
    findings = []
    for path in tree.files:
        if not is_test(path) or not path.endswith((".cc", ".h", ".py")) or path.rsplit("/", 1)[-1] in allowed:
            continue
        for number, line in enumerate(tree.lines(path), 1):
            code = re.sub(r'"[^"]*"', '""', line).partition("#" if path.endswith(".py") else "//")[0]
            if _SLEEP.search(code):
                findings.append(Finding(path, number, "a test waits for a condition with a deadline; it does not sleep"))
    return findings


def check_conditionals(tree, rules):
    findings = []
    for path in tree.cpp("src/"):
        if path.startswith("src/backends/"):
            continue
        for number, line in enumerate(tree.lines(path), 1):
            match = _CONDITIONAL.match(line)
            if match and not _CONDITIONAL_ALLOWED.search(match.group(2)):
                findings.append(Finding(path, number, "conditional compilation belongs to backends only"))
    return findings


def check_coroutine_lambdas(tree, rules):
    """g++ 12 destroys the captures of a lambda that is a temporary in a co_await expression twice."""
    findings = []
    for path in tree.cpp():
        text = "\n".join(line.partition("//")[0] for line in tree.lines(path))
        for match in re.finditer(r"\bco_await\b", text):
            expression = _full_expression(text, match.end())
            for lambda_match in _LAMBDA.finditer(expression):
                if _owns(lambda_match.group(1)):
                    line = text.count("\n", 0, match.end() + lambda_match.start()) + 1
                    findings.append(Finding(path, line, "give this lambda a name before the co_await: g++ 12 mishandles its captures"))
    return findings


def _full_expression(text, start):
    """From `start` to the end of the statement, or of the block that a lambda opens."""
    depth = 0
    for index in range(start, len(text)):
        character = text[index]
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth < 0:
                return text[start:index]
        elif character == ";" and depth == 0:
            return text[start:index]
        if character == "{" and depth >= 1:
            return text[start : index + 1]
    return text[start:]


def _owns(captures):
    """True for `x`, `=`, `x = ...` and `*this`; references and `this` have nothing to destroy."""
    parts = [part.strip() for part in captures.split(",")]
    return any(part and part != "this" and not part.startswith("&") for part in parts)
