"""Schedulers and workloads written in Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from . import _xensim
from ._xensim import RandomStream, Share

S = TypeVar("S", bound="type[Scheduler]")
Program = Iterator["_xensim.Compute | _xensim.Sleep"]
_LONGEST = 2**63 // 1000  # ns
W = TypeVar("W", bound=Callable[..., "Program | Iterable[Program]"])


def nanoseconds(*, s: float = 0, ms: float = 0, us: float = 0, ns: int = 0) -> int:
    """The sum, in whole nanoseconds; the unit of all times between the simulator and Python code.

    Raises ValueError for what is no number, or longer than simulated time: 2**63 ps, some 106 days.
    """
    try:
        total = round(s * 1_000_000_000) + round(ms * 1_000_000) + round(us * 1000) + ns
    except OverflowError as error:
        raise ValueError("an infinite time; expected at most 106 days") from error
    if abs(total) > _LONGEST:
        raise ValueError(f"a time of {total / 8.64e13:.3g} days; expected at most 106")
    return total


# --- Schedulers -------------------------------------------------------------------------------------------


class Scheduler:
    """A scheduling policy over all processors of a host: a subclass, registered by `@scheduler("name")`.

    A policy has no clock and switches nothing: it is told what happened and answers what to do. Times are
    whole nanoseconds, rounded down. vCPUs are small integers in order of creation (0 is domain 0); each
    stays on the processor it is added to.

    `wake`, `event_marked` and `expire` answer when a scheduling pass is due: None (what is due already
    suffices) or a time; `now` or earlier means at once. An exception ends the run and surfaces where it was
    started; so does, as SimulationError, the choice of a vCPU that cannot run.
    """

    def __init__(self, cpus: int) -> None:
        """For a host of `cpus` processors. Keyword-only arguments with defaults, if the subclass has any,
        become parameters of experiments, of the type of their default."""

    def draw_from(self, random: RandomStream) -> None:
        """First of all: the numbers of a policy that draws lots. Each replication has others."""

    def add(self, vcpu: int, cpu: int, share: Share, now: int) -> None:
        """A new vCPU, not runnable yet."""
        raise self._missing("add")

    def remove(self, vcpu: int, now: int) -> None:
        """It is gone; it was not running."""

    def adjust(self, vcpu: int, share: Share, now: int) -> None:
        """It has another share."""

    def wake(self, vcpu: int, now: int) -> int | None:
        """It became runnable."""
        raise self._missing("wake")

    def event_marked(self, vcpu: int, now: int) -> int | None:
        """It got an event while runnable but not running."""
        return None

    def sleep(self, vcpu: int, now: int) -> None:
        """It is no longer runnable; it was not running."""

    def yield_(self, vcpu: int, now: int) -> None:
        """It runs and gives up its turn but stays runnable; `schedule` follows."""

    def schedule(
        self, cpu: int, current_runnable: bool, now: int
    ) -> tuple[int | None, int] | tuple[int | None, int, int]:
        """One pass: (the vCPU to run, or None to idle; ns until the next pass, 1 us to 1 h).

        A third element is the number of queue entries that the modelled code looks at; their time is
        charged. `current_runnable` says whether the vCPU chosen last on this processor may go on.
        """
        raise self._missing("schedule")

    def deadline(self, cpu: int) -> int | None:
        """When `expire` wants to be called next."""
        return None

    def expire(self, cpu: int, now: int) -> int | None:
        """The deadline has come."""
        return None

    def audit(self) -> str:
        """Empty, or the first contradiction between the policy's own structures."""
        return ""

    def _missing(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {method}(); every scheduler needs it")


def scheduler(name: str) -> Callable[[S], S]:
    """Class decorator: experiments can name this policy as their scheduler.

    A later class of the same name replaces the earlier one. Raises TypeError for a class that is no
    Scheduler, InputError for an empty name or that of a built-in one, SimulationError while a simulation runs.
    """

    def register(policy: S) -> S:
        if not (isinstance(policy, type) and issubclass(policy, Scheduler)):
            raise TypeError(f"@xensim.scheduler({name!r}) on {policy!r}; expected a subclass of Scheduler")
        _xensim.register_scheduler(name, _first_line(policy), _parameters(policy), policy)
        return policy

    return register


# --- Workloads --------------------------------------------------------------------------------------------


def compute(
    *, s: float = 0, ms: float = 0, us: float = 0, ns: int = 0, working_set: int | None = None
) -> _xensim.Compute:
    """To be yielded: execute for so long, with warm caches and nothing else on the machine.

    `working_set`: bytes used all the time (64 to 64 MiB); None: the workload's. Raises ValueError for a
    negative time or a working set out of range.
    """
    return _xensim.Compute(nanoseconds(s=s, ms=ms, us=us, ns=ns), working_set)


def sleep(*, s: float = 0, ms: float = 0, us: float = 0, ns: int = 0) -> _xensim.Sleep:
    """To be yielded: sleep at least so long. The kernel rounds up to ticks of 10 ms and adds one.

    Raises ValueError for a negative time.
    """
    return _xensim.Sleep(nanoseconds(s=s, ms=ms, us=us, ns=ns))


def workload(name: str, working_set: int = 4096) -> Callable[[W], W]:
    """Decorator: experiments can name this workload.

        @xensim.workload("bursty")
        def bursty(instance: int, random: xensim.RandomStream, *, burst_ms: int = 8):
            while True:
                yield xensim.compute(ms=burst_ms)
                yield xensim.sleep(ms=random.below(20))

    A generator function is one program per instance; a function that returns a list of generators starts
    that many. `instance` counts from 0 within its domain template; `random` belongs to it alone: only
    numbers from there make results reproducible. Keyword-only arguments with defaults are parameters of
    experiments. `working_set`: bytes, 64 to 64 MiB.

    A later function of the same name replaces the earlier one. Raises InputError for an empty name
    or that of a built-in workload, TypeError for what cannot be called, ValueError for a working set out of
    range, SimulationError while a simulation runs.
    """

    def register(programs: W) -> W:
        if not callable(programs):
            raise TypeError(f"@xensim.workload({name!r}) on {programs!r}; expected a generator function")
        _xensim.register_workload(name, _first_line(programs), _parameters(programs), programs, working_set)
        return programs

    return register


def _first_line(documented: Any) -> str:
    return (documented.__doc__ or "written in Python").strip().splitlines()[0]


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """Keyword-only arguments and their defaults."""
    return {
        parameter.name: parameter.default
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        and parameter.default is not inspect.Parameter.empty
    }


__all__ = ["RandomStream", "Scheduler", "compute", "nanoseconds", "scheduler", "sleep", "workload"]
