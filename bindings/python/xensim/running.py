"""Runs through an executor, in order."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from numbers import Integral
from typing import Any

from tqdm import tqdm

from . import _xensim


def run_all(
    runs: Sequence[_xensim.Run], executor: Executor | None, jobs: int | None, progress: bool, audit: bool
) -> list[dict[str, Any]]:
    """The results in the order of `runs`. Raises what the first failing run raised."""
    if jobs is not None and not (isinstance(jobs, Integral) and jobs >= 1):
        raise _xensim.InputError(f"found jobs={jobs!r}; expected at least 1, or None for all processors")
    if executor is not None and not hasattr(executor, "submit"):
        raise TypeError(f"found {executor!r}; expected an executor, such as those of concurrent.futures")
    jobs = min(int(jobs or 0) or len(os.sched_getaffinity(0)), max(len(runs), 1))
    with tqdm(total=len(runs), unit="run", disable=None if progress else True) as bar:
        if executor is not None:
            return _collect(executor, runs, bar, audit, _cancel)
        if jobs > 1:
            # Forked, so that the workers know the schedulers and workloads registered here.
            context = multiprocessing.get_context("fork")
            others = set(multiprocessing.active_children())
            with ProcessPoolExecutor(jobs, mp_context=context) as own:

                def end_workers(_: Sequence[Future]) -> None:
                    for worker in set(multiprocessing.active_children()) - others:
                        worker.terminate()

                return _collect(own, runs, bar, audit, end_workers)
        results = []
        for run in runs:
            with _noting(run):
                results.append(_simulate(run.text, run.seed, audit))
            bar.update()
        return results


def _cancel(futures: Sequence[Future]) -> None:
    for future in futures:
        future.cancel()


def _collect(
    executor: Executor,
    runs: Sequence[_xensim.Run],
    bar: tqdm,
    audit: bool,
    abandon: Callable[[Sequence[Future]], None],
) -> list[dict[str, Any]]:
    # Only submit, add_done_callback, result and cancel: what Dask's and mpi4py's futures have as well.
    futures = [executor.submit(_simulate, run.text, run.seed, audit) for run in runs]
    for future in futures:
        future.add_done_callback(lambda _: bar.update())
    try:
        results = []
        for run, future in zip(runs, futures, strict=True):
            with _noting(run):
                results.append(future.result())
        return results
    except BaseException:
        abandon(futures)
        raise


def _simulate(text: str, seed: int, audit: bool) -> dict[str, Any]:
    # Executors pickle what they are to call, which functions of compiled modules do not allow.
    return _xensim.simulate(text, seed, audit)


@contextmanager
def _noting(run: _xensim.Run) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        point = "".join(f"{path}={label}, " for path, label in run.point)
        error.add_note(f"in run {run.index} ({point}replication {run.replication})")
        raise
