"""The paper's tables, simulated with other constants."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tqdm import tqdm

from .. import _xensim
from ..experiment import load
from .fit import Values


class Unavailable(Exception):
    """No run gives this cell, or its platform refuses."""


class Tables:
    """Cells by id, such as "table3/L-UP/stat", of experiments whose cells are single runs."""

    def __init__(self, experiments: Sequence[str], jobs: int) -> None:
        self._runs: dict[str, tuple[dict[str, Any], int, str]] = {}
        for name in experiments:
            experiment = load(name)
            compare = experiment.document["compare"]
            for block in compare if isinstance(compare, list) else [compare]:
                for run in experiment.runs:
                    labels = dict(run.point)
                    cell = re.sub(r"\{(.*?)\}", lambda path: labels[path[1]], block["cell"])
                    self._runs.setdefault(cell, (json.loads(run.text), run.seed, block["metric"]))
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
        return list(self._runs)

    def evaluate(self, points: Sequence[tuple[Values, Sequence[str]]], title: str = "") -> list[Values]:
        """The cells wanted at each point. Raises Unavailable."""
        total = sum(len(cells) for _, cells in points)
        with tqdm(total=total, desc=title, unit="run", disable=None, leave=False) as bar:
            futures = [
                {cell: self._pool.submit(_simulate, *self._run(cell), values) for cell in cells}
                for values, cells in points
            ]
            for by_cell in futures:
                for future in by_cell.values():
                    future.add_done_callback(lambda _: bar.update())
            answers: list[Values] = [{} for _ in futures]
            for answer, by_cell in zip(answers, futures, strict=True):
                for cell, future in by_cell.items():
                    try:
                        answer[cell] = future.result()
                    except _xensim.InputError as error:
                        for others in futures:
                            for other in others.values():
                                other.cancel()
                        raise Unavailable(f"{cell}: {error}") from error
            return answers

    def available(self, cells: Sequence[str], values: Values) -> Values:
        """Those that can be simulated; what cannot is in `refused`, with the reason."""
        answers: Values = {}
        futures = {}
        for cell in cells:
            try:
                futures[cell] = self._pool.submit(_simulate, *self._run(cell), values)
            except Unavailable as error:
                self.refused[cell] = str(error)
        for cell, future in futures.items():
            try:
                answers[cell] = future.result()
            except _xensim.InputError as error:
                self.refused[cell] = str(error)
        return answers

    def _run(self, cell: str) -> tuple[dict[str, Any], int, str]:
        if cell not in self._runs:
            raise Unavailable(f"no experiment has the cell {cell}")
        return self._runs[cell]


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
