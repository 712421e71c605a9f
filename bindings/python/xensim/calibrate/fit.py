"""Maximum a posteriori values of constants: least squares on cells and on priors, within bounds.

    sum over cells ((simulated - published) / (1 % of published))^2
  + sum over constants ((ln value - ln prior) / s)^2        where [low, high] is prior +- 2 s

Simulated times are nearly linear in the constants, so a few steps of Gauss and Newton lead there. Derivatives
are differences over half of the range and more, so that whole cycles and chance do not matter; where such a step
leads nowhere, over less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy
from scipy.optimize import least_squares

from ..whatif import Parameter, Values

TOLERANCE = 0.01  # standard deviation of a published cell, relative
LINEAR_ENOUGH = 0.001  # of a cell: the step led to where the derivatives said
NEGLIGIBLE = 0.0005  # of a cell over the whole range: not the constant, but when timer interrupts come
STEPS = 8
SHORTEST = 0.25  # part of the way to a bound that differences are taken over

# Points of the space of constants and the cells wanted there -> their simulated values.
Evaluate = Callable[[Sequence[tuple[Values, Sequence[str]]]], list[Values]]


@dataclass
class Fit:
    parameters: list[Parameter]  # that any of the cells depends on
    cells: list[str]
    values: Values
    before: Values  # simulated
    after: Values
    derivatives: numpy.ndarray  # cell by parameter, at `values`
    steps: int
    degrees_of_freedom: float  # cells less what the fit spent on them

    @property
    def at_bound(self) -> list[str]:
        return [p.name for p in self.parameters if self.values[p.name] in (p.low, p.high)]

    def cells_of(self, parameter: Parameter) -> list[str]:
        """Cells that depend on it."""
        column = self.derivatives[:, self.parameters.index(parameter)]
        return [cell for cell, derivative in zip(self.cells, column, strict=True) if derivative != 0]


def fit(parameters: Sequence[Parameter], published: Mapping[str, float], evaluate: Evaluate) -> Fit:
    """`published`: cell -> value. Parameters that no cell depends on stay out of the result."""
    parameters = [p for p in parameters if p.low < p.high]
    cells = list(published)
    depends = {p.name: cells for p in parameters}
    values = {p.name: p.prior for p in parameters}
    before: Values | None = None
    after: Values = {}
    derivatives = numpy.zeros((len(cells), len(parameters)))
    steps = 0
    part = 1.0
    while steps < STEPS:
        after, derivatives = _linearise(parameters, cells, depends, values, evaluate, part)
        before = before or after
        depends = {p.name: [c for c, d in zip(cells, derivatives.T[i], strict=True) if d != 0]
                   for i, p in enumerate(parameters)}  # fmt: skip
        steps += 1
        moved = _solve(parameters, cells, published, values, after, derivatives)
        start, start_values = after, values
        values, after = _shortened(parameters, cells, published, values, after, moved, evaluate)
        if values == start_values:
            if moved == values or part <= SHORTEST:
                break
            part /= 2
            continue
        change = numpy.array([values[p.name] - start_values[p.name] for p in parameters])
        expected = dict(zip(cells, derivatives @ change, strict=True))
        if all(abs(after[c] - start[c] - expected[c]) < LINEAR_ENOUGH * published[c] for c in cells):
            break

    kept = [i for i, p in enumerate(parameters) if depends[p.name]]
    parameters = [parameters[i] for i in kept]
    derivatives = derivatives[:, kept]
    return Fit(
        parameters=parameters,
        cells=cells,
        values={p.name: values[p.name] for p in parameters},
        before=before or {},
        after=after,
        derivatives=derivatives,
        steps=steps,
        degrees_of_freedom=_degrees_of_freedom(parameters, cells, published, values, derivatives),
    )


def _linearise(
    parameters: Sequence[Parameter],
    cells: Sequence[str],
    depends: Mapping[str, Sequence[str]],
    values: Values,
    evaluate: Evaluate,
    part: float,
) -> tuple[Values, numpy.ndarray]:
    away = {p.name: p.away(values[p.name], part) for p in parameters}
    points = [(values, cells)]
    points += [(values | {p.name: away[p.name]}, depends[p.name]) for p in parameters]
    here, *there = evaluate(points)
    derivatives = numpy.zeros((len(cells), len(parameters)))
    for i, (p, result) in enumerate(zip(parameters, there, strict=True)):
        for cell, value in result.items():
            slope = (value - here[cell]) / (away[p.name] - values[p.name])
            if abs(slope) * (p.high - p.low) > NEGLIGIBLE * here[cell]:
                derivatives[cells.index(cell), i] = slope
    return here, derivatives


def _badness(
    parameters: Sequence[Parameter], published: Mapping[str, float], values: Values, simulated: Values
) -> float:
    """The sum that is to be least."""
    misses = [(simulated[c] / published[c] - 1) / TOLERANCE for c in published]
    moves = [math.log(values[p.name] / p.prior) / p.spread for p in parameters]
    return math.fsum(x * x for x in (*misses, *moves))


def _shortened(
    parameters: Sequence[Parameter],
    cells: Sequence[str],
    published: Mapping[str, float],
    values: Values,
    simulated: Values,
    moved: Values,
    evaluate: Evaluate,
) -> tuple[Values, Values]:
    """The step, or the half, quarter or eighth of it that first improves on its start, where it stays if none
    does: whole lines of caches are not as smooth as the derivatives say."""
    best = _badness(parameters, published, values, simulated)
    for part in (1.0, 0.5, 0.25, 0.125):
        tried = {
            p.name: p.rounded(values[p.name] ** (1 - part) * moved[p.name] ** part) for p in parameters
        }
        if tried == values:
            break
        (there,) = evaluate([(tried, cells)])
        if _badness(parameters, published, tried, there) < best:
            return tried, there
    return values, simulated


def _solve(
    parameters: Sequence[Parameter],
    cells: Sequence[str],
    published: Mapping[str, float],
    values: Values,
    simulated: Values,
    derivatives: numpy.ndarray,
) -> Values:
    """The best values if the simulation were linear."""
    base = numpy.array([values[p.name] for p in parameters])
    low, high = numpy.log([[p.low, p.high] for p in parameters]).T
    prior = numpy.log([p.prior for p in parameters])
    spread = numpy.array([p.spread for p in parameters])
    wanted = numpy.array([published[c] for c in cells])
    found = numpy.array([simulated[c] for c in cells])

    def residuals(x: numpy.ndarray) -> numpy.ndarray:
        misses = (found + derivatives @ (numpy.exp(x) - base) - wanted) / (TOLERANCE * wanted)
        return numpy.concatenate([misses, (x - prior) / spread])

    def jacobian(x: numpy.ndarray) -> numpy.ndarray:
        data = derivatives * numpy.exp(x) / (TOLERANCE * wanted)[:, None]
        return numpy.vstack([data, numpy.diag(1 / spread)])

    start = numpy.clip(numpy.log(base), low + 1e-9, high - 1e-9)
    answer = least_squares(residuals, start, jac=jacobian, bounds=(low, high), xtol=1e-12, ftol=1e-12,
                           gtol=1e-12, max_nfev=1000)  # fmt: skip
    return {p.name: p.rounded(math.exp(x)) for p, x in zip(parameters, answer.x, strict=True)}


def _degrees_of_freedom(
    parameters: Sequence[Parameter],
    cells: Sequence[str],
    published: Mapping[str, float],
    values: Values,
    derivatives: numpy.ndarray,
) -> float:
    """Cells less the trace of the matrix that turns published into fitted ones."""
    free = [i for i, p in enumerate(parameters) if p.low < values[p.name] < p.high]
    if not free:
        return float(len(cells))
    scale = numpy.array([values[parameters[i].name] * parameters[i].spread for i in free])
    data = derivatives[:, free] * scale / (TOLERANCE * numpy.array([published[c] for c in cells]))[:, None]
    square = data.T @ data
    return len(cells) - float(numpy.trace(numpy.linalg.solve(square + numpy.eye(len(free)), square)))
