"""What all plots have in common: look, error bars, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

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

# The colours are told apart by the colour-blind too (Okabe and Ito).
BLUE, GREEN, RED, ORANGE, PINK, GREY = "#0072B2", "#009E73", "#D55E00", "#E69F00", "#CC79A7", "#555555"

# Of series, by the labels that experiments give platforms; in this order.
NAMES = {
    "L-UP": "Linux, uniprocessor", "L-SMP": "Linux, SMP", "L": "Linux", "linux": "Linux, SMP", "native": "Linux, SMP",
    "Linux": "Linux", "X": "Xen", "xen": "Xen", "Xen": "Xen", "Xen_two_processors": "Xen, two processors",
    "V": "VMware Workstation", "VMW": "VMware Workstation", "U": "User-Mode Linux", "UML": "User-Mode Linux",
}  # fmt: skip
COLOURS = {
    "L": BLUE, "Linux": BLUE, "L-UP": BLUE, "linux": BLUE, "native": BLUE, "IR": BLUE, "busy": BLUE,
    "L-SMP": GREEN, "Xen_two_processors": GREEN, "X": RED, "Xen": RED, "xen": RED, "OLTP": RED, "idle": RED,
    "V": ORANGE, "VMW": ORANGE, "U": PINK, "UML": PINK,
}  # fmt: skip


def errors(rows: pandas.DataFrame, middle: str) -> Any:
    """Distances from the middle to both bounds; none where the interval is unknown."""
    low = (rows[middle] - rows["low"]).fillna(0).clip(lower=0)
    high = (rows["high"] - rows[middle]).fillna(0).clip(lower=0)
    return pandas.concat([low, high], axis=1).to_numpy().T


def doubling_axis(ax: Axes, values: pandas.Series) -> None:
    """An x axis on which steps from a value to twice as much are equally long, with ticks at `values`."""
    ax.set_xscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(sorted(values.unique())))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(ScalarFormatter())


def save(figure: matplotlib.figure.Figure, directory: Path, name: str) -> list[Path]:
    """Writes NAME.png and NAME.svg, without dates and versions. Returns their paths."""
    paths = [directory / f"{name}.png", directory / f"{name}.svg"]
    with pyplot.rc_context(STYLE):
        figure.savefig(paths[0], metadata={"Software": None})
        figure.savefig(paths[1], metadata={"Date": None, "Creator": None})
    return paths
