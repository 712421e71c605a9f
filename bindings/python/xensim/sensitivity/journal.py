"""Finished runs, kept where an interruption does not reach them."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import _xensim


class Journal:
    """Results by key, one line each, written as soon as they are known. What a line that was cut short said is
    forgotten. Raises InputError if the file cannot be written or another process has it open."""

    def __init__(self, path: Path | None) -> None:
        self._known: dict[str, Any] = {}
        self._file = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(path, "a+", encoding="utf-8")  # noqa: SIM115
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _xensim.InputError(f"{path}: found {error.strerror}; expected a file of one's own") from error
        self._file.seek(0)
        whole = 0
        for line in iter(self._file.readline, ""):
            if not line.endswith("\n"):
                break
            whole += len(line.encode())
            try:
                self._known.update([json.loads(line)])
            except (ValueError, TypeError):
                continue
        self._file.truncate(whole)

    def get(self, key: str) -> Any:
        return self._known.get(key)

    def put(self, key: str, result: Any) -> None:
        self._known[key] = result
        if self._file:
            self._file.write(json.dumps([key, result]) + "\n")
            self._file.flush()

    def close(self) -> None:
        if self._file:
            self._file.close()


def identity() -> str:
    """Of the program and of what it knows of machines: results of others are of no use."""
    digest = hashlib.sha256(Path(_xensim.__file__).read_bytes())
    for folder in ("machines", "calibration"):
        for path in sorted((Path(_xensim.home_directory()) / "experiments" / folder).glob("*.json")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def key_of(identity: str, parts: Mapping[str, Any]) -> str:
    return hashlib.sha256((identity + json.dumps(parts, sort_keys=True)).encode()).hexdigest()[:32]
