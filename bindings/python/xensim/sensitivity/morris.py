"""Elementary effects: which of many factors matter, and whether by themselves.

Trajectories through a grid of levels in the unit cube, each of which moves every factor once, by
delta = levels / (2 (levels - 1)) up or down: M. D. Morris, Factorial sampling plans for preliminary computational
experiments, Technometrics 33 (1991) 161-174. The mean of absolute effects, mu*: F. Campolongo, J. Cariboni,
A. Saltelli, An effective screening design for sensitivity analysis of large models, Environmental Modelling & Software
22 (2007) 1509-1518.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from .._xensim import InputError, RandomStream


@dataclass(frozen=True)
class Trajectory:
    points: list[tuple[float, ...]]  # one more than there are factors; levels are 0 to 1
    moved: list[int]  # by each step: a factor


@dataclass(frozen=True)
class Effects:
    """Of one factor, each the change of the output, divided by that of the factor in units of its whole range."""

    mu: float  # mean
    mu_star: float  # mean of absolute values: how much the factor matters
    sigma: float  # standard deviation: how far its effect depends on other factors or on its own level; NaN of one
    count: int


def design(factors: int, count: int, levels: int, seed: int) -> list[Trajectory]:
    """The same for the same arguments, and the first of more are those of fewer. `levels` is even, 2 or more. Raises
    InputError."""
    if levels < 2 or levels % 2:
        raise InputError(f"found {levels} levels; expected an even number, such as 4")
    return [_trajectory(factors, levels, RandomStream(seed, f"trajectory{i}")) for i in range(count)]


def _trajectory(factors: int, levels: int, random: RandomStream) -> Trajectory:
    at = [random.below(levels) for _ in range(factors)]
    order = list(range(factors))
    for i in reversed(range(1, factors)):
        j = random.below(i + 1)
        order[i], order[j] = order[j], order[i]
    points = [at]
    for factor in order:
        # From each level one of the two ways stays on the grid.
        step = levels // 2 if at[factor] < levels // 2 else -(levels // 2)
        at = [*at[:factor], at[factor] + step, *at[factor + 1 :]]
        points.append(at)
    return Trajectory([tuple(i / (levels - 1) for i in point) for point in points], order)


def effects(trajectories: Sequence[Trajectory], outputs: Sequence[Sequence[float]]) -> list[Effects]:
    """By factor. `outputs`: of each trajectory, the value at each of its points; steps from or to a NaN do not
    count."""
    found: list[list[float]] = [[] for _ in trajectories[0].moved]
    for trajectory, values in zip(trajectories, outputs, strict=True):
        for i, factor in enumerate(trajectory.moved):
            change = trajectory.points[i + 1][factor] - trajectory.points[i][factor]
            effect = (values[i + 1] - values[i]) / change
            if effect == effect:
                found[factor].append(effect)
    return [_statistics(values) for values in found]


def _statistics(values: Sequence[float]) -> Effects:
    if not values:
        return Effects(float("nan"), float("nan"), float("nan"), 0)
    sigma = stdev(values) if len(values) > 1 else float("nan")
    return Effects(fmean(values), fmean(map(abs, values)), sigma, len(values))
