"""Experiments: load, change, sweep, run."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Literal

import pandas

from . import _xensim
from .axes import as_numbers, chosen, columns_of, path_of
from .one_run import OneRun
from .results import Results, results_of
from .running import RunOptions, label, run_all, traces_of


def load(source: str | os.PathLike[str] | Mapping[str, Any]) -> Experiment:
    """The experiment in a file, of a name in `experiments/` (such as "figure6"), or in a dictionary.

    Raises InputError, which names file, line, JSON path and the nearest valid name; TypeError for a dictionary
    with what JSON cannot hold.
    """
    if isinstance(source, Mapping):
        return Experiment(_xensim.ExperimentFile.parse(_text(source)))
    name = os.fspath(source)
    return Experiment(_xensim.ExperimentFile.read(_xensim.find_experiment(name)), name)


def experiment_of(directory: str | os.PathLike[str]) -> Experiment:
    """The experiment whose results `xensim run` or `reproduce` left in a directory, as it was written then, so that any
    run can be looked into: `experiment_of(DIR).one(read_metrics(DIR).iloc[3])`.

    Warns if another version of the program made them: its numbers may be others. Raises InputError if the directory
    has no complete results.
    """
    path = Path(directory) / "run.json"
    try:
        told = json.loads(path.read_text())
        document = told["configuration"]
    except (OSError, ValueError, KeyError) as error:
        raise _xensim.InputError(f"{path}: found {error!r}; expected what a complete run writes") from error
    if told.get("sources") != _xensim.sources:
        warnings.warn(f"{directory} is of another version of xensim, which may have other numbers", stacklevel=2)
    try:
        source = document["name"] if _xensim.find_experiment(document["name"]) else None
    except _xensim.InputError:
        source = None
    return Experiment(_xensim.ExperimentFile.parse(_text(document)), source)


def simulate(
    document: Mapping[str, Any], seed: int = 1, audit: bool = False, strict: bool = False,
    explain: bool = False,
) -> dict[str, Any]:
    """Runs one experiment without a sweep, in this process.

    Returns {"metrics": [(name, unit, value), ...], "series": [(name, seconds, unit, value), ...],
    "simulated_s": seconds, "events": count}. `audit`
    checks every component after each scheduling pass; `strict` takes every step through the calendar,
    which changes no result. `explain` lets workloads that can count what lies behind their results report
    that too, per operation. Raises InputError or SimulationError. Warns of constants and weights as `Experiment.run`
    does.
    """
    text = _text(document)
    for remark in _xensim.remarks(text):
        warnings.warn(remark, stacklevel=2)
    return _xensim.simulate(text, seed, audit, strict, explain)


class Experiment:
    """An experiment that is valid and never changes: its methods return new ones.

    Paths are those of the experiment file, such as "platform.scheduler.ctx_allow". Two have short names,
    which are also their columns in data frames: `domains` is "domains[0].count", `scheduler` is
    "platform.scheduler". Where the templates themselves are swept, `domains` means them, and the short name is
    not to be had. As keywords, paths are written with "__" for ".".
    """

    def __init__(self, file: _xensim.ExperimentFile, source: str | None = None) -> None:
        if not isinstance(file, _xensim.ExperimentFile):
            raise TypeError(f"found {type(file).__name__}; expected xensim.load(...), which takes files and dictionaries")
        self._file = file
        self._source = source  # the file or name that it was loaded from, before changes
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
        """Every run in order: the last axis of the sweep varies fastest, replications innermost. With a precision,
        all that may be needed."""
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
        return Experiment(file, self._source)

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
        return Experiment(file, self._source)

    def replications(self, count: int) -> Experiment:
        """With `count` (at least 1) replications of every point, whatever precision they have. Replications differ in their random
        numbers; points with the same replication share them."""
        return self.with_(replications=count)

    def precision(
        self, metric: str, half_width: float, *, confidence: float = 0.95, minimum: int = 5, maximum: int = 100
    ) -> Experiment:
        """With as many replications of every point as it takes to know the mean of `metric` so well.

        A point ends when the half width of the mean's confidence interval (Student's t, level `confidence`) is at
        most `half_width`, a part of the mean (0.02: 2 %), but not before `minimum` (at least 2) replications and
        no later than at `maximum`. What is run beyond the replication that decides, because workers had nothing
        else to do, is left out. Raises InputError for a metric that no run has, and values out of range.
        """
        return self.with_(
            precision={
                "metric": metric, "half_width": half_width, "confidence": confidence,
                "minimum": minimum, "maximum": maximum,
            }
        )  # fmt: skip

    def seed(self, seed: int) -> Experiment:
        """With another experiment seed (0 or more)."""
        return self.with_(seed=seed)

    def one(self, row: Mapping[str, Any] | pandas.Series | None = None, /, **point: Any) -> OneRun:
        """The run behind a row of results: `experiment.one(frame.iloc[3]).run(trace="perfetto:FILE")`.

        `row` is a row of any frame that has the sweep's columns (other columns do not matter), or a dictionary;
        `point` names swept values instead, or besides: `one(domains=4, scheduler="bvt", replication=2)`. The
        replication is the first (0) where none is named, as in a row of `summary`. Raises InputError if a swept path
        with several values is missing, and for what no run has, with the values that there are.
        """
        swept = list(self.document.get("sweep", {}))
        asked = {path_of(str(name), swept): value for name, value in (dict(row) if row is not None else {}).items()}
        asked |= self._paths(None, point)
        if unknown := [path for path in self._paths(None, point) if path not in (*swept, "replication")]:
            raise _xensim.InputError(f"found {unknown[0]!r}, which is not swept; expected one of {columns_of(swept)}")
        found = [run for run in self._runs if run.replication == asked.get("replication", 0)]
        if not found:
            most = max(run.replication for run in self._runs)
            raise _xensim.InputError(f"found replication={asked['replication']!r}; expected 0 to {most}")
        for path, column in zip(swept, columns_of(swept), strict=True):
            labels = list(dict.fromkeys(dict(run.point)[path] for run in found))
            if path not in asked and len(labels) > 1:
                raise _xensim.InputError(f"found no {column!r}; expected one of its values: {', '.join(labels)}")
            if path in asked:
                found = [run for run in found if _is(dict(run.point)[path], asked[path])]
            if not found:
                raise _xensim.InputError(f"found no run with {column}={asked[path]!r}; expected {', '.join(labels)}")
        return OneRun(found[0], self.document, self._source)

    def behind(self, cell: str) -> list[OneRun]:
        """The runs that a cell of the experiment's comparison is made of, such as "figure6/xen_5ms/8" in the first
        column of cells.csv: its replications, at all sweep values that its name does not tell. (A cell that is
        relative to others has those of its base in their own cell.) Raises InputError if there is no such cell."""
        cells = {run.index: self._file.cells_of(run) for run in self._runs}
        found = [run for run in self._runs if cell in cells[run.index]]
        if not found:
            known = list(dict.fromkeys(name for names in cells.values() for name in names))
            raise _xensim.InputError(f"found no cell {cell!r}; expected one of {', '.join(known[:20]) or 'none'}")
        return [OneRun(run, self.document, self._source) for run in found]

    def run(
        self,
        executor: Executor | None = None,
        jobs: int | None = None,
        progress: bool = True,
        audit: bool = False,
        errors: Literal["raise", "keep"] = "raise",
        cache: str | os.PathLike[str] | None = None,
        explain: bool = False,
        trace: str | Iterable[str] = (),
    ) -> pandas.DataFrame:
        """Runs everything. The result does not depend on `executor` or `jobs`, to the last bit.

        One row per run and metric: the sweep's columns (numbers where all labels are), `replication`,
        `metric`, `unit`, `value`. `results` gives time series and counts too.

        `executor` is anything with the interface of `concurrent.futures`, such as those of Dask and
        mpi4py; its workers must have registered the schedulers and workloads written in Python, and run
        one simulation at a time: processes, not threads. By default, `jobs` processes are forked (one per
        processor; `jobs=1`: in this process), which know all that is registered here. `progress` shows a
        bar on a terminal. `audit` checks every component after each scheduling pass. With a precision and an
        `executor`, `jobs` is how many runs that has room for.

        `cache` is a directory of finished runs, shared with the command's --cache: those that any experiment has
        left there are not run again, and others are added. It changes no result. Runs with schedulers or workloads
        written in Python are always run: what these do is in no file that could be compared.

        `explain` lets workloads that can count what lies behind their results report that too, per operation
        (metrics ".../count/..."). `trace` is "KIND:FILE", or several of them, and needs a single run: see `OneRun.run`,
        which has any run of a sweep traced.

        Raises what the first failing run in order raised, with a note which run it was. With `errors="keep"`, the
        others are run all the same: the frame has no rows of runs that failed, a RuntimeWarning counts them, and
        `frame.attrs["errors"]` lists them (sweep columns, replication, error). A dead worker process is raised in
        any case.

        Warns (UserWarning) as the command does: before it runs anything, of constants outside their range, weights that
        the scheduler rounds and what recorded loads have in vain, each once; afterwards, of points that miss the
        precision asked for, and of metrics that were asked for and that no run has: misspelt, or of programs that were
        not done in time.
        """
        return self._results(executor, jobs, progress, audit, errors, cache, explain, trace).metrics

    def results(
        self,
        executor: Executor | None = None,
        jobs: int | None = None,
        progress: bool = True,
        audit: bool = False,
        errors: Literal["raise", "keep"] = "raise",
        cache: str | os.PathLike[str] | None = None,
        explain: bool = False,
        trace: str | Iterable[str] = (),
    ) -> Results:
        """As `run`, with tables of metrics, of time series (`measure.sample` asks for them) and, with `explain`, of
        counts."""
        return self._results(executor, jobs, progress, audit, errors, cache, explain, trace)

    def _results(
        self,
        executor: Executor | None,
        jobs: int | None,
        progress: bool,
        audit: bool,
        errors: str,
        cache: str | os.PathLike[str] | None,
        explain: bool,
        trace: str | Iterable[str],
    ) -> Results:
        if errors not in ("raise", "keep"):
            raise _xensim.InputError(f"found errors={errors!r}; expected 'raise' or 'keep'")
        plan = _xensim.Plan(self._file)
        if cache is not None:
            _xensim.check_cache(cache)
        kept = None if cache is None else os.path.abspath(cache)
        options = RunOptions(audit=audit, cache=kept, explain=explain, traces=traces_of(trace))
        _xensim.check_traces(list(options.traces), self._runs)
        for remark in _xensim.remarks(self._runs):
            warnings.warn(remark, stacklevel=3)
        outcomes = run_all(self._runs, plan, options, executor, jobs, progress, keep=errors == "keep")
        counted = {index: outcome for index, outcome in sorted(outcomes.items()) if plan.matters(index)}
        failed = {index: outcome for index, outcome in counted.items() if isinstance(outcome, Exception)}
        finished = [index for index in counted if index not in failed]
        results = results_of(
            [self._runs[index] for index in finished], [counted[index] for index in finished],
            list(self.document.get("sweep", {})),
        )  # fmt: skip
        for missed in plan.missed_aims:
            warnings.warn(missed, stacklevel=3)
        if failed:
            results.metrics.attrs["errors"] = [_described(self._runs[index], error) for index, error in failed.items()]
            first, error = next(iter(failed.items()))
            text = f"{len(failed)} of {len(counted)} runs failed, the first being {label(self._runs[first])}: {error}"
            warnings.warn(text, RuntimeWarning, stacklevel=3)
        measured = set(results.metrics["metric"])
        for asked in self.document.get("measure", {}).get("metrics", []):
            if not any(name.startswith(asked) for name in measured):
                warnings.warn(f"no metric of any run begins with {asked!r}", stacklevel=3)
        return results

    def __repr__(self) -> str:
        sweep = self.document.get("sweep", {})
        columns = columns_of(list(sweep))
        axes = ", ".join(f"{column}: {len(v)}" for column, v in zip(columns, sweep.values(), strict=True))
        count = f"at most {len(self._runs)}" if "precision" in self.document else len(self._runs)
        return f"<xensim.Experiment {self.name!r}: {count} runs{f' ({axes})' if axes else ''}>"

    def _paths(self, given: Mapping[str, Any] | None, keywords: Mapping[str, Any]) -> dict[str, Any]:
        if given is not None and not (isinstance(given, Mapping) and all(isinstance(path, str) for path in given)):
            raise _xensim.InputError(f"found {given!r}; expected a mapping of paths to values")
        spelt = {key.replace("__", "."): value for key, value in keywords.items()}
        swept = self.document.get("sweep", {})
        return {path_of(name, swept): value for name, value in {**(given or {}), **spelt}.items()}


def _is(swept: str, value: Any) -> bool:
    """Whether a value in a frame stands for this label: as it is, or as a number."""
    return str(value) == swept or (not isinstance(value, str) and as_numbers([swept])[0] == value)


def _described(run: _xensim.Run, error: Exception) -> dict[str, Any]:
    point = dict(run.point)
    columns = dict(zip(columns_of(list(point)), point.values(), strict=True))
    return {**columns, "replication": run.replication, "error": f"{type(error).__name__}: {error}"}


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
