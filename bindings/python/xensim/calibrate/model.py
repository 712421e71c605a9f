"""The paper's tables, simulated with other constants."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from .. import _xensim
from ..experiment import load
from .fit import Values


class Unavailable(Exception):
    """No run gives this cell, or its platform refuses."""


@dataclass
class _Cell:
    """How a comparison gets its value."""

    metric: str
    statistic: str  # of the replications
    point: list[tuple[str, str]]
    document: dict[str, Any]
    seeds: list[int] = field(default_factory=list)  # of the replications


class Tables:
    """Cells by id, such as "table3/L-UP/stat", of experiments whose cells are each one point of the sweep: the
    mean or median of its replications, as the comparison shows it."""

    def __init__(self, experiments: Sequence[str], jobs: int) -> None:
        self._cells: dict[str, _Cell] = {}
        for name in experiments:
            experiment = load(name)
            compare = experiment.document["compare"]
            for block in compare if isinstance(compare, list) else [compare]:
                for run in experiment.runs:
                    labels = dict(run.point)
                    cell = re.sub(r"\{(.*?)\}", lambda path: labels[path[1]], block["cell"])
                    statistic = block.get("statistic", "mean")
                    first = self._cells.setdefault(
                        cell, _Cell(block["metric"], statistic, run.point, json.loads(run.text))
                    )
                    if run.point == first.point:
                        first.seeds.append(run.seed)
        # Forked: quick to start. Interrupts are for the parent to act upon, and not while it forks: hooks
        # that run then would swallow the exception.
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        self._pool = ProcessPoolExecutor(
            jobs, mp_context=multiprocessing.get_context("fork"), initializer=_ignore_interrupts
        )
        for started in [self._pool.submit(os.getpid) for _ in range(jobs)]:
            started.result()
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        self.refused: dict[str, str] = {}

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def cells(self) -> list[str]:
        return list(self._cells)

    def evaluate(self, points: Sequence[tuple[Values, Sequence[str]]], title: str = "") -> list[Values]:
        """The cells wanted at each point. Raises Unavailable."""
        total = sum(len(self._cell(cell).seeds) for _, cells in points for cell in cells)
        with tqdm(total=total, desc=title, unit="run", disable=None, leave=False) as bar:
            futures = [
                {cell: self._submit(cell, values) for cell in cells} for values, cells in points
            ]
            for by_cell in futures:
                for runs in by_cell.values():
                    for future in runs:
                        future.add_done_callback(lambda _: bar.update())
            answers: list[Values] = [{} for _ in futures]
            for answer, by_cell in zip(answers, futures, strict=True):
                for cell, runs in by_cell.items():
                    try:
                        answer[cell] = self._value(cell, runs)
                    except _xensim.InputError as error:
                        for others in futures:
                            for other in others.values():
                                for run in other:
                                    run.cancel()
                        raise Unavailable(f"{cell}: {error}") from error
            return answers

    def available(self, cells: Sequence[str], values: Values) -> Values:
        """Those that can be simulated; what cannot is in `refused`, with the reason."""
        answers: Values = {}
        futures = {}
        for cell in cells:
            try:
                futures[cell] = self._submit(cell, values)
            except Unavailable as error:
                self.refused[cell] = str(error)
        for cell, runs in futures.items():
            try:
                answers[cell] = self._value(cell, runs)
            except _xensim.InputError as error:
                self.refused[cell] = str(error)
        return answers

    def _cell(self, cell: str) -> _Cell:
        if cell not in self._cells:
            raise Unavailable(f"no experiment has the cell {cell}")
        return self._cells[cell]

    def _submit(self, cell: str, values: Values) -> list[Future[float]]:
        its = self._cell(cell)
        return [self._pool.submit(_simulate, its.document, seed, its.metric, values) for seed in its.seeds]

    def _value(self, cell: str, runs: Sequence[Future[float]]) -> float:
        results = [run.result() for run in runs]
        return statistics.median(results) if self._cell(cell).statistic == "median" else statistics.fmean(results)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def _simulate(document: dict[str, Any], seed: int, metric: str, constants: Mapping[str, float]) -> float:
    document = document | {"constants": {**document.get("constants", {}), **constants}}
    result = _xensim.simulate(json.dumps(document), seed)
    pattern = re.compile("[^/]*".join(map(re.escape, metric.split("*"))))
    values = [value for name, _, value in result["metrics"] if pattern.fullmatch(name)]
    if values:
        return sum(values)
    raise _xensim.InputError(f"the run has no metric {metric!r}; expected its measurement to be complete")
