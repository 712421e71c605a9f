"""All stages, one after another, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy

from ..whatif import Constants, Parameter, Values
from .fit import Evaluate, Fit, fit
from .intensities import PACKETS
from .stages import Stage

PRIOR, BLIND, ALL = "priors", "blind", "fitted"


class Model(Protocol):
    """What simulates cells: whatif.SimulatedCells, or a stand-in for tests."""

    cells: Sequence[str]
    refused: dict[str, str]

    def evaluate(self, points: Sequence[tuple[Values, Sequence[str]]], title: str = "") -> list[Values]: ...
    def available(self, cells: Sequence[str], values: Values) -> Values: ...


@dataclass
class Outcome:
    fits: dict[str, tuple[Stage, Fit]] = field(default_factory=dict)  # by the stage's name
    skipped: dict[str, tuple[Stage, str]] = field(default_factory=dict)  # with the reason
    simulated: dict[str, Values] = field(default_factory=dict)  # with priors, blind, and with all stages
    # Cell -> constant -> relative change of the cell between the ends of the constant's range.
    sensitivity: dict[str, Values] = field(default_factory=dict)


def calibrate(
    constants: Constants,
    stages: Sequence[Stage],
    published: Values,
    model: Model,
    blind: bool = False,
    say: Callable[[str], None] = lambda _: None,
    quick: bool = False,
) -> Outcome:
    """Puts fitted constants into `constants`, beginning from its priors. Of a stage whose cells cannot be
    simulated, or which has no constants, nothing changes."""
    outcome = Outcome()
    values = _priors(constants)
    cells = dict.fromkeys([*model.cells, *(cell for stage in stages for cell in stage.cells)])
    available = model.available([cell for cell in cells if cell in published], values)
    outcome.simulated[PRIOR] = available

    for stage in stages:
        if stage.needs_monitor and BLIND not in outcome.simulated:
            outcome.simulated[BLIND] = model.available(list(available), values)
        parameters = [constants.parameter(n) for n in constants.matching(stage.constants)]
        if reason := _reason_to_skip(stage, parameters, available, model.refused, blind):
            outcome.skipped[stage.name] = (stage, reason)
            say(f"{stage.name}: skipped: {reason}")
            continue
        evaluate = _evaluation(model, dict(values), stage.name)
        done = fit(parameters, {cell: published[cell] for cell in stage.cells}, evaluate)
        for parameter in done.parameters:
            constants.set_fitted(parameter.name, done.values[parameter.name], done.cells_of(parameter))
        values |= done.values
        outcome.fits[stage.name] = (stage, done)
        say(f"{stage.name}: {len(done.parameters)} constants fitted to {len(done.cells)} cells")
    outcome.simulated[ALL] = model.available(list(available), values)
    outcome.simulated.setdefault(BLIND, outcome.simulated[ALL])
    outcome.sensitivity = _sensitivity(outcome, values, model, quick)
    return outcome


def _priors(constants: Constants) -> Values:
    """The constants that are fitted, put back to their priors, but those that rest on other experiments."""
    intensities = constants.matching(["workload_intensities.*", *PACKETS.values()])
    fitted = [name for name in constants.fitted() if name not in intensities]
    constants.restore(excluded=intensities)
    return {name: constants.value(name) for name in fitted}


def _evaluation(model: Model, base: Values, title: str) -> Evaluate:
    """Of points that name only what differs from `base`."""
    return lambda points: model.evaluate([(base | point, cells) for point, cells in points], title)


def _reason_to_skip(
    stage: Stage, parameters: Sequence[Parameter], available: Values, refused: dict[str, str], blind: bool
) -> str:
    if stage.needs_monitor and blind:
        return "left out by --blind"
    if not parameters:
        return f"no constant is named {' or '.join(stage.constants)}"
    missing = [cell for cell in stage.cells if cell not in available]
    return refused.get(missing[0], f"{missing[0]} is not published") if missing else ""


def _sensitivity(outcome: Outcome, values: Values, model: Model, quick: bool) -> dict[str, Values]:
    """One constant at a time. Of a stage's own cells the derivatives are known; the others, unless `quick`, are
    simulated with the constant at the farther end of its range, and the change is drawn out to the whole of
    it."""
    simulated = outcome.simulated[ALL]
    sensitivity: dict[str, Values] = {cell: {} for cell in simulated}
    points, scales = [], []
    for _, done in outcome.fits.values():
        others = [cell for cell in simulated if cell not in done.cells]
        for p, derivatives in zip(done.parameters, done.derivatives.T, strict=True):
            for cell, derivative in zip(done.cells, derivatives, strict=True):
                if derivative != 0:
                    sensitivity[cell][p.name] = derivative * (p.high - p.low) / simulated[cell]
            if quick:
                continue
            end = p.far_bound(values[p.name])
            points.append((values | {p.name: end}, others))
            scales.append((p.name, (p.high - p.low) / (end - values[p.name])))
    for (name, scale), result in zip(scales, model.evaluate(points, "sensitivity"), strict=True):
        for cell, value in result.items():
            if value != simulated[cell]:
                sensitivity[cell][name] = (value - simulated[cell]) * scale / simulated[cell]
    return sensitivity


def mean_error(cells: Sequence[str], simulated: Values, published: Values) -> float:
    """Mean of the absolute relative errors."""
    return float(numpy.mean([abs(simulated[c] / published[c] - 1) for c in cells]))
