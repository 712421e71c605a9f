"""Runs through an executor, in order."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from . import _xensim


def run_all(
    runs: Sequence[_xensim.Run], executor: Executor | None, jobs: int | None, progress: bool, audit: bool
) -> list[dict[str, Any]]:
    """The results in the order of `runs`. Raises what the first failing run raised."""
    if jobs is not None and jobs < 1:
        raise _xensim.InputError(f"found jobs={jobs}; expected at least 1, or None for all processors")
    jobs = min(jobs or len(os.sched_getaffinity(0)), max(len(runs), 1))
    with tqdm(total=len(runs), unit="run", disable=None if progress else True) as bar:
        if executor is not None:
            return _collect(executor, runs, bar, audit)
        if jobs > 1:
            # Forked, so that the workers know the schedulers and workloads registered here.
            context = multiprocessing.get_context("fork")
            with ProcessPoolExecutor(jobs, mp_context=context) as own:
                return _collect(own, runs, bar, audit)
        results = []
        for run in runs:
            with _noting(run):
                results.append(_simulate(run.text, run.seed, audit))
            bar.update()
        return results


def _collect(executor: Executor, runs: Sequence[_xensim.Run], bar: tqdm, audit: bool) -> list[dict[str, Any]]:
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
        for future in futures:
            future.cancel()
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
