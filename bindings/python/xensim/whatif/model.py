"""The cells of some experiments, simulated with other constants."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from tqdm import tqdm

from .. import _xensim
from ..experiment import load
from .cells import Cell, Run, cells_of
from .constants import Values
from .workers import Workers, simulate


class Unavailable(Exception):
    """No run gives this cell, or its platform refuses."""


class SimulatedCells:
    """Cells by name, such as "table3/L-UP/stat", as the comparisons of the experiments show them."""

    def __init__(self, experiments: Sequence[str], jobs: int) -> None:
        self._cells: dict[str, Cell] = {}
        for name in experiments:
            self._cells |= cells_of(load(name))
        self._workers = Workers(jobs)
        self.refused: dict[str, str] = {}

    def __enter__(self) -> SimulatedCells:
        return self

    def __exit__(self, error: type[BaseException] | None, *rest: object) -> None:
        self._workers.__exit__(error, *rest)

    @property
    def cells(self) -> list[str]:
        return list(self._cells)

    def evaluate(self, points: Sequence[tuple[Values, Sequence[str]]], title: str = "") -> list[Values]:
        """The cells wanted at each point. Raises Unavailable."""
        total = sum(len(self._cell(cell).runs) for _, cells in points for cell in cells)
        with tqdm(total=total, desc=title, unit="run", disable=None, leave=False) as bar:
            futures = [{cell: self._submit(cell, values) for cell in cells} for values, cells in points]
            for by_cell in futures:
                for runs in by_cell.values():
                    for future in runs.values():
                        future.add_done_callback(lambda _: bar.update())
            answers: list[Values] = [{} for _ in futures]
            for answer, by_cell in zip(answers, futures, strict=True):
                for cell, runs in by_cell.items():
                    try:
                        answer[cell] = self._value(cell, runs)
                    except _xensim.InputError as error:
                        for others in futures:
                            for other in others.values():
                                for run in other.values():
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

    def _cell(self, cell: str) -> Cell:
        if cell not in self._cells:
            raise Unavailable(f"no experiment has the cell {cell}")
        return self._cells[cell]

    def _submit(self, name: str, values: Values) -> dict[Run, Future[Values]]:
        cell = self._cell(name)
        return {run: self._workers.submit(simulate, run, [cell.metric], values) for run in cell.runs}

    def _value(self, cell: str, runs: dict[Run, Future[Values]]) -> float:
        return self._cell(cell).value(lambda run, metric: runs[run].result()[metric])
