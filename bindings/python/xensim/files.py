"""Files that appear as a whole."""

from __future__ import annotations

import os
from pathlib import Path

from ._xensim import InputError


def write_atomically(path: Path, text: str) -> None:
    """Either all of it appears, or what was there stays."""
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(f"{path}: found {error.strerror}; expected a file that can be written") from error
    finally:
        temporary.unlink(missing_ok=True)
