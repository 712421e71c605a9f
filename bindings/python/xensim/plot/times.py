"""Where an instance's time goes: stacked bars."""

from __future__ import annotations

import numpy
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .. import isolation
from .._xensim import InputError
from ..axes import swept_columns
from ..names import swept_column
from .parts import groups_of
from .style import STYLE


def times(frame: pandas.DataFrame, instance: str, x: str = "domains", ax: Axes | None = None) -> Axes:
    """Stacked bars of what `instance`, or all of a template of this name, spent its time on, in percent, one for each
    value of column `x`. Parts below 0.05 % everywhere are left out.

    `frame` is what `Experiment.run` returns. Other sweep columns than `x` must have one value. Raises InputError for an
    instance without `elapsed/...` metrics or a column that the frame does not have."""
    x = swept_column(frame, x)
    for column in set(swept_columns(frame)) - {x}:
        if frame[column].nunique() > 1:
            raise InputError(f"found several values of {column!r}; expected one")
    table = isolation.times(frame, instance)
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(max(6.4, 2.6 + 0.8 * len(table)), 3.8), layout="constrained")
        places, top = numpy.arange(len(table)), numpy.zeros(len(table))
        for name, colour, part in groups_of(table):
            height = 100 * part
            ax.bar(places, height, 0.62, bottom=top, color=colour, label=name)
            top += height
        ax.set_xticks(places, [str(value) for value in table[x]])
        ax.set_ylim(0, 100)
        ax.grid(axis="x", visible=False)
        ax.set_xlabel(x)
        ax.set_ylabel(f"time of {instance}, %")
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
    return ax
