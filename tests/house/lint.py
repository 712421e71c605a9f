"""Runs clang-tidy over our sources, skipping those whose text has not changed since they were clean.

Sources are looked at in the groups that they are compiled in: parsing the headers, which a group shares, is most
of the time. Tests and benchmarks are left to the compilers' warnings: linting them costs minutes, mostly in headers of
libraries.

Usage: lint.py BUILD_DIRECTORY (one that holds compile_commands.json)
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from house import ROOT

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def closure(source: Path) -> list[Path]:
    """The file and every header of ours that it includes, directly or not."""
    seen: dict[Path, None] = {}
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        seen[path] = None
        waiting += [ROOT / target for target in INCLUDE.findall(path.read_text())]
    return sorted(seen)


def members(source: Path, build: Path) -> list[Path]:
    """The sources of ours that are compiled with `source`: those of a group, or itself, but no tests. What a
    build generates is not ours."""
    if not source.exists():
        return []
    group = [Path(name) for name in INCLUDE.findall(source.read_text())] if source.is_relative_to(build) else [source]
    return [path for path in group if path.is_relative_to(ROOT) and not path.is_relative_to(ROOT / "tests")]


def fingerprint(command: dict, common: bytes) -> str:
    digest = hashlib.sha256(common)
    digest.update(command["command"].encode())
    for path in closure(Path(command["file"])):
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def lint(build: Path, source: str) -> str | None:
    """What clang-tidy has to say, or None."""
    # GCC's own warning options mean nothing to Clang.
    run = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(build), "--extra-arg=-Wno-unknown-warning-option", source],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return None if run.returncode == 0 else run.stdout


def main(build: Path) -> int:
    commands = [
        command
        for command in json.loads((build / "compile_commands.json").read_text())
        if members(Path(command["file"]), build)
    ]
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    clean = ROOT / "build" / "lint" / "clean"
    clean.mkdir(parents=True, exist_ok=True)
    due = {}
    for command in commands:
        mark = clean / fingerprint(command, common)
        if not mark.exists():
            due[command["file"]] = mark

    def check(source: str) -> str | None:
        complaint = lint(build, source)
        if complaint is None:
            due[source].touch()
        return complaint

    # The longest first, so that both processors finish together.
    order = sorted(due, key=lambda source: -sum(path.stat().st_size for path in members(Path(source), build)))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = []
        for complaint in pool.map(check, order):
            if complaint:
                complaints.append(complaint)
                print(complaint, flush=True)
    files = sum(len(members(Path(command["file"]), build)) for command in commands)
    print(f"lint: {files} files, {len(due)} of {len(commands)} groups changed, {len(complaints)} with findings")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
