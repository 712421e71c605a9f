"""What runs yield, as data frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas

from . import _xensim
from .axes import label_columns

# Between the workload and the operation that it counted.
_COUNTED = "/count/"


@dataclass(frozen=True)
class Results:
    """Tables of the same runs. Each begins with the sweep's columns (numbers where all labels are) and
    `replication`.

    `metrics` has one row per run and metric: `metric`, `unit`, `value`; what `Experiment.run` returns.

    `series` has one row per run, time series and sample: `series` (such as "throughput", "web/elapsed/stolen" or
    "host0/disk0/reads"), `time_s` (seconds since the measurement began, at the end of the interval), `unit`, `value`
    (of work and of counters how fast they grew in the interval; of levels the value at its end). Empty unless the
    experiment has `measure.sample`, the interval; `measure.series` chooses.

    `counts` has one row per run and counted operation: `workload` (whose), `operation` (page faults, context
    switches, TLB walks ...), `value` (how many per operation of the benchmark, in the intervals that it times).
    Empty unless runs were explained and their workloads count.
    """

    metrics: pandas.DataFrame
    series: pandas.DataFrame
    counts: pandas.DataFrame

    def __repr__(self) -> str:
        return f"<xensim.Results: {len(self.metrics)} metrics, {len(self.series)} samples, {len(self.counts)} counts>"


def results_of(runs: Sequence[_xensim.Run], outcomes: Sequence[dict[str, Any]], swept: Sequence[str]) -> Results:
    """Of runs with their outcomes; `swept` are the paths of the sweep, which are known without runs too."""
    points = [dict(run.point) for run in runs] or [dict.fromkeys(swept, "")]
    labels = label_columns(points)

    def table(columns: tuple[str, ...], rows_of: Callable[[dict[str, Any]], list[tuple[Any, ...]]]) -> pandas.DataFrame:
        content: dict[str, list[Any]] = {column: [] for column in (*labels, "replication", *columns)}
        for index, (run, outcome) in enumerate(zip(runs, outcomes, strict=True)):
            rows = rows_of(outcome)
            for column, values in labels.items():
                content[column] += [values[index]] * len(rows)
            content["replication"] += [run.replication] * len(rows)
            for column, values in zip(columns, zip(*rows, strict=True), strict=False):
                content[column] += values
        return pandas.DataFrame(content)

    return Results(
        table(("metric", "unit", "value"), lambda outcome: outcome["metrics"]),
        table(("series", "time_s", "unit", "value"), lambda outcome: outcome["series"]),
        table(("workload", "operation", "value"), _counts),
    )


def _counts(outcome: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = [(name.partition(_COUNTED), value) for name, _, value in outcome["metrics"] if _COUNTED in name]
    return [(workload, operation, value) for (workload, _, operation), value in names]
