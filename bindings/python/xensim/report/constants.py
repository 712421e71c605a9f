"""The calibration's constants, as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..whatif.constants import FITTED, entries_of


@dataclass(frozen=True)
class Constant:
    """A row."""

    section: str
    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    origin: str
    source: str
    cells: int  # that it was fitted to

    @property
    def position(self) -> float | None:
        """Where in its range the value lies, 0 to 1."""
        if self.low is None or self.high is None or self.high <= self.low:
            return None
        return min(1.0, max(0.0, (self.value - self.low) / (self.high - self.low)))

    @property
    def at_bound(self) -> bool:
        """It was fitted, and the fit would go on beyond its range."""
        return bool(self.cells) and self.position is not None and not 0.005 < self.position < 0.995


def constants_of(calibration: dict[str, Any]) -> list[Constant]:
    """The constants of all sections, in the file's order."""
    return [_constant(*name.rpartition(".")[::2], entry) for name, entry in entries_of(calibration)]


def _constant(section: str, name: str, entry: dict[str, Any]) -> Constant:
    low, high = entry.get("range") or (None, None)
    origin = entry.get("origin", "")
    cells = len(entry.get("cells", [])) if origin == FITTED else 0
    return Constant(
        section, name, entry["value"], entry.get("unit", ""), low, high, origin, entry.get("source", ""), cells
    )  # fmt: skip
