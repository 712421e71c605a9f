"""Runs through an executor, in order."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from tqdm import tqdm

from . import _xensim


@dataclass(frozen=True)
class RunOptions:
    """How every run is made."""

    audit: bool = False
    cache: str | None = None  # an absolute path
    explain: bool = False
    traces: tuple[str, ...] = ()


Outcome = dict[str, Any] | Exception


def run_all(
    runs: Sequence[_xensim.Run],
    plan: _xensim.Plan,
    options: RunOptions,
    executor: Executor | None,
    jobs: int | None,
    progress: bool,
    keep: bool,
) -> dict[int, Outcome]:
    """By index, the result of every run that was made, or with `keep` what it raised.

    Without `keep`, raises what the first failing run raised. Rounds of what `plan` calls for: a single one unless
    results decide how many replications there are.
    """
    if jobs is not None and not (isinstance(jobs, Integral) and jobs >= 1):
        raise _xensim.InputError(f"found jobs={jobs!r}; expected at least 1, or None for all processors")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"found {executor!r}; expected an executor, such as those of concurrent.futures")
    jobs = min(int(jobs or 0) or len(os.sched_getaffinity(0)), max(len(runs), 1))
    outcomes: dict[int, Outcome] = {}
    with tqdm(total=0, unit="run", disable=None if progress else True) as bar, _workers(executor, jobs) as workers:
        while todo := plan.next(jobs // max(plan.undecided, 1)):
            bar.total = len(outcomes) + len(todo)
            bar.refresh()
            at_once = plan.fixed and not keep  # otherwise a failure may turn out not to matter
            for index, outcome in workers.make([runs[index] for index in todo], options, bar, at_once):
                outcomes[index] = outcome
                if isinstance(outcome, Exception):
                    plan.lose(index)
                else:
                    plan.take(index, outcome["metrics"])
            for index, outcome in sorted(outcomes.items()):
                if isinstance(outcome, Exception) and not keep and plan.matters(index):
                    raise outcome
    if progress and plan.beyond > 0:
        print(f"{plan.beyond} runs beyond what the precision takes left out", file=sys.stderr)
    return outcomes


def run_one(run: _xensim.Run, options: RunOptions) -> dict[str, Any]:
    """Its result, made in this process. Raises what the run raises, noted to be of it."""
    return _outcome(run, True, lambda: _simulate(run.text, run.seed, options))


def traces_of(asked: str | Iterable[str] | None) -> tuple[str, ...]:
    """Requests `KIND:FILE`, one or several, such that any process writes the same files."""
    requests = (asked,) if isinstance(asked, str) else tuple(asked or ())
    split = [request.partition(":") for request in requests]
    return tuple(kind + colon + (os.path.abspath(file) if file else "") for kind, colon, file in split)


def label(run: _xensim.Run) -> str:
    point = "".join(f"{path}={value}, " for path, value in run.point)
    return f"run {run.index} ({point}replication {run.replication})"


class _Here:
    """In this process, one after another."""

    def make(
        self, runs: Sequence[_xensim.Run], options: RunOptions, bar: tqdm, at_once: bool
    ) -> Iterator[tuple[int, Outcome]]:
        for run in runs:
            yield run.index, _outcome(run, at_once, lambda run=run: _simulate(run.text, run.seed, options))
            bar.update()


class _There:
    """In the workers of an executor."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def make(
        self, runs: Sequence[_xensim.Run], options: RunOptions, bar: tqdm, at_once: bool
    ) -> Iterator[tuple[int, Outcome]]:
        # Only submit, add_done_callback, result and cancel: what Dask's and mpi4py's futures have as well.
        futures = [self._executor.submit(_simulate, run.text, run.seed, options) for run in runs]
        for future in futures:
            future.add_done_callback(lambda _: bar.update())
        try:
            for run, future in zip(runs, futures, strict=True):
                yield run.index, _outcome(run, at_once, future.result)
        except BaseException:
            self._abandon(futures)
            raise

    def _abandon(self, futures: Sequence[Future]) -> None:
        for future in futures:
            future.cancel()


class _Forked(_There):
    """In processes forked from this one, which know the schedulers and workloads registered here."""

    def __init__(self, executor: Executor, others: set[Any]) -> None:
        super().__init__(executor)
        self._others = others

    def _abandon(self, futures: Sequence[Future]) -> None:
        for worker in set(multiprocessing.active_children()) - self._others:
            worker.terminate()


@contextmanager
def _workers(executor: Executor | None, jobs: int) -> Iterator[_Here | _There]:
    if executor is not None:
        yield _There(executor)
    elif jobs > 1:
        others = set(multiprocessing.active_children())
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as own:
            yield _Forked(own, others)
    else:
        yield _Here()


def _simulate(text: str, seed: int, options: RunOptions) -> dict[str, Any]:
    # Executors pickle what they are to call, which functions of compiled modules do not allow.
    return _xensim.simulate(
        text, seed, options.audit, explain=options.explain, cache=options.cache, traces=list(options.traces)
    )


def _outcome(run: _xensim.Run, at_once: bool, call: Any) -> Outcome:
    """What `call` gives or raises, the latter noted to be of this run."""
    try:
        return call()
    except Exception as error:
        error.add_note(f"in {label(run)}")
        if at_once or isinstance(error, BrokenExecutor):
            raise
        return error
