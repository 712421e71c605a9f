"""Lines of any metric."""

from __future__ import annotations

import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .._xensim import InputError
from ..axes import swept_columns
from ..statistics import summary
from .style import CAP, STYLE, errors


def lines(
    frame: pandas.DataFrame, metric: str, x: str = "domains", by: str | None = None, ax: Axes | None = None
) -> Axes:
    """The mean of `metric` over column `x`, a line for each value of column `by`, with 95 % intervals over
    replications.

    `frame` is what `Experiment.run` returns. Other sweep columns than `x` and `by` must have one value.
    Raises InputError for a metric or column that the frame does not have.
    """
    rows = frame[frame["metric"] == metric]
    if rows.empty:
        raise InputError(f"found no metric {metric!r}; expected one of {sorted(set(frame['metric']))[:20]}")
    columns = [column for column in (x, by) if column is not None]
    swept = swept_columns(frame)
    for column in columns:
        if column not in swept:
            raise InputError(f"found no column {column!r}; expected one of {sorted(swept)}")
    for column in set(swept) - set(columns):
        if rows[column].nunique() > 1:
            raise InputError(f"found several values of {column!r}; expected one, or by={column!r}")
    table = summary(rows)
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
        groups = [(None, table)] if by is None else table.groupby(by, sort=False)
        for name, group in groups:
            ax.errorbar(
                group[x], group["mean"], yerr=errors(group, "mean"), capsize=CAP, elinewidth=1,
                marker="o", markersize=4, label=None if name is None else str(name),
            )  # fmt: skip
        unit = table["unit"].iloc[0]
        ax.set_xlabel(x)
        ax.set_ylabel(metric if unit == "1" else f"{metric}, {unit}")
        ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
        if by is not None:
            ax.legend(title=by)
    return ax
