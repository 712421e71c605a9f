"""Where losses arise, and where time goes: what is stacked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .._xensim import InputError
from ..isolation import PARTS
from .series import check_samples
from .style import BLUE, GREEN, GREY, ORANGE, PINK, RED, STYLE

# What the parts are called, and which of them are shown as one.
GROUPS = {
    "waits for a processor": ("stolen", "runnable"),
    "cache refill": ("refill",),
    "TLB refill": ("translation",),
    "own kernel": ("kernel",),
    "monitor, for it": ("monitor",),
    "interrupts, for all": ("interrupts",),
    "queue of the disk": ("disk_queue",),
    "disk and paging": ("disk", "paging"),
    "network": ("network",),
    "its program": ("user",),
    "others": ("timer", "process", "unexplained"),
}
COLOURS = [RED, ORANGE, "#F0E442", BLUE, "#56B4E9", "#003f5c", GREEN, "#66c2a5", PINK, "#999999", "#cccccc"]


def groups_of(table: pandas.DataFrame) -> Iterator[tuple[str, str, numpy.ndarray]]:
    """Name, colour and sums of each group of parts that is anywhere worth showing. `table` has a column for each part."""
    for (name, members), colour in zip(GROUPS.items(), COLOURS, strict=True):
        sums = table[[member for member in members if member in table.columns]].sum(axis=1).to_numpy(dtype=float)
        if numpy.abs(sums).max(initial=0) >= 0.0005:
            yield name, colour, sums


def parts(table: pandas.DataFrame, x: str, ax: Axes | None = None) -> Axes:
    """Stacked bars of the parts of a loss, in percent of the result alone, one for each row of a table as
    `xensim.isolation.attribution` or `xensim.laboratory.matrix` give it; the row's name stands in column `x`. What was
    saved hangs below zero; a dot says the loss. Raises InputError if a name occurs more than once."""
    if x not in table:
        raise InputError(f"found no column {x!r}; expected one of {list(table.columns)}")
    if table[x].duplicated().any():
        raise InputError(f"found several losses for one {x}; expected one")
    assert {part for group in GROUPS.values() for part in group} >= set(PARTS)
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(max(6.4, 2.6 + 0.8 * len(table)), 3.8), layout="constrained")
        places = numpy.arange(len(table))
        above, below = numpy.zeros(len(table)), numpy.zeros(len(table))
        for name, colour, part in groups_of(table):
            height = 100 * part
            start = numpy.where(height >= 0, above, below)
            ax.bar(places, height, 0.62, bottom=start, color=colour, label=name)
            above += numpy.clip(height, 0, None)
            below += numpy.clip(height, None, 0)
        ax.plot(places, 100 * table["loss"], "o", color="black", markersize=4, label="loss")
        ax.axhline(0, color=GREY, linewidth=0.8)
        ax.set_xticks(places, [str(name) for name in table[x]])
        if len(table) > 4:
            ax.tick_params(axis="x", rotation=20)
        ax.grid(axis="x", visible=False)
        ax.set_ylabel("parts of the loss,\n% of the result alone")
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
    return ax


def elapsed(frame: pandas.DataFrame, instances: str, ax: Axes | None = None) -> Axes:
    """Where the time of `instances` (a template) went in each interval: stacked areas, in seconds per second, which
    add up to the number of instances. Replications are a mean.

    `frame` is the `series` of `Experiment.results` or `OneRun.run`, of an experiment whose `measure.series` has
    `INSTANCES/elapsed/`. Columns of a sweep must have one value. Raises InputError otherwise.
    """
    check_samples(frame)
    prefix = f"{instances}/elapsed/"
    own = frame[frame["series"].str.startswith(prefix)]
    if own.empty:
        raise InputError(f"found no series {prefix}...; expected it in measure.series")
    for column in own.columns.difference(["series", "time_s", "unit", "value", "replication"]):
        if own[column].nunique() > 1:
            raise InputError(f"found several values of {column!r}; expected one")
    spent = own.pivot_table(index="time_s", columns=own["series"].str.removeprefix(prefix), values="value", sort=False)
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(7.2, 3.6), layout="constrained")
        edges = [0.0, *spent.index]
        below = numpy.zeros(len(edges))
        for name, colour, height in groups_of(spent):
            above = below + numpy.concatenate([height[:1], height])
            ax.fill_between(edges, below, above, step="pre", color=colour, linewidth=0, label=name)
            below = above
        ax.set_xlim(0, edges[-1])
        ax.set_ylim(bottom=0)
        ax.set_xlabel("time since the measurement began, s")
        ax.set_ylabel(f"time of {instances}, s/s")
        handles, labels = ax.get_legend_handles_labels()
        ax.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)
    return ax
