"""Files too long, service folders that lack something, files that no build lists, and the map in README.md."""

import fnmatch
import re

from structure.tree import Finding

_CODE = (".h", ".cc", ".c", ".py", ".proto", ".cmake", ".sh", ".go", ".js", ".md", "CMakeLists.txt", "Makefile")
_SERVICES = "src/app/services.def"


def check_length(tree, rules):
    findings = []
    for path in tree.files:
        if path.endswith(_CODE) or "." not in path.rsplit("/", 1)[-1] and path.startswith("tools/"):
            length = len(tree.lines(path))
            if length > rules["max_lines"]:
                findings.append(Finding(path, length, f"{length} lines; at most {rules['max_lines']}, one idea per file"))
    return findings


def _listed_services(tree):
    for number, line in enumerate(tree.lines(_SERVICES) if _SERVICES in tree.files else [], 1):
        entry = re.match(r"STARLING_SERVICE\((\w+)\)", line)
        if entry:
            yield number, entry.group(1)


def check_services(tree, rules):
    listed = {name: number for number, name in _listed_services(tree)}
    folders = tree.folders("src/services")
    findings = [Finding(_SERVICES, listed[name], f"there is no folder src/services/{name}") for name in listed if name not in folders]
    for name in folders:
        folder = f"src/services/{name}"
        if name not in listed:
            findings.append(Finding(folder, 1, f"{_SERVICES} has no line for this service, so no program has it"))
        inside = [path[len(folder) + 1:] for path in tree.files if path.startswith(folder + "/")]
        service = "\n".join(tree.lines(f"{folder}/service.cc")) if f"{folder}/service.cc" in tree.files else ""
        implemented = [] if ".create = nullptr" in service else rules["service"]["implemented"]
        for required in rules["service"]["files"] + rules["service"]["patterns"] + implemented:
            if not any(fnmatch.fnmatch(path, required) for path in inside):
                findings.append(Finding(folder, 1, f"a service folder needs {required}"))
    return findings


def check_build_lists(tree, rules):
    """A source file that no CMakeLists.txt names is neither compiled nor tested."""
    findings = []
    for path in tree.cpp("src/", "tools/"):
        if not path.endswith(".cc"):
            continue
        folder, name = path.rsplit("/", 1)
        words, here = set(), folder
        while here:
            if f"{here}/CMakeLists.txt" in tree.files:
                text = "\n".join(tree.lines(f"{here}/CMakeLists.txt"))
                words = set(re.findall(r"[^\s()\"]+", text))
                break
            here = here.rpartition("/")[0]
        if path[len(here) + 1:] not in words and name not in words:
            findings.append(Finding(path, 1, "no CMakeLists.txt names this file"))
    return findings


def check_map(tree, rules):
    """The section of README.md whose heading says 'map' has one line per folder, starting with its path in backquotes."""
    if "README.md" not in tree.files:
        return [Finding("README.md", 1, "there is no README.md")]
    listed, in_map = {}, False
    for number, line in enumerate(tree.lines("README.md"), 1):
        if line.startswith("#"):
            in_map = "map" in line.lower().split()
        entry = re.match(r"[|*\-\s]*\[?`([\w./<>-]+/)`", line) if in_map else None
        if entry:
            listed[entry.group(1).rstrip("/")] = number
    findings = []
    for folder, number in listed.items():
        pattern = re.sub(r"<\w+>", "*", folder)
        if not any(fnmatch.fnmatch(path, pattern + "/*") for path in tree.files):
            findings.append(Finding("README.md", number, f"the map names {folder}/, which does not exist"))
    wanted = [name for name in tree.folders("") if not name.startswith(".")] + [f"src/{name}" for name in tree.folders("src")]
    for folder in wanted:
        if not any(entry == folder or re.sub(r"/<\w+>$", "", entry) == folder for entry in listed):
            findings.append(Finding("README.md", 1, f"the map lacks {folder}/"))
    return findings
