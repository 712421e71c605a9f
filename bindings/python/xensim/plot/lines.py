"""Lines of any metric."""

from __future__ import annotations

import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .._xensim import InputError
from ..axes import swept_columns
from ..names import rows_of, swept_column
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
    rows = rows_of(frame, metric)
    x = swept_column(frame, x)
    by = None if by is None else swept_column(frame, by)
    for column in set(swept_columns(frame)) - {x, by}:
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
