"""The points at which cells are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .factors import Factor
from .morris import Trajectory

# Of each factor the level in its range, 0 to 1, or None: as the calibration file has it.
Point = tuple[float | None, ...]
ENDS = {"low": 0.0, "high": 1.0}


@dataclass(frozen=True)
class Plan:
    """Points in order: the base, then both ends of each factor, then the trajectories."""

    factors: list[Factor]
    design: list[Trajectory]

    @property
    def points(self) -> list[Point]:
        return [point for _, _, _, point in self.rows()]

    def rows(self) -> list[tuple[str, int | None, str, Point]]:
        """Kind, trajectory, the factor that was moved to come here, and the point."""
        base: Point = (None,) * len(self.factors)
        rows: list[tuple[str, int | None, str, Point]] = [("base", None, "", base)]
        for i, factor in enumerate(self.factors):
            for end, level in ENDS.items():
                rows.append((end, None, factor.name, (*base[:i], level, *base[i + 1 :])))
        for number, trajectory in enumerate(self.design):
            moved = ["", *(self.factors[i].name for i in trajectory.moved)]
            rows += [("trajectory", number, *its) for its in zip(moved, trajectory.points, strict=True)]
        return rows

    def end(self, factor: int, end: str) -> int:
        """Index of the point with this factor alone at an end."""
        return 1 + len(ENDS) * factor + list(ENDS).index(end)

    def along(self, values: Sequence[float]) -> list[Sequence[float]]:
        """What trajectories pass, of the values at all points."""
        start, length = 1 + len(ENDS) * len(self.factors), len(self.factors) + 1
        return [values[i : i + length] for i in range(start, len(values), length)]
