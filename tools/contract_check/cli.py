"""The command: compares, prints, publishes."""

import re
import sys

from contract_check.compare import Comparison
from contract_check.contracts import Compiler, ContractError, published, published_text


def main(arguments):
    root = arguments.root
    try:
        return _run(root, arguments.publish, arguments.allow_breaking)
    except ContractError as error:
        print(error, file=sys.stderr)
        return 1


def _run(root, publish, allow_breaking):
    compiler = Compiler(root / "api")
    folder = root / "api/published"
    kept = {str(path.relative_to(folder).with_suffix(".proto")): path for path in sorted(folder.rglob("*.txtpb"))}
    before = {name: compiler.read(path.read_text(encoding="utf-8"), path.relative_to(root)) for name, path in kept.items()}
    findings = Comparison(before.values(), compiler.files.values(), compiler.option).findings
    for finding in findings:
        print(f"api/{finding.file}:{finding.line}:{finding.column}: {finding.sentence}")

    current = compiler.files
    # By what they say: another release of protobuf writes the same thing in other words.
    changed = [name for name, file in current.items() if published(file) != before.get(name)]
    print(f"contracts: {len(current)} files, {len(findings)} breaches, {len(changed)} with something that is not published yet")
    if not publish:
        return 1 if findings else 0
    if findings and not allow_breaking:
        print("Nothing was published: a published contract may grow and not break. Keep what was, add beside it, or begin a v2.", file=sys.stderr)
        return 1
    if findings and _major_version(root) > 0:
        print("Nothing was published: from version 1.0 on a contract that breaks is a new one, in a folder v2.", file=sys.stderr)
        return 1
    for name in changed:
        path = (folder / name).with_suffix(".txtpb")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(published_text(current[name]), encoding="utf-8")
        print(f"published {path.relative_to(root)}")
    for name in kept.keys() - current.keys():
        kept[name].unlink()
        print(f"removed {kept[name].relative_to(root)}")
    return 0


def _major_version(root):
    match = re.search(r"project\(\w+ VERSION (\d+)\.", (root / "CMakeLists.txt").read_text(encoding="utf-8"))
    return int(match.group(1)) if match else 0
