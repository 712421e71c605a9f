"""xensim: performance isolation between virtual machines, simulated.

    import xensim

    frame = xensim.load("weights").sweep(domains=[1, 2, 4]).run()
    print(xensim.summary(frame))

Experiments are values: every change gives a new one. Results are tidy pandas data frames. Schedulers and
workloads may be written in Python; see `scheduler` and `workload`.
"""

import importlib
from typing import Any

try:
    from ._xensim import InputError, RandomStream, Share, SimulationError
except ModuleNotFoundError as error:
    if error.name != f"{__name__}._xensim":
        raise
    raise ImportError(
        f"{__path__[0]} has no compiled module; start Python with ./xensim python, which builds it"
    ) from error
from ._xensim import version as __version__
from . import isolation, laboratory
from .catalogue import catalogue, schema
from .experiment import Experiment, experiment_of, load, simulate
from .one_run import OneRun
from .plugins import Scheduler, compute, nanoseconds, scheduler, sleep, workload
from .results import Results
from .sensitivity import sensitivity
from .statistics import read_metrics, summary

__all__ = [
    "Experiment",
    "InputError",
    "OneRun",
    "RandomStream",
    "Results",
    "Scheduler",
    "Share",
    "SimulationError",
    "catalogue",
    "compute",
    "experiment_of",
    "isolation",
    "laboratory",
    "load",
    "nanoseconds",
    "plot",
    "read_metrics",
    "scheduler",
    "schema",
    "sensitivity",
    "simulate",
    "sleep",
    "summary",
    "workload",
]


def __getattr__(name: str) -> Any:
    # Matplotlib takes longer to load than all the rest.
    if name == "plot":
        return importlib.import_module(".plot", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
