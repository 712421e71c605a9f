"""The paper's Figure 6 beside its published points."""

from __future__ import annotations

import os

import matplotlib
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from ..cells import figure6_cells
from .style import BLUE, CAP, GREEN, GREY, RED, STYLE, doubling_axis, errors

# Label, colour and marker of each series, in the order of the legend.
SERIES = {
    "linux": ("Linux", BLUE, "s"),
    "xen_50ms": ("Xen, 50 ms slices", GREEN, "^"),
    "xen_5ms": ("Xen, 5 ms slices", RED, "o"),
}


def figure6(
    source: pandas.DataFrame | str | os.PathLike[str], ax: Axes | None = None
) -> matplotlib.figure.Figure:
    """Throughput of 1 to 128 instances relative to one: simulated as lines with 95 % intervals, published as
    open markers.

    `source`: the frame of the experiment "figure6", a comparison file (`--json`), or a directory that
    `xensim reproduce` wrote. Without `ax`, a second panel shows the deviation from the published values.
    Raises InputError if there is nothing of Figure 6.
    """
    table = figure6_cells(source)
    with pyplot.rc_context(STYLE):
        if ax is not None:
            _throughput(ax, table)
            ax.set_xlabel("Concurrent processes or domains")
            return ax.figure
        figure, (above, below) = pyplot.subplots(
            2, 1, figsize=(6.4, 5.6), sharex=True, height_ratios=(2.6, 1), layout="constrained"
        )
        _throughput(above, table)
        _deviation(below, table)
        below.set_xlabel("Concurrent processes or domains (SPEC CINT2000)")
        figure.align_ylabels()
        return figure


def _series(table: pandas.DataFrame) -> list[tuple[pandas.DataFrame, tuple[str, str, str]]]:
    others = {name: (name, GREY, "D") for name in table["series"].unique() if name not in SERIES}
    return [
        (table[table["series"] == name].sort_values("instances"), style)
        for name, style in {**SERIES, **others}.items()
        if (table["series"] == name).any()
    ]


def _throughput(ax: Axes, table: pandas.DataFrame) -> None:
    for rows, (label, colour, marker) in _series(table):
        ax.errorbar(
            rows["instances"], rows["simulated"], yerr=errors(rows, "simulated"),
            color=colour, capsize=CAP, elinewidth=1, label=f"{label}, simulated",
        )  # fmt: skip
        ax.plot(
            rows["instances"], rows["published"], linestyle="none", marker=marker, markersize=7,
            markerfacecolor="none", markeredgecolor=colour, label=f"{label}, published",
        )  # fmt: skip
    doubling_axis(ax, table["instances"])
    ax.set_ylim(0, 2.15)
    ax.set_ylabel("Throughput relative to one instance")
    handles, labels = ax.get_legend_handles_labels()
    # Matplotlib lists lines before error bars; one column each for simulated and published.
    order = sorted(range(len(labels)), key=lambda i: labels[i].endswith("published"))
    ax.legend([handles[i] for i in order], [labels[i] for i in order], loc="lower right", ncols=2)


def _deviation(ax: Axes, table: pandas.DataFrame) -> None:
    ax.axhline(0, color=GREY, linewidth=0.8)
    for rows, (_, colour, marker) in _series(table):
        scale = 100 / rows["published"]
        ax.errorbar(
            rows["instances"], (rows["simulated"] - rows["published"]) * scale,
            yerr=errors(rows, "simulated") * scale.to_numpy(),
            color=colour, capsize=CAP, elinewidth=1, linewidth=1.2, marker=marker, markersize=3.5,
        )  # fmt: skip
    largest = max(abs(low_or_high) for low_or_high in ax.get_ylim())
    ax.set_ylim(-largest, largest)
    doubling_axis(ax, table["instances"])
    ax.set_ylabel("Deviation from\npublished, %")
