"""What came of it, as data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy
import pandas

from ..whatif import Constants, Values
from .conclusions import Conclusion
from .morris import effects
from .plan import ENDS, Plan
from .simulator import Simulator


@dataclass(frozen=True)
class Sensitivity:
    """Data frames, one row for each cell and factor unless they say otherwise.

    `cells`: `cell`, `unit`, `base` (with the file's constants). `factors`, a row for each constant: `factor`,
    `constant`, `unit`, `low`, `base`, `high`, and whether any run looks at the factor (`read`).
    `one_at_a_time`: `end` (low or high), `simulated` and `change` from the base, in the cell's unit and in percent.
    `morris`: `mu`, `mu_star` and `sigma`, changes of the cell over the factor's whole range, in the cell's unit and in
    percent of its base, and the number of `effects` they come from. `conclusions`, a row for each: by how much it holds
    (`base`, and `least` and `greatest` of all `points`, at `held` of which it holds), in percent. `margins`: mu, mu*
    and sigma of these margins, in percentage points. `flips`: of each conclusion, the factors that turn it, alone at an
    `end`, or in how many `trajectories`. `points`, a row for each: its kind, the factor that was moved, and the level
    of every factor. `values`: each cell at each point.
    """

    cells: pandas.DataFrame
    factors: pandas.DataFrame
    one_at_a_time: pandas.DataFrame
    morris: pandas.DataFrame
    conclusions: pandas.DataFrame
    margins: pandas.DataFrame
    flips: pandas.DataFrame
    points: pandas.DataFrame
    values: pandas.DataFrame
    failures: Mapping[str, int]  # runs that came to no end, by the reason


def tables(
    plan: Plan, values: Sequence[Values], constants: Constants, units: Mapping[str, str],
    conclusions: Sequence[Conclusion], simulator: Simulator,
) -> Sensitivity:  # fmt: skip
    """`values`: of the cells, at each point of the plan."""
    base = values[0]
    names = [factor.name for factor in plan.factors]
    outputs = {cell: [its[cell] for its in values] for cell in base}
    margins = {its.title: [100 * its.margin(here) for here in values] for its in conclusions}
    rows = plan.rows()
    return Sensitivity(
        cells=pandas.DataFrame(
            [(cell, units[cell], value) for cell, value in base.items()], columns=["cell", "unit", "base"]
        ),
        factors=pandas.DataFrame(
            [
                (factor.name, p.name, constants.unit(p.name), p.low, constants.value(p.name), p.high,
                 simulator.reads(factor.name))
                for factor in plan.factors for p in factor.parameters
            ],
            columns=["factor", "constant", "unit", "low", "base", "high", "read"],
        ),
        one_at_a_time=_one_at_a_time(plan, outputs),
        morris=_in_percent(_morris(plan, outputs, "cell"), base),
        conclusions=pandas.DataFrame(
            [(its.title, its.statement, *_held(margins[its.title])) for its in conclusions],
            columns=["conclusion", "statement", "base", "points", "held", "least", "greatest"],
        ),
        margins=_morris(plan, margins, "conclusion"),
        flips=_flips(plan, margins),
        points=pandas.DataFrame(
            [(i, kind, trajectory, moved, *at) for i, (kind, trajectory, moved, at) in enumerate(rows)],
            columns=["point", "kind", "trajectory", "moved", *names],
        ).astype({"trajectory": "Int64", **dict.fromkeys(names, float)}),
        values=pandas.DataFrame(
            [(i, cell, value) for i, its in enumerate(values) for cell, value in its.items()],
            columns=["point", "cell", "value"],
        ),
        failures=dict(simulator.failures),
    )  # fmt: skip


def _one_at_a_time(plan: Plan, outputs: Mapping[str, Sequence[float]]) -> pandas.DataFrame:
    rows = []
    for cell, values in outputs.items():
        for i, factor in enumerate(plan.factors):
            for end in ENDS:
                value = values[plan.end(i, end)]
                rows.append((cell, factor.name, end, value, value - values[0], _percent(value - values[0], values[0])))
    return pandas.DataFrame(rows, columns=["cell", "factor", "end", "simulated", "change", "change_pct"])


def _morris(plan: Plan, outputs: Mapping[str, Sequence[float]], kind: str) -> pandas.DataFrame:
    rows = []
    for name, values in outputs.items():
        found = effects(plan.design, plan.along(values)) if plan.design else []
        for factor, its in zip(plan.factors, found, strict=False):
            rows.append((name, factor.name, its.mu, its.mu_star, its.sigma, its.count))
    return pandas.DataFrame(rows, columns=[kind, "factor", "mu", "mu_star", "sigma", "effects"])


def _in_percent(table: pandas.DataFrame, base: Values) -> pandas.DataFrame:
    of = table["cell"].map(base).astype(float).abs()
    return table.assign(**{f"{column}_pct": 100 * table[column] / of for column in ("mu", "mu_star", "sigma")})


def _percent(change: float, base: float) -> float:
    return 100 * change / abs(base) if base else float("nan")


def _held(margins: Sequence[float]) -> tuple[float, int, int, float, float]:
    known = numpy.array([margin for margin in margins if margin == margin])
    return margins[0], len(known), int((known > 0).sum()), known.min(initial=numpy.inf), known.max(initial=-numpy.inf)


def _flips(plan: Plan, margins: Mapping[str, Sequence[float]]) -> pandas.DataFrame:
    rows = []
    for title, values in margins.items():
        for i, factor in enumerate(plan.factors):
            turned = [_turns(values[0], values[plan.end(i, end)]) for end in ENDS]
            count = 0
            for trajectory, along in zip(plan.design, plan.along(values), strict=True):
                step = trajectory.moved.index(i)
                count += _turns(along[step], along[step + 1])
            if any(turned) or count:
                rows.append((title, factor.name, *turned, count))
    return pandas.DataFrame(rows, columns=["conclusion", "factor", *ENDS, "trajectories"])


def _turns(before: float, after: float) -> bool:
    known = before == before and after == after
    return known and (before > 0) != (after > 0)
