"""The whole of it: one at a time, trajectories, conclusions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from numbers import Integral
from pathlib import Path

from .._xensim import InputError
from ..experiment import Experiment, load
from ..names import nearest
from ..whatif import Constants, calibration_file
from ..whatif.cells import Cell, cells_of
from ..whatif.workers import Workers
from .conclusions import Conclusion, declared, parse
from .factors import factors_of
from .journal import Journal
from .morris import design
from .plan import Plan
from .simulator import Say, Simulator
from .tables import Sensitivity, tables

JOURNAL = "finished.jsonl"


def sensitivity(
    experiments: str | Experiment | Iterable[str | Experiment],
    constants: Sequence[str] | None = None,
    by: str | None = None,
    cells: Sequence[str] | None = None,
    metrics: Sequence[str] = (),
    conclusions: Sequence[str] = (),
    trajectories: int = 10,
    levels: int = 4,
    seed: int = 1,
    jobs: int | None = None,
    output: str | os.PathLike[str] | None = None,
    say: Say = lambda _: None,
) -> Sensitivity:
    """How far cells, and what is concluded from them, rest on the constants of the machine, within their ranges.

    `experiments`: one or several, by name, file or value, all of one machine. `constants`: names, beginnings of names
    or shell patterns, each constant a factor of its own; all of them by default, those of a section together. `by`
    ("section" or "constant") says otherwise. `cells`: names or shell patterns; all by default. `metrics`: also cells
    NAME/LABELS/METRIC of these. `conclusions`: such as "A > 0.9 * B", besides those that the paper has. Each factor
    goes to both ends of its range alone; then `trajectories` of elementary effects over `levels` levels follow, one
    run of all cells for each factor and one more. Those are drawn with `seed`. In `output` finished runs are kept, and
    found there again.

    The result does not depend on `jobs`. `say` is told the cost before it begins. Raises InputError, with the nearest
    name, and SimulationError if the experiments fail with the file's own constants.
    """
    _check(trajectories, seed, jobs)
    loaded = _loaded(experiments)
    every = _cells(loaded, metrics)
    wanted = _selected(every, cells)
    asked = [parse(text, every) for text in conclusions]
    chosen = {cell: every[cell] for cell in [*wanted, *(cell for conclusion in asked for cell in conclusion.cells)]}
    drawn = _told_apart([*asked, *declared(chosen)])

    file = Constants(_calibration(loaded))
    factors = factors_of(file, constants, by)
    plan = Plan(factors, design(len(factors), trajectories, levels, seed))
    with (
        closing(Journal(Path(output) / JOURNAL if output is not None else None)) as journal,
        Workers(jobs or len(os.sched_getaffinity(0))) as workers,
    ):
        simulator = Simulator(chosen, factors, file, workers, journal, say)
        say(_extent(plan, chosen, simulator))
        simulator.probe()
        missing = simulator.missing(plan.points)
        say(f"{len(missing)} runs are to be made, {_duration(simulator.seconds(missing))} on one processor")
        simulator.simulate(missing)
        values = [simulator.cells_at(point) for point in plan.points]
    return tables(plan, values, file, {name: cell.unit for name, cell in chosen.items()}, drawn, simulator)


def _check(trajectories: int, seed: int, jobs: int | None) -> None:
    if not (isinstance(trajectories, Integral) and 0 <= trajectories <= 100_000):
        raise InputError(f"found trajectories={trajectories!r}; expected 0 to 100000")
    if not (isinstance(seed, Integral) and 0 <= seed < 2**64):
        raise InputError(f"found seed={seed!r}; expected a whole number, 0 or more")
    if jobs is not None and not (isinstance(jobs, Integral) and 1 <= jobs <= 1024):
        raise InputError(f"found jobs={jobs!r}; expected 1 to 1024")


def _loaded(experiments: str | Experiment | Iterable[str | Experiment]) -> list[Experiment]:
    chosen = [experiments] if isinstance(experiments, str | Experiment) else experiments
    loaded = [its if isinstance(its, Experiment) else load(its) for its in chosen]
    if not loaded:
        raise InputError("found no experiments; expected at least one")
    return loaded


def _cells(experiments: Sequence[Experiment], metrics: Sequence[str]) -> dict[str, Cell]:
    """By name: those that depend on the simulation."""
    every: dict[str, Cell] = {}
    for experiment in experiments:
        its = cells_of(experiment, metrics)
        every |= {name: cell for name, cell in its.items() if not cell.by_definition}
    return every


def _selected(every: Mapping[str, Cell], patterns: Sequence[str] | None) -> list[str]:
    if patterns is None:
        return list(every)
    for pattern in patterns:
        if not any(fnmatchcase(cell, pattern) for cell in every):
            raise InputError(f"found no cell {pattern!r}; expected one of the experiments{nearest(pattern, every)}")
    return [cell for cell in every if any(fnmatchcase(cell, pattern) for pattern in patterns)]


def _told_apart(conclusions: Sequence[Conclusion]) -> list[Conclusion]:
    by_title: dict[str, Conclusion] = {}
    for conclusion in conclusions:
        other = by_title.setdefault(conclusion.title, conclusion)
        if other != conclusion:
            raise InputError(f"found two conclusions {conclusion.title!r}; expected a title for each")
    return list(by_title.values())


def _calibration(experiments: Sequence[Experiment]) -> Path:
    machines = {}
    for experiment in experiments:
        given = experiment.document.get("machine", {})
        named = given if isinstance(given, str) else given.get("base", "")
        if named.endswith(".json"):
            raise InputError(f"found the machine file {named!r}; expected one of experiments/machines, with its ranges")
        machines[json.loads(experiment.runs[0].text)["machine"]["base"]] = experiment.name
    if len(machines) > 1:
        found = " and ".join(f"{machine} ({name})" for machine, name in machines.items())
        raise InputError(f"found experiments on {found}; expected one machine")
    return calibration_file(next(iter(machines)))


def _extent(plan: Plan, cells: Mapping[str, Cell], simulator: Simulator) -> str:
    constants = sum(len(factor.parameters) for factor in plan.factors)
    return (
        f"{_counted(len(cells), 'cell')}, {_counted(len(plan.factors), 'factor')} ({_counted(constants, 'constant')}), "
        f"{len(plan.points)} points, at most {len(plan.points) * simulator.runs} runs"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"about {seconds:.0f} s"
    return f"about {seconds / 60:.0f} min" if seconds < 7200 else f"about {seconds / 3600:.1f} h"
