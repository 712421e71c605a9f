"""Time series."""

from __future__ import annotations

import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .._xensim import InputError
from .style import STYLE

_SAMPLE = ("series", "time_s", "unit", "value")


def check_samples(frame: pandas.DataFrame) -> None:
    if missing := [column for column in _SAMPLE if column not in frame]:
        raise InputError(f"found no column {missing[0]!r}; expected the series of results")
    if frame.empty:
        raise InputError("found no samples; expected an experiment with measure.sample, the interval")


def series(frame: pandas.DataFrame, by: str = "series", ax: Axes | None = None) -> Axes:
    """Statistics over time, a line for each value of column `by`; its value in an interval stands at the
    interval's end, in seconds since the measurement began. Replications are a mean.

    `frame` is the `series` of `Experiment.results` or `OneRun.run`. Other columns than `by` and `replication` must have
    one value. Raises InputError for a frame without samples, or a column that it does not have.
    """
    check_samples(frame)
    columns = [column for column in frame.columns if column not in ("replication", "time_s", "value")]
    if by == "series":
        columns.remove("unit")
        if frame["unit"].nunique() > 1:
            raise InputError(f"found the units {sorted(frame['unit'].unique())}; expected series of one unit")
    if by not in columns:
        raise InputError(f"found no column {by!r}; expected one of {sorted(columns)}")
    for column in columns:
        if column != by and frame[column].nunique() > 1:
            raise InputError(f"found several values of {column!r}; expected one, or by={column!r}")
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
        for name, group in frame.groupby(by, sort=False):
            mean = group.groupby("time_s")["value"].mean()
            ax.plot(mean.index, mean, label=str(name))
        ax.set_xlabel("time since the measurement began, s")
        unit = frame["unit"].iloc[0]
        ax.set_ylabel(unit if by == "series" else f"{frame['series'].iloc[0]}, {unit}")
        ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
        ax.legend(title=by)
    return ax
