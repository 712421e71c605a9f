"""Lines of any metric."""

from __future__ import annotations

import itertools

import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes
from pandas.api.types import is_numeric_dtype

from .._xensim import InputError
from ..axes import swept_columns
from ..names import rows_of, swept_column
from ..statistics import summary
from .style import CAP, STYLE, doubling_axis, errors

_LETTERS = 50  # of tick labels that have room beside each other
_INSIDE = 4  # lines whose legend is small enough to stand among them


def lines(
    frame: pandas.DataFrame, metric: str, x: str = "domains", by: str | None = None, ax: Axes | None = None
) -> Axes:
    """The mean of `metric` over column `x`, a line for each value of column `by`, with 95 % intervals over
    replications. The axis of numbers that at least double from one to the next is logarithmic; that of means that are
    never negative begins at 0, even where an interval does not.

    `frame` is what `Experiment.run` returns. Other sweep columns than `x` and `by` must have one value.
    Raises InputError for a metric or column that the frame does not have.
    """
    rows = rows_of(frame, metric)
    x = swept_column(frame, x)
    by = None if by is None else swept_column(frame, by)
    for column in set(swept_columns(frame)) - {x, by}:
        if rows[column].nunique() > 1:
            raise InputError(f"found several values of {column!r}; expected one, or by={column!r}")
    table = summary(rows)
    own = ax is None
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
        groups = [(None, table)] if by is None else list(table.groupby(by, sort=False))
        for name, group in groups:
            ax.errorbar(
                group[x], group["mean"], yerr=errors(group, "mean"), capsize=CAP, elinewidth=1,
                marker="o", markersize=4, label=None if name is None else str(name),
            )  # fmt: skip
        unit = table["unit"].iloc[0]
        ax.set_xlabel(x)
        ax.set_ylabel(metric if unit == "1" else f"{metric}, {unit}")
        ax.set_ylim(bottom=0 if (table["mean"] >= 0).all() else min(0, ax.get_ylim()[0]))
        if _doubles(table[x]):
            doubling_axis(ax, table[x])
        elif not is_numeric_dtype(table[x]) and sum(map(len, table[x].astype(str).unique())) > _LETTERS:
            pyplot.setp(ax.get_xticklabels(), rotation=20, ha="right", rotation_mode="anchor")
        if by is not None and own and len(groups) > _INSIDE:
            ax.legend(title=by, loc="center left", bbox_to_anchor=(1.0, 0.5))
        elif by is not None:
            ax.legend(title=by)
    return ax


def _doubles(values: pandas.Series) -> bool:
    if not is_numeric_dtype(values):
        return False
    steps = sorted(values.unique())
    return len(steps) > 3 and steps[0] > 0 and all(2 * low <= high for low, high in itertools.pairwise(steps))
