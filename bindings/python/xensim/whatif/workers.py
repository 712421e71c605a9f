"""Processes that simulate runs with other constants."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

from .. import _xensim
from .cells import Run


class Workers:
    """A pool of `jobs` processes, for one `with` statement."""

    def __init__(self, jobs: int) -> None:
        # Forked: quick to start. Interrupts are for the parent to act upon, and not while it forks: hooks
        # that run then would swallow the exception.
        others = set(multiprocessing.active_children())
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        self._pool = ProcessPoolExecutor(
            jobs, mp_context=multiprocessing.get_context("fork"), initializer=_ignore_interrupts
        )
        for started in [self._pool.submit(os.getpid) for _ in range(jobs)]:
            started.result()
        self._processes = set(multiprocessing.active_children()) - others
        signal.pthread_sigmask(signal.SIG_SETMASK, held)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is not None:  # a run may take minutes
            for process in self._processes:
                process.terminate()
        # Waits for the pool's thread, which Python otherwise wakes at its exit while it closes what it is woken by.
        self._pool.shutdown(cancel_futures=True)

    def submit(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._pool.submit(work, *arguments)


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def simulate(run: Run, metrics: Sequence[str], constants: Mapping[str, float]) -> dict[str, float]:
    """The value of each metric; `*` in a name stands for anything without a slash, and what fits is added up.
    Raises InputError, also if the run has no such metric, and SimulationError."""
    result = _xensim.simulate(with_constants(run, constants), run.seed)
    return {metric: _sum(result["metrics"], metric) for metric in metrics}


def with_constants(run: Run, constants: Mapping[str, float]) -> str:
    """The run's text with these besides its own; unchanged without any."""
    if not constants:
        return run.text
    document = json.loads(run.text)
    return json.dumps(document | {"constants": {**document.get("constants", {}), **constants}})


def _sum(metrics: Sequence[tuple[str, str, float]], wanted: str) -> float:
    pattern = re.compile("[^/]*".join(map(re.escape, wanted.split("*"))))
    values = [value for name, _, value in metrics if pattern.fullmatch(name)]
    if values:
        return sum(values)
    raise _xensim.InputError(f"the run has no metric {wanted!r}; expected its measurement to be complete")
