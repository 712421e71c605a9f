"""How much a workload of Figure 3 computes, and how long the protocols' paths are, from native Linux's bars
and from one of its bandwidths: one constant for each.

What a program computes between its system calls is not known from the paper. It is what a native bar leaves
when all that is modelled has had its time, and enters Xen's bar unchanged. Each bar depends on its own
constant and almost linearly on its logarithm, so a few steps of the secant method lead there. A web server's
also depends on the protocols, which come first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..whatif import Constants, Parameter, Values

if TYPE_CHECKING:
    from .calibration import Model

PACKETS = {"table6/Linux/mtu500_tx": "guest.protocol_length"}
BARS = {
    "figure3/L/linux_build": "workload_intensities.build_compile",
    "figure3/L/OSDB-IR": "workload_intensities.osdb_ir_user",
    "figure3/L/OSDB-OLTP": "workload_intensities.osdb_oltp_user",
    "figure3/L/dbench": "workload_intensities.dbench_line",
    "figure3/L/SPEC_WEB99": "workload_intensities.web_user",
}
CLOSE = 0.002  # of a bar
STEPS = 6
FIRST_STEP = 1.1  # to learn how the bar answers


@dataclass
class Search:
    """The way to one bar: points tried, as (ln constant, ln bar)."""

    parameter: Parameter
    target: float
    tried: list[tuple[float, float]]

    def next(self) -> float:
        x, y = self.tried[-1]
        if len(self.tried) == 1:
            up = x + math.log(FIRST_STEP)
            return self._within(up if up <= math.log(self.parameter.high) else x - math.log(FIRST_STEP))
        before_x, before_y = self.tried[-2]
        if before_y == y or before_x == x:
            return x
        return self._within(x + (math.log(self.target) - y) * (x - before_x) / (y - before_y))

    def over(self) -> bool:
        """Found, or it would be tried again what was tried, as at the end of a range."""
        found = abs(math.exp(self.tried[-1][1]) / self.target - 1) < CLOSE
        return found or self.next() in [x for x, _ in self.tried]

    def best(self) -> tuple[float, float]:
        """The constant whose bar came nearest, and that bar."""
        x, y = min(self.tried, key=lambda point: abs(point[1] - math.log(self.target)))
        return self.parameter.rounded(math.exp(x)), math.exp(y)

    def _within(self, x: float) -> float:
        return math.log(self.parameter.rounded(math.exp(x)))


def fit_intensities(
    constants: Constants,
    published: Values,
    model: Model,
    bars: Mapping[str, str] = BARS,
    base: Mapping[str, float] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Values:
    """Puts what was found into `constants`, with those of `base` as they are there; the bars that come of it."""
    constants.restore(bars.values())
    searches = {cell: Search(constants.parameter(name), published[cell], []) for cell, name in bars.items()}
    wanted = {cell: search.parameter.prior for cell, search in searches.items()}
    for _ in range(STEPS):
        points = [
            ({**(base or {}), searches[cell].parameter.name: value}, [cell]) for cell, value in wanted.items()
        ]
        for cell, result in zip(wanted, model.evaluate(points, "workloads"), strict=True):
            searches[cell].tried.append((math.log(wanted[cell]), math.log(result[cell])))
        wanted = {
            cell: search.parameter.rounded(math.exp(search.next()))
            for cell, search in searches.items()
            if not search.over()
        }
        if not wanted:
            break
    bars_found = {}
    for cell, search in searches.items():
        value, bars_found[cell] = search.best()
        constants.set_fitted(search.parameter.name, value, [cell])
        say(f"{cell}: {search.parameter.name} = {value:g}, {bars_found[cell]:.4g} instead of {search.target:g}")
    return bars_found
