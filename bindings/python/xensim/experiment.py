"""Experiments: load, change, sweep, run."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pandas

from . import _xensim
from .axes import chosen, columns_of, label_columns, path_of
from .running import run_all


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> Experiment:
    """The experiment in a file, of a name in `experiments/` (such as "figure6"), or in a dictionary.

    Raises InputError, which names file, line, JSON path and the nearest valid name; TypeError for a dictionary
    with what JSON cannot hold.
    """
    if isinstance(source, Mapping):
        return Experiment(_xensim.ExperimentFile.parse(_text(source)))
    return Experiment(_xensim.ExperimentFile.read(_xensim.find_experiment(os.fspath(source))))


def simulate(
    document: Mapping[str, Any], seed: int = 1, audit: bool = False, strict: bool = False,
    explain: bool = False,
) -> dict[str, Any]:
    """Runs one experiment without a sweep, in this process.

    Returns {"metrics": [(name, unit, value), ...], "simulated_s": seconds, "events": count}. `audit`
    checks every component after each scheduling pass; `strict` takes every step through the calendar,
    which changes no result. `explain` lets workloads that can count what lies behind their results report
    that too, per operation. Raises InputError or SimulationError.
    """
    return _xensim.simulate(_text(document), seed, audit, strict, explain)


class Experiment:
    """An experiment that is valid and never changes: its methods return new ones.

    Paths are those of the experiment file, such as "platform.scheduler.ctx_allow". Two have short names,
    which are also their columns in data frames: `domains` is "domains[0].count", `scheduler` is
    "platform.scheduler". Where the templates themselves are swept, `domains` means them, and the short name is
    not to be had. As keywords, paths are written with "__" for ".".
    """

    def __init__(self, file: _xensim.ExperimentFile) -> None:
        self._file = file
        self._runs = file.expand()

    @property
    def document(self) -> dict[str, Any]:
        """The experiment file's content; a copy."""
        return json.loads(self._file.text)

    @property
    def name(self) -> str:
        return self.document["name"]

    @property
    def runs(self) -> list[_xensim.Run]:
        """Every run in order: the last axis of the sweep varies fastest, replications innermost."""
        return list(self._runs)

    def with_(self, changes: Mapping[str, Any] | None = None, /, **overrides: Any) -> Experiment:
        """With other values: `with_({"platform.scheduler.ctx_allow": "1 ms"})`, `with_(domains=8)`.

        A path that is swept gets this single value instead, or the swept value of this label. Raises InputError
        for an unknown path (with the nearest known one) or a value out of range.
        """
        file = self._file
        sweep = self.document.get("sweep", {})
        for path, value in self._paths(changes, overrides).items():
            others: dict[str, Any] = {}
            if (swept := sweep.pop(path, None)) is not None:
                file = file.with_("sweep", _text(sweep))
                value, others = chosen(swept, value)
            for at, its in {path: value, **others}.items():
                file = file.with_(at, _text(its))
        return Experiment(file)

    def sweep(self, axes: Mapping[str, Iterable[Any]] | None = None, /, **more: Iterable[Any]) -> Experiment:
        """Over every combination: `sweep(domains=[1, 2, 4], scheduler=["bvt-xen1", "round-robin"])`.

        Adds to the sweep that the experiment has; an axis that it has already gets these values. A value
        is any JSON, or {"label": ..., "value": ...} to name it in results; objects need one or the other.
        Raises InputError for an unknown path (with the nearest known one), a value out of range, and one that
        is no list.
        """
        file = self._file
        for path, values in self._paths(axes, more).items():
            if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
                [column] = columns_of([path])
                raise _xensim.InputError(f"found {values!r} to sweep {column} over; expected a list")
            file = file.with_(path, _text(list(values)), "sweep")
        return Experiment(file)

    def replications(self, count: int) -> Experiment:
        """With `count` (at least 1) replications of every point. Replications differ in their random
        numbers; points with the same replication share them."""
        return self.with_(replications=count)

    def seed(self, seed: int) -> Experiment:
        """With another experiment seed (0 or more)."""
        return self.with_(seed=seed)

    def run(
        self,
        executor: Executor | None = None,
        jobs: int | None = None,
        progress: bool = True,
        audit: bool = False,
    ) -> pandas.DataFrame:
        """Runs everything. The result does not depend on `executor` or `jobs`, to the last bit.

        One row per run and metric: the sweep's columns (numbers where all labels are), `replication`,
        `metric`, `unit`, `value`.

        `executor` is anything with the interface of `concurrent.futures`, such as those of Dask and
        mpi4py; its workers must have registered the schedulers and workloads written in Python, and run
        one simulation at a time: processes, not threads. By default, `jobs` processes are forked (one per
        processor; `jobs=1`: in this process), which know all that is registered here. `progress` shows a
        bar on a terminal. `audit` checks every component after each scheduling pass.

        Raises what the first failing run in order raised, with a note which run it was. Warns of metrics that
        were asked for and that no run has: misspelt, or of programs that were not done in time.
        """
        results = run_all(self._runs, executor=executor, jobs=jobs, progress=progress, audit=audit)
        labels = label_columns([dict(run.point) for run in self._runs])
        columns: dict[str, list[Any]] = {
            **{column: [] for column in labels}, "replication": [], "metric": [], "unit": [], "value": [],
        }  # fmt: skip
        for index, (run, result) in enumerate(zip(self._runs, results, strict=True)):
            metrics = result["metrics"]
            for column, values in labels.items():
                columns[column] += [values[index]] * len(metrics)
            columns["replication"] += [run.replication] * len(metrics)
            for column, values in zip(("metric", "unit", "value"), zip(*metrics, strict=True), strict=False):
                columns[column] += values
        measured = set(columns["metric"])
        for asked in self.document.get("measure", {}).get("metrics", []):
            if not any(name.startswith(asked) for name in measured):
                warnings.warn(f"no metric of any run begins with {asked!r}", stacklevel=2)
        return pandas.DataFrame(columns)

    def __repr__(self) -> str:
        sweep = self.document.get("sweep", {})
        columns = columns_of(list(sweep))
        axes = ", ".join(f"{column}: {len(v)}" for column, v in zip(columns, sweep.values(), strict=True))
        return f"<xensim.Experiment {self.name!r}: {len(self._runs)} runs{f' ({axes})' if axes else ''}>"

    def _paths(self, given: Mapping[str, Any] | None, keywords: Mapping[str, Any]) -> dict[str, Any]:
        if given is not None and not (isinstance(given, Mapping) and all(isinstance(path, str) for path in given)):
            raise _xensim.InputError(f"found {given!r}; expected a mapping of paths to values")
        spelt = {key.replace("__", "."): value for key, value in keywords.items()}
        swept = self.document.get("sweep", {})
        return {path_of(name, swept): value for name, value in {**(given or {}), **spelt}.items()}


def _text(value: Any) -> str:
    """As JSON; numbers of NumPy and paths are welcome too."""

    def plain(other: Any) -> Any:
        if hasattr(other, "tolist"):
            return other.tolist()
        if isinstance(other, Path):
            return str(other)
        raise TypeError(f"{other!r} cannot stand in an experiment; expected what JSON can hold")

    try:
        return json.dumps(value, default=plain, allow_nan=False)
    except ValueError as error:
        raise _xensim.InputError(f"found {value!r}; expected finite numbers and no circles") from error
