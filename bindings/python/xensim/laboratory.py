"""The isolation laboratory: any workload as a victim, any mix of aggressors, any scheduler.

    table = xensim.laboratory.matrix(victims=["database"], aggressors=["fork_bomb", "ring_abuser"])
    xensim.plot.matrix(table, "victim", "aggressor")

It is the experiment `laboratory` with other lists; what is not named here is as that file has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from typing import Any

import pandas

from ._xensim import InputError
from .experiment import Experiment, load
from .isolation import attribution, losses

NONE = "none"  # the aggressor that leaves the victim alone
# What of each victim's metrics counts; the work rate of others.
SCORES = {
    "memory_probe": "victim/probes", "database": "victim/completed", "disk": "victim/moved", "stream": "peer/bytes",
}  # fmt: skip
_VICTIM, _NEIGHBOURS = "domains[0].workload", "domains"


def victims() -> dict[str, Any]:
    """The victims that the experiment knows, by name: workloads."""
    return {entry["label"]: entry["value"] for entry in _sweep()[_VICTIM]}


def aggressors() -> dict[str, list[Any]]:
    """The aggressors that it knows, by name: domains beside the victim's."""
    return {entry["label"]: entry["value"][1:] for entry in _sweep()[_NEIGHBOURS]}


def experiment(
    victims: Iterable[str] | Mapping[str, Any] = ("memory_probe",),
    aggressors: Iterable[str] | Mapping[str, Any] = ("cpu_hog",),
    schedulers: Iterable[Any] | None = None,
    platforms: Iterable[Any] | None = None,
    replications: int = 3,
    changes: Mapping[str, Any] | None = None,
) -> Experiment:
    """The experiment for these victims beside each of these aggressors, and alone.

    `victims`: names of `victims()`, or a mapping of names to workloads. `aggressors`: names of `aggressors()`, where
    "a+b" is both together, or a mapping of names to workloads. `schedulers` and `platforms` are swept if given (a
    platform other than Xen has no scheduler of domains). `changes` as `Experiment.with_` takes them. Raises InputError
    for what is unknown.
    """
    for kind, names in (("victims", victims), ("aggressors", aggressors)):
        if isinstance(names, str):
            raise InputError(f"found {names!r} as {kind}; expected a list of names or a mapping")
    chosen, beside = _victims(victims), _neighbours(aggressors)
    base = load("laboratory").with_(dict(changes or {}), replications=replications)
    axes: dict[str, Any] = {}
    if platforms is not None:
        axes["platform"] = list(platforms)
    axes[_NEIGHBOURS] = [
        {"label": name, "value": [{"name": "victim", "count": 1, "workload": "idle"}, *others]}
        for name, others in beside.items()
    ]
    axes[_VICTIM] = [{"label": name, "value": workload} for name, workload in chosen.items()]
    if schedulers is not None:
        axes["platform.scheduler"] = list(schedulers)
    document = base.document
    document["sweep"] = axes
    return load(document)


def matrix(
    victims: Iterable[str] | Mapping[str, Any] = ("memory_probe",),
    aggressors: Iterable[str] | Mapping[str, Any] = ("cpu_hog",),
    schedulers: Iterable[Any] | None = None,
    platforms: Iterable[Any] | None = None,
    replications: int = 3,
    changes: Mapping[str, Any] | None = None,
    scores: Mapping[str, str] | None = None,
    executor: Executor | None = None,
    jobs: int | None = None,
) -> pandas.DataFrame:
    """Runs `experiment(...)`. One row for each victim, aggressor and, if swept, scheduler and platform: `loss`, `low`
    and `high` as `xensim.isolation.losses` gives them, and the parts of the loss as `attribution` does.

    `scores`: of victims that are not in `SCORES`, the metric that counts; by default their work rate,
    `victim/throughput`.
    """
    plan = experiment(victims, aggressors, schedulers, platforms, replications, changes)
    frame = plan.run(executor=executor, jobs=jobs, progress=False).rename(
        columns={_NEIGHBOURS: "aggressor", _VICTIM: "victim"}
    )
    known = {**SCORES, **(scores or {})}
    tables = []
    for victim, rows in frame.groupby("victim", sort=False):
        score = known.get(victim, "victim/throughput")
        lost = losses(rows, score, by="aggressor", alone=NONE)
        parts = attribution(rows, score, "victim", by="aggressor", alone=NONE).drop(columns="loss")
        keys = [column for column in ("platform", "aggressor", "victim", "scheduler") if column in lost]
        tables.append(lost.merge(parts, on=keys))
    table = pandas.concat(tables, ignore_index=True)
    return table[table["aggressor"] != NONE].reset_index(drop=True)


def _sweep() -> dict[str, Any]:
    return load("laboratory").document["sweep"]


def _victims(wanted: Iterable[str] | Mapping[str, Any]) -> Mapping[str, Any]:
    """Workloads, by name."""
    if isinstance(wanted, Mapping):
        return wanted
    known = victims()
    return {name: _find(known, name, "victim") for name in wanted}


def _neighbours(wanted: Iterable[str] | Mapping[str, Any]) -> dict[str, list[Any]]:
    """Domains beside the victim's, by name; first none."""
    beside = {NONE: _together(NONE)}
    if isinstance(wanted, Mapping):
        return beside | {
            name: [{"name": "aggressor", "count": 1, "workload": workload}] for name, workload in wanted.items()
        }
    return beside | {name: _together(name) for name in wanted if name != NONE}


def _find(known: Mapping[str, Any], name: str, kind: str) -> Any:
    if name not in known:
        raise InputError(f"found no {kind} {name!r}; expected one of {list(known)}")
    return known[name]


def _together(name: str) -> list[Any]:
    """The domains of all that a name names, each with a name of its own."""
    domains = []
    for part in name.split("+"):
        for domain in _find(aggressors(), part, "aggressor"):
            suffix = f"_{len(domains)}" if any(other["name"] == domain["name"] for other in domains) else ""
            domains.append({**domain, "name": domain["name"] + suffix})
    return domains
