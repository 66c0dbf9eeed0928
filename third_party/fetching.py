"""The part of third_party/fetch that downloads, verifies and unpacks. A package appears in the cache whole or not at all."""

import concurrent.futures
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent


def fetch_all(packages, cache, error_type):
    """Fetches `packages` side by side. Raises error_type with one sentence for the first that fails."""
    (cache / "files").mkdir(parents=True, exist_ok=True)
    (cache / "unpacked").mkdir(exist_ok=True)
    with open(cache / ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another checkout may be fetching into the same cache
        packages = [package for package in packages if not package.ready()]
        if not packages:
            return
        with tempfile.TemporaryDirectory(dir=cache, prefix="tmp-") as work:
            with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
                jobs = {pool.submit(_fetch, package, Path(work), error_type): package for package in packages}
                _watch(jobs, Path(work))


def _watch(jobs, work):
    """Prints a line per finished package, and on a terminal the megabytes so far; raises what a job raised."""
    started, done = time.monotonic(), 0
    names = ", ".join(f"{package.name} {package.version}" for package in jobs.values())
    print(f"fetching {names}", file=sys.stderr)
    pending = set(jobs)
    while pending:
        finished, pending = concurrent.futures.wait(pending, timeout=1, return_when=concurrent.futures.FIRST_COMPLETED)
        for job in finished:
            if job.exception():
                for other in pending:
                    other.cancel()
                raise job.exception()
            done += 1
            package = jobs[job]
            print(f"[{done}/{len(jobs)}] {package.name} {package.version}, {time.monotonic() - started:.0f} s", file=sys.stderr)
        if pending and not finished and sys.stderr.isatty():
            size = 0
            for path in work.rglob("*"):
                try:
                    size += path.stat().st_size
                except OSError:
                    pass  # moved on in the meantime
            print(f"\r      {size / 1e6:.0f} MB, {time.monotonic() - started:.0f} s \r", end="", file=sys.stderr, flush=True)


def _fetch(package, work, error_type):
    work = Path(tempfile.mkdtemp(dir=work))
    if not (package.file.exists() and _sha256(package.file) == package.sha256):
        file = _from_pypi(package, work, error_type)
        actual = _sha256(file)
        if actual != package.sha256:
            raise error_type(_mismatch(package, actual))
        os.replace(file, package.file)
    fresh = work / "unpacked"
    fresh.mkdir()
    _unpack(package.file, fresh)
    (fresh / ".sha256").write_text(package.sha256)
    if package.folder.exists():
        os.rename(package.folder, work / "old")
    os.rename(fresh, package.folder)


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _mismatch(package, actual):
    return (
        f"The file {package.filename} from the {package.registry} registry has SHA-256 {actual}, but third_party/packages.txt "
        f"pins {package.sha256}; it was not used."
    )


def _run(package, command, environment, error_type):
    try:
        result = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError:
        raise error_type(f"{package.name} comes with the command {command[0]}, which is not installed.") from None
    if result.returncode != 0:
        output = result.stdout + result.stderr
        got = re.search(r"Got\s+([0-9a-f]{64})", output)
        if got:
            raise error_type(_mismatch(package, got.group(1)))
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        reason = next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "no output")
        raise error_type(f"{package.name} {package.version} could not be fetched with {command[0]}: {reason}")


def _from_pypi(package, work, error_type):
    """pip checks the hash before it looks into the file, and its own choice among a version's files follows the hash."""
    requirement = work / "requirement.txt"
    requirement.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--no-cache-dir", "--require-hashes", "-r", str(requirement), "-d", str(work / "got")]
    environment = dict(os.environ, TMPDIR=str(work))
    if package.filename.endswith(".whl"):
        command += ["--only-binary", ":all:", *_wheel_tags(package.filename)]
    else:
        command += ["--no-binary", ":all:", "--no-build-isolation", "--use-pep517"]
        environment.update(
            PYTHONPATH=str(HERE / "null_backend"), STARLING_SDIST_NAME=package.name, STARLING_SDIST_VERSION=package.version
        )
    _run(package, command, environment, error_type)
    return work / "got" / package.filename


def _wheel_tags(filename):
    """pip's flags for a wheel that may be meant for another Python than the one which runs now: only its files are wanted."""
    python, abi, platforms = filename.removesuffix(".whl").split("-")[-3:]
    flags = []
    if platforms != "any":
        for platform in platforms.split("."):
            flags += ["--platform", platform]
    if python.startswith("cp"):
        flags += ["--implementation", "cp", "--abi", abi, "--python-version", python[2:]]
    return flags


def _unpack(archive, folder):
    if archive.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(archive) as file:
            file.extractall(folder)
        return
    with tarfile.open(archive) as file:
        members = []
        for member in file.getmembers():
            top, _, rest = member.name.partition("/")  # archives of source hold one folder; its name adds nothing
            member.name = rest
            if rest and (member.isfile() or member.isdir()) and ".." not in Path(rest).parts:
                members.append(member)
        file.extractall(folder, members=members)
    shutil.rmtree(folder / ".git", ignore_errors=True)
