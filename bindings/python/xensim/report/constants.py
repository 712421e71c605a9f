"""The calibration's constants, as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Constant:
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
        return bool(self.cells) and self.position is not None and not 0.005 < self.position < 0.995


def constants_of(calibration: dict[str, Any]) -> list[Constant]:
    """Entries that have a value, of all sections, in the file's order."""
    rows: list[Constant] = []
    for section, entries in calibration.items():
        if not isinstance(entries, dict):
            continue
        for name, entry in entries.items():
            if not isinstance(entry, dict) or not isinstance(entry.get("value"), int | float):
                continue
            low, high = entry.get("range") or (None, None)
            fitted = len(entry.get("cells", [])) if entry.get("origin") == "fitted" else 0
            rows.append(
                Constant(
                    section, name, entry["value"], entry.get("unit", ""), low, high, entry.get("origin", ""),
                    entry.get("source", ""), fitted,
                )
            )  # fmt: skip
    return rows
