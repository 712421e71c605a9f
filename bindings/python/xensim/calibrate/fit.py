"""Maximum a posteriori values of constants: least squares on cells and on priors, within bounds.

    sum over cells ((simulated - published) / (1 % of published))^2
  + sum over constants ((ln value - ln prior) / s)^2        where [low, high] is prior +- 2 s

Simulated times are nearly linear in the constants, so a few steps of Gauss and Newton lead there. Derivatives
are differences over half of the range and more, so that whole cycles and chance do not matter. Where such a step
leads nowhere, because a few cells jump with any constant, constants move one by one, and then differences are taken
over less.
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
STEPS = 12
WORTHWHILE = 0.1  # of the sum: what a constant that moves alone must promise
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
    search = _Search(parameters, published, evaluate)
    while search.steps < STEPS and search.step():
        pass
    return search.result()


class _Search:
    """Begins at the priors. `simulated` and `derivatives` (cell by parameter) are those at `values`."""

    def __init__(
        self, parameters: Sequence[Parameter], published: Mapping[str, float], evaluate: Evaluate
    ) -> None:
        self.parameters = [p for p in parameters if p.low < p.high]
        self.published = published
        self.cells = list(published)
        self.evaluate = evaluate
        self.values = {p.name: p.prior for p in self.parameters}
        self.wanted = numpy.array(list(published.values()))
        self.prior = self._array(self.values)
        self.spread = numpy.array([p.spread for p in self.parameters])
        self.before: Values = {}  # simulated with the priors
        self.simulated: Values = {}
        self.derivatives = numpy.zeros((len(self.cells), len(self.parameters)))
        self.depends = {p.name: self.cells for p in self.parameters}  # on it: those, as far as is known
        self.part = 1.0  # of the way to a bound that differences are taken over
        self.steps = 0

    def step(self) -> bool:
        """False: another would lead nowhere."""
        self._linearise()
        self.steps += 1
        goal = self._solution()
        values, simulated = self._shortened(goal)
        if values == self.values:
            values, simulated = self._one_by_one()
        if values == self.values:
            if goal == values or self.part <= SHORTEST:
                return False
            self.part /= 2
            return True
        change = numpy.array([values[p.name] - self.values[p.name] for p in self.parameters])
        expected = dict(zip(self.cells, self.derivatives @ change, strict=True))
        linear = all(
            abs(simulated[c] - self.simulated[c] - expected[c]) < LINEAR_ENOUGH * self.published[c] for c in self.cells
        )
        self.values, self.simulated = values, simulated
        return values != goal or not linear

    def result(self) -> Fit:
        kept = [i for i, p in enumerate(self.parameters) if self.depends[p.name]]
        self.parameters = [self.parameters[i] for i in kept]
        self.derivatives = self.derivatives[:, kept]
        return Fit(
            parameters=self.parameters,
            cells=self.cells,
            values={p.name: self.values[p.name] for p in self.parameters},
            before=self.before,
            after=self.simulated,
            derivatives=self.derivatives,
            steps=self.steps,
            degrees_of_freedom=self._degrees_of_freedom(),
        )

    def _linearise(self) -> None:
        away = {p.name: p.away(self.values[p.name], self.part) for p in self.parameters}
        points = [(self.values, self.cells)]
        points += [(self.values | {name: value}, self.depends[name]) for name, value in away.items()]
        here, *there = self.evaluate(points)
        self.derivatives = numpy.zeros((len(self.cells), len(self.parameters)))
        for i, (p, result) in enumerate(zip(self.parameters, there, strict=True)):
            for cell, value in result.items():
                slope = (value - here[cell]) / (away[p.name] - self.values[p.name])
                if abs(slope) * (p.high - p.low) > NEGLIGIBLE * here[cell]:
                    self.derivatives[self.cells.index(cell), i] = slope
            self.depends[p.name] = [c for c, d in zip(self.cells, self.derivatives.T[i], strict=True) if d != 0]
        self.simulated = here
        self.before = self.before or here

    def _badness(self, values: Values, simulated: Values) -> float:
        """The sum that is to be least."""
        return math.fsum(self._residuals(self._array(values), self._found(simulated)) ** 2)

    def _residuals(self, at: numpy.ndarray, found: numpy.ndarray) -> numpy.ndarray:
        """What the sum takes the squares of, for constants and the cells simulated with them."""
        misses = (found - self.wanted) / (TOLERANCE * self.wanted)
        moves = numpy.log(at / self.prior) / self.spread
        return numpy.concatenate([misses, moves])

    def _jacobian(self, at: numpy.ndarray) -> numpy.ndarray:
        """How they change with the constants' logarithms, if the simulation were linear."""
        misses = self.derivatives * at / (TOLERANCE * self.wanted)[:, None]
        return numpy.vstack([misses, numpy.diag(1 / self.spread)])

    def _array(self, values: Values) -> numpy.ndarray:
        return numpy.array([values[p.name] for p in self.parameters])

    def _found(self, simulated: Values) -> numpy.ndarray:
        return numpy.array([simulated[c] for c in self.cells])

    def _shortened(self, goal: Values) -> tuple[Values, Values]:
        """The step, or the half, quarter or eighth of it that first improves on its start, where it stays if none
        does: whole lines of caches are not as smooth as the derivatives say. And what is simulated there."""
        best = self._badness(self.values, self.simulated)
        for part in (1.0, 0.5, 0.25, 0.125):
            tried = {
                p.name: p.rounded(self.values[p.name] ** (1 - part) * goal[p.name] ** part)
                for p in self.parameters
            }
            if tried == self.values:
                break
            (there,) = self.evaluate([(tried, self.cells)])
            if self._badness(tried, there) < best:
                return tried, there
        return self.values, self.simulated

    def _one_by_one(self) -> tuple[Values, Values]:
        """Each constant moves alone, first those that promise most, and stays where that improves on the sum. And
        what is simulated there."""
        values, simulated = self.values, self.simulated
        best = self._badness(values, simulated)
        waiting = dict(enumerate(self.parameters))
        while waiting:
            residuals = self._residuals(self._array(values), self._found(simulated))
            jacobian = self._jacobian(self._array(values))
            gradient, curvature = residuals @ jacobian, (jacobian**2).sum(axis=0)
            promise = gradient**2 / curvature
            i = max(waiting, key=lambda i: promise[i])
            if promise[i] < WORTHWHILE:
                break
            p = waiting.pop(i)
            tried = values | {p.name: p.rounded(values[p.name] * math.exp(-gradient[i] / curvature[i]))}
            if tried == values:
                continue
            (there,) = self.evaluate([(tried, self.cells)])
            if (badness := self._badness(tried, there)) < best:
                values, simulated, best = tried, there, badness
        return values, simulated

    def _solution(self) -> Values:
        """The best values if the simulation were linear."""
        base, found = self._array(self.values), self._found(self.simulated)
        low, high = numpy.log([[p.low, p.high] for p in self.parameters]).T

        def residuals(x: numpy.ndarray) -> numpy.ndarray:
            return self._residuals(numpy.exp(x), found + self.derivatives @ (numpy.exp(x) - base))

        def jacobian(x: numpy.ndarray) -> numpy.ndarray:
            return self._jacobian(numpy.exp(x))

        start = numpy.clip(numpy.log(base), low + 1e-9, high - 1e-9)
        answer = least_squares(residuals, start, jac=jacobian, bounds=(low, high), xtol=1e-12, ftol=1e-12,
                               gtol=1e-12, max_nfev=1000)  # fmt: skip
        return {p.name: p.rounded(math.exp(x)) for p, x in zip(self.parameters, answer.x, strict=True)}

    def _degrees_of_freedom(self) -> float:
        """Cells less the trace of the matrix that turns published into fitted ones."""
        free = [i for i, p in enumerate(self.parameters) if p.low < self.values[p.name] < p.high]
        if not free:
            return float(len(self.cells))
        scale = numpy.array([self.values[self.parameters[i].name] * self.parameters[i].spread for i in free])
        wanted = numpy.array([self.published[c] for c in self.cells])
        data = self.derivatives[:, free] * scale / (TOLERANCE * wanted)[:, None]
        square = data.T @ data
        return len(self.cells) - float(numpy.trace(numpy.linalg.solve(square + numpy.eye(len(free)), square)))
