"""The calibration file, read and written so that a difference shows only what changed."""

from __future__ import annotations

import fnmatch
import json
import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import _xensim
from .._xensim import InputError

FITTED = "fitted"
DIGITS = 4

Values = dict[str, float]  # by name


def calibration_file(machine: str) -> Path:
    """Where the constants of a named machine are."""
    return Path(_xensim.home_directory()) / "experiments" / "calibration" / f"{machine}.json"


def entries_of(section: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The constants of a calibration and of all its sections, such as "kernel_paths.fault", in the file's order."""
    for key, member in section.items():
        if not isinstance(member, dict):
            continue
        if "value" in member:
            yield prefix + key, member
        else:
            yield from entries_of(member, f"{prefix}{key}.")


@dataclass(frozen=True)
class Parameter:
    """A constant that is varied."""

    name: str
    prior: float
    low: float
    high: float
    whole: bool = False

    @property
    def spread(self) -> float:
        """Standard deviation of its logarithm before anything is fitted: the range is four of them."""
        return math.log(self.high / self.low) / 4

    def rounded(self, value: float) -> float:
        """What is written: four digits, the same on any machine, and within the range."""
        number = float(f"{value:.{DIGITS}g}")
        if self.whole:
            number = float(round(number))
        return min(max(number, self.low), self.high)

    def at(self, level: float) -> float:
        """The value between the ends of the range, 0 and 1, by its logarithm."""
        ends = {0.0: self.low, 1.0: self.high}
        return ends.get(level) or self.rounded(self.low ** (1 - level) * self.high**level)

    def far_bound(self, value: float) -> float:
        """The end of the range that is farther from `value`, by the logarithm."""
        return self.high if value * value < self.low * self.high else self.low

    def away(self, value: float, part: float) -> float:
        """Part of the way to the farther bound, or all of it if the part comes to nothing."""
        bound = self.far_bound(value)
        there = self.rounded(value ** (1 - part) * bound**part)
        return bound if there == value else there


class Constants:
    """Constants by name, such as "kernel_paths.fault". Those that were fitted keep what they were before,
    their prior, beside the fitted value."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.document = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: found {error}; expected a calibration file") from error
        self._entries = dict(entries_of(self.document))

    def matching(self, patterns: Iterable[str], excluded: Iterable[str] = ()) -> list[str]:
        """Names that match, in the file's order."""
        out = set(excluded)
        patterns = list(patterns)
        return [
            name
            for name in self._entries
            if name not in out and any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        ]

    def names(self) -> list[str]:
        """In the file's order."""
        return list(self._entries)

    def parameter(self, name: str) -> Parameter:
        """To be varied. Raises InputError if its prior is outside its range."""
        entry = self._entries[name]
        low, high = entry["range"]
        value = entry.get("prior", entry)["value"]
        # Prices in cycles are charged in whole ones, and there are no parts of a line.
        whole = entry["unit"] in ("cycles", "lines")
        parameter = Parameter(name, float(value), float(low), float(high), whole)
        if not 0 < low <= value <= high:
            raise InputError(
                f"{self.path}: {name}: found {value}; expected a value in its range [{low}, {high}]"
            )
        return parameter

    def value(self, name: str) -> float:
        """As the file has it, fitted or not."""
        return self._entries[name]["value"]

    def varies(self, name: str) -> bool:
        """Its range is more than one value."""
        low, high = self._entries[name]["range"]
        return low < high

    def unit(self, name: str) -> str:
        return self._entries[name]["unit"]

    def fitted(self) -> list[str]:
        """Names of those that have a prior, in the file's order."""
        return [name for name, entry in self._entries.items() if "prior" in entry]

    def cells(self) -> set[str]:
        """Published cells that any constant rests on."""
        return {cell for entry in self._entries.values() for cell in entry.get("cells", [])}

    def restore(self, patterns: Iterable[str] = ("*",), excluded: Iterable[str] = ()) -> None:
        """Those that match go back to their priors."""
        fitted = set(self.fitted())
        for name in self.matching(patterns, excluded):
            if name not in fitted:
                continue
            entry = self._entries[name]
            entry.pop("cells", None)
            entry.update(entry.pop("prior"))

    def set_fitted(self, name: str, value: float, cells: Iterable[str]) -> None:
        """Gives a constant, which must not be fitted already, the value that `cells` led to; what it was becomes its
        prior."""
        entry = self._entries[name]
        prior = {key: entry.pop(key) for key in ("value", "origin", "cells") if key in entry}
        rest = dict(entry)
        entry.clear()
        number = int(value) if float(value).is_integer() else value
        entry |= {"value": number, "unit": rest.pop("unit"), "range": rest.pop("range"), "origin": FITTED}
        entry.update(rest)
        entry.update({"cells": list(cells), "prior": prior})

    def text(self) -> str:
        """The file's contents."""
        return json.dumps(self.document, indent=1, ensure_ascii=False) + "\n"
