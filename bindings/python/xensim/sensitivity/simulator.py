"""Cells at points of the factors' ranges, no run twice."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

from tqdm import tqdm

from .._xensim import InputError, SimulationError
from ..whatif import Constants, Values
from ..whatif.cells import Cell, Run
from ..whatif.workers import Workers, simulate
from .factors import Factor
from .journal import Journal, identity, key_of
from .plan import Point
from .probe import Probe, probe

Changes = tuple[tuple[str, float], ...]  # constants and their values, where they differ
Say = Callable[[str], None]
Task = tuple[Run, Changes]


class Simulator:
    def __init__(
        self, cells: Mapping[str, Cell], factors: Sequence[Factor], constants: Constants, workers: Workers,
        journal: Journal, say: Say,
    ) -> None:  # fmt: skip
        self.failures: Counter[str] = Counter()  # runs that came to no end, by the reason
        self._cells = cells
        self._factors = factors
        self._file = constants.path.resolve()
        self._base = {p.name: constants.value(p.name) for factor in factors for p in factor.parameters}
        self._workers = workers
        self._journal = journal
        self._identity = identity()
        self._say = say
        self._metrics: dict[Run, set[str]] = {}
        for cell in cells.values():
            for run in cell.runs:
                self._metrics.setdefault(run, set()).add(cell.metric)
        self._probes: dict[Run, Probe] = {}
        self._results: dict[Task, Values | None] = {}
        self._changes = cache(self._changes_of)

    @property
    def runs(self) -> int:
        """At each point, if all of them depended on it."""
        return len(self._metrics)

    def probe(self) -> None:
        """All runs with the constants of the file. Raises InputError or SimulationError."""
        groups = {factor.name: [p.name for p in factor.parameters] for factor in self._factors}
        # Here and not in the workers, which may be ended on the way.
        with TemporaryDirectory(prefix="xensim-", ignore_cleanup_errors=True) as scratch:
            self._probe_all(groups, scratch)
        for run, found in self._probes.items():
            self._results[run, ()] = found.values

    def _probe_all(self, groups: Mapping[str, Sequence[str]], scratch: str) -> None:
        todo: dict[Future[Probe], tuple[Run, str]] = {}
        for run, metrics in self._metrics.items():
            parts = {"run": run.text, "seed": run.seed, "metrics": sorted(metrics), "probe": groups}
            key = key_of(self._identity, parts)
            if (known := self._journal.get(key)) is not None:
                self._probes[run] = Probe(*known)
                continue
            future = self._workers.submit(probe, run, sorted(metrics), str(self._file), groups, scratch)
            todo[future] = (run, key)
        for future in self._finished(todo, "base"):
            run, key = todo[future]
            try:
                found = future.result()
            except (InputError, SimulationError) as error:
                name = next(name for name, cell in self._cells.items() if run in cell.runs)
                raise type(error)(f"{name}: {error}") from error
            self._journal.put(key, [found.values, found.read, found.seconds])
            if not self._probes:
                self._say(f"the first of {self.runs} runs for each point took {found.seconds:.2g} s")
            self._probes[run] = found

    def reads(self, factor: str) -> bool:
        return any(factor in found.read for found in self._probes.values())

    def missing(self, points: Sequence[Point]) -> dict[Task, str]:
        """Runs that are still to be made, with their keys. What is in the journal is taken from there."""
        tasks = dict.fromkeys(self._task(run, point) for point in points for run in self._metrics)
        missing: dict[Task, str] = {}
        for run, changes in (task for task in tasks if task not in self._results):
            parts = {
                "run": run.text, "seed": run.seed, "metrics": sorted(self._metrics[run]), "constants": dict(changes)
            }  # fmt: skip
            key = key_of(self._identity, parts)
            if (known := self._journal.get(key)) is not None:
                self._keep((run, changes), known)
            else:
                missing[run, changes] = key
        return missing

    def seconds(self, tasks: Mapping[Task, str]) -> float:
        """About what these take one after another: as long as they took with the file's constants."""
        return math.fsum(self._probes[run].seconds for run, _ in tasks)

    def simulate(self, tasks: Mapping[Task, str]) -> None:
        """A run that fails gives no values; `failures` says why."""
        todo = {
            self._workers.submit(_attempt, run, sorted(self._metrics[run]), dict(changes)): (run, changes)
            for run, changes in tasks
        }
        for future in self._finished(todo, "runs"):
            task = todo[future]
            result = future.result()
            self._journal.put(tasks[task], result)
            self._keep(task, result)

    def cells_at(self, point: Point) -> Values:
        """NaN where a run failed."""

        def metric_of(run: Run, metric: str) -> float:
            values = self._results[self._task(run, point)]
            return values[metric] if values is not None else math.nan

        return {name: cell.value(metric_of) for name, cell in self._cells.items()}

    def _task(self, run: Run, point: Point) -> Task:
        read = self._probes[run].read
        changes: Changes = ()
        for i, level in enumerate(point):
            if level is not None and self._factors[i].name in read:
                changes += self._changes(i, level)
        return run, changes

    def _changes_of(self, factor: int, level: float) -> Changes:
        return tuple(item for item in self._factors[factor].at(level).items() if item[1] != self._base[item[0]])

    def _keep(self, task: Task, result: Any) -> None:
        if isinstance(result, str):
            self.failures[result] += 1
            self._results[task] = None
        else:
            self._results[task] = result

    def _finished(self, todo: Mapping[Future[Any], Any], title: str) -> Any:
        """As they finish, with a bar on a terminal and a line for each tenth elsewhere."""
        total, told = len(todo), 0
        with tqdm(total=total, desc=title, unit="run", disable=None, leave=False) as bar:
            for done, future in enumerate(as_completed(todo), 1):
                yield future
                bar.update()
                if not sys.stderr.isatty() and total >= 100 and 10 * done // total > told:
                    told = 10 * done // total
                    self._say(f"{title}: {done} of {total}")


def _attempt(run: Run, metrics: Sequence[str], constants: Values) -> Values | str:
    try:
        return simulate(run, metrics, constants)
    except (InputError, SimulationError) as error:
        return str(error)
