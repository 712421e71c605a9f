"""Plots: the paper's Figure 6 beside its published points, and lines of any metric.

`python3 -m xensim.plot DIRECTORY` draws what `xensim reproduce` left there, as PNG and SVG. The same data
give the same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import matplotlib
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

from ._xensim import InputError
from .cells import figure6_cells
from .statistics import summary

# Label, colour and marker of each series of Figure 6, in the order of the legend. The colours are told
# apart by the colour-blind too (Okabe and Ito).
SERIES = {
    "linux": ("Linux", "#0072B2", "s"),
    "xen_50ms": ("Xen, 50 ms slices", "#009E73", "^"),
    "xen_5ms": ("Xen, 5 ms slices", "#D55E00", "o"),
}
STYLE = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 110,
    "font.size": 10,
    "grid.color": "#e0e0e0",
    "grid.linewidth": 0.6,
    "legend.edgecolor": "none",
    "legend.framealpha": 1,
    "lines.linewidth": 1.6,
    "savefig.dpi": 200,
    "svg.hashsalt": "xensim",
}
CAP = 2.5


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
    others = {name: (name, "#555555", "D") for name in table["series"].unique() if name not in SERIES}
    return [
        (table[table["series"] == name].sort_values("instances"), style)
        for name, style in {**SERIES, **others}.items()
        if (table["series"] == name).any()
    ]


def _throughput(ax: Axes, table: pandas.DataFrame) -> None:
    for rows, (label, colour, marker) in _series(table):
        ax.errorbar(
            rows["instances"], rows["simulated"], yerr=_errors(rows, "simulated"),
            color=colour, capsize=CAP, elinewidth=1, label=f"{label}, simulated",
        )  # fmt: skip
        ax.plot(
            rows["instances"], rows["published"], linestyle="none", marker=marker, markersize=7,
            markerfacecolor="none", markeredgecolor=colour, label=f"{label}, published",
        )  # fmt: skip
    _instances_axis(ax, table)
    ax.set_ylim(0, 2.15)
    ax.set_ylabel("Throughput relative to one instance")
    handles, labels = ax.get_legend_handles_labels()
    # Matplotlib lists lines before error bars; one column each for simulated and published.
    order = sorted(range(len(labels)), key=lambda i: labels[i].endswith("published"))
    ax.legend([handles[i] for i in order], [labels[i] for i in order], loc="lower right", ncols=2)


def _deviation(ax: Axes, table: pandas.DataFrame) -> None:
    ax.axhline(0, color="#555555", linewidth=0.8)
    for rows, (_, colour, marker) in _series(table):
        scale = 100 / rows["published"]
        ax.errorbar(
            rows["instances"], (rows["simulated"] - rows["published"]) * scale,
            yerr=_errors(rows, "simulated") * scale.to_numpy(),
            color=colour, capsize=CAP, elinewidth=1, linewidth=1.2, marker=marker, markersize=3.5,
        )  # fmt: skip
    largest = max(abs(low_or_high) for low_or_high in ax.get_ylim())
    ax.set_ylim(-largest, largest)
    _instances_axis(ax, table)
    ax.set_ylabel("Deviation from\npublished, %")


def _instances_axis(ax: Axes, table: pandas.DataFrame) -> None:
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(sorted(table["instances"].unique())))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())


def _errors(rows: pandas.DataFrame, middle: str) -> Any:
    """Distances from the middle to both bounds; none where the interval is unknown."""
    low = (rows[middle] - rows["low"]).fillna(0).clip(lower=0)
    high = (rows["high"] - rows[middle]).fillna(0).clip(lower=0)
    return pandas.concat([low, high], axis=1).to_numpy().T


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
    fixed = {"replication", "metric", "unit", "value", "run"}
    for column in columns:
        if column not in frame.columns or column in fixed:
            known = sorted(set(frame.columns) - fixed)
            raise InputError(f"found no column {column!r}; expected one of {known}")
    for column in set(frame.columns) - fixed - set(columns):
        if rows[column].nunique() > 1:
            raise InputError(f"found several values of {column!r}; expected one, or by={column!r}")
    table = summary(rows)
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
        groups = [(None, table)] if by is None else table.groupby(by, sort=False)
        for name, group in groups:
            ax.errorbar(
                group[x], group["mean"], yerr=_errors(group, "mean"), capsize=CAP, elinewidth=1,
                marker="o", markersize=4, label=None if name is None else str(name),
            )  # fmt: skip
        unit = table["unit"].iloc[0]
        ax.set_xlabel(x)
        ax.set_ylabel(metric if unit == "1" else f"{metric}, {unit}")
        ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
        if by is not None:
            ax.legend(title=by)
    return ax


def save(figure: matplotlib.figure.Figure, directory: Path, name: str) -> list[Path]:
    """Writes NAME.png and NAME.svg, without dates and versions. Returns their paths."""
    paths = [directory / f"{name}.png", directory / f"{name}.svg"]
    with pyplot.rc_context(STYLE):
        figure.savefig(paths[0], metadata={"Software": None})
        figure.savefig(paths[1], metadata={"Date": None, "Creator": None})
    return paths


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m xensim.plot", description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path, help="where `xensim reproduce` left the data of all experiments, or of one")
    directory = parser.parse_args(arguments).directory
    if not directory.is_dir():
        print(f"{directory}: found no directory; expected what `xensim reproduce` wrote", file=sys.stderr)
        return 2
    drawn = directory / "figure6" if (directory / "figure6").is_dir() else directory
    if not (drawn / "cells.csv").is_file():
        print(f"{directory}: nothing of Figure 6 to draw", file=sys.stderr)
        return 0
    matplotlib.use("agg")
    try:
        for path in save(figure6(drawn), directory, "figure6"):
            print(f"plot in {path}")
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
