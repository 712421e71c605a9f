"""Runs clang-tidy over our sources, skipping those whose text has not changed since they were clean.

Tests and benchmarks are left to the compilers' warnings: linting them costs minutes, mostly in headers of
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
        if Path(command["file"]).is_relative_to(ROOT)
        and not Path(command["file"]).is_relative_to(build)
        and not Path(command["file"]).is_relative_to(ROOT / "tests")
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
    order = sorted(due, key=lambda source: -Path(source).stat().st_size)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = []
        for complaint in pool.map(check, order):
            if complaint:
                complaints.append(complaint)
                print(complaint, flush=True)
    print(f"lint: {len(commands)} files, {len(due)} of them changed, {len(complaints)} with findings")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
