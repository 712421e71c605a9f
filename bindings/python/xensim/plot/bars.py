"""Bars of a table or figure of the paper: simulated beside published, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import matplotlib
import numpy
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from .._xensim import InputError
from .style import CAP, COLOURS, GREY, NAMES, STYLE, errors

# Groups differ in kind and unit: everything is drawn relative to this series' published value.
RELATIVE_TO = {"figure3": "L", "table6": "Linux"}
AXIS = {"figure4": "Concurrent servers", "figure5": "Concurrent databases"}


@dataclass
class _Chart:
    """Cells of one experiment, `EXPERIMENT/SERIES/GROUP`."""

    cells: pandas.DataFrame
    unit: str
    series: list[str] = field(init=False)
    groups: list[str] = field(init=False)

    def __post_init__(self) -> None:
        known = list(NAMES)
        self.series = sorted(
            dict.fromkeys(self.cells["series"]), key=lambda name: known.index(name) if name in known else len(known)
        )
        self.groups = list(dict.fromkeys(self.cells["group"]))

    def of(self, series: str) -> pandas.DataFrame:
        return self.cells[self.cells["series"] == series].set_index("group").reindex(self.groups)

    def middles(self, series: str) -> numpy.ndarray:
        width = 0.8 / len(self.series)
        return numpy.arange(len(self.groups)) - 0.4 + (self.series.index(series) + 0.5) * width


def bars(cells: pandas.DataFrame, experiment: str) -> matplotlib.figure.Figure:
    """Simulated values as filled bars with 95 % intervals, published ones as open bars to their left; below, the
    deviation in percent.

    `cells`: as `xensim.cells.all_cells` gives them. Raises InputError if none belongs to `experiment`.
    """
    chart = _chart(cells, experiment)
    with pyplot.rc_context(STYLE):
        width = min(12.0, max(6.4, 1.6 + 0.36 * len(chart.groups) * len(chart.series)))
        figure, (above, below) = pyplot.subplots(
            2, 1, figsize=(width, 5.2), sharex=True, height_ratios=(2.4, 1), layout="constrained"
        )
        _values(above, chart)
        _deviations(below, chart)
        below.set_xticks(range(len(chart.groups)), [group.replace("_", " ") for group in chart.groups])
        if len(chart.groups) > 8 or max(map(len, chart.groups)) > 9:
            below.tick_params(axis="x", rotation=30)
        below.grid(axis="x", visible=False)
        below.set_xlabel(AXIS.get(experiment, ""))
        figure.align_ylabels()
        return figure


def _chart(cells: pandas.DataFrame, experiment: str) -> _Chart:
    parts = cells["id"].str.split("/", n=2, expand=True)
    rows = cells[parts[0] == experiment]
    if rows.empty:
        raise InputError(f"found no cells of {experiment!r}; expected its comparison")
    parts = parts[parts[0] == experiment].reindex(columns=[1, 2])
    # A cell without a series, `footprint/with_swap`, is a group of its own.
    rows = rows.assign(series=parts[1].where(parts[2].notna(), ""), group=parts[2].fillna(parts[1]))
    units = rows["unit"].unique()
    unit = units[0] if len(units) == 1 else "value"
    base = RELATIVE_TO.get(experiment)
    if base in set(rows["series"]):
        reference = rows[rows["series"] == base].set_index("group")["published"]
        rows = rows[rows["group"].map(reference).notna()].copy()
        scale = 1 / rows["group"].map(reference)
        # A build is the better the sooner it is done; the paper draws speeds.
        seconds = (rows["unit"] == "s") | (rows["group"] == "linux_build")
        for column in ("published", "simulated", "low", "high"):
            faster = rows["group"].map(reference) / rows[column]
            rows[column] = faster.where(seconds, rows[column] * scale)
        unit = f"relative to {NAMES.get(base, base)}"
    elif len(units) > 1:
        rows = rows.assign(group=rows["group"] + ", " + rows["unit"])
    return _Chart(rows, unit)


def _values(ax: Axes, chart: _Chart) -> None:
    half = 0.4 / len(chart.series) * 0.9
    drawn = chart.cells[["published", "simulated"]].to_numpy(dtype=float)
    drawn = drawn[numpy.isfinite(drawn) & (drawn > 0)]
    if drawn.size and drawn.max() > 30 * drawn.min():
        ax.set_yscale("log")
    handles = []
    for series in chart.series:
        rows, middle = chart.of(series), chart.middles(series)
        colour = COLOURS.get(series, GREY)
        ax.bar(middle - half / 2, rows["published"], half, color="none", edgecolor=colour, linewidth=1)
        ax.bar(middle + half / 2, rows["simulated"], half, color=colour, edgecolor=colour, linewidth=1)
        known = rows["low"].notna().to_numpy()
        ax.errorbar(
            (middle + half / 2)[known], rows["simulated"][known], yerr=errors(rows, "simulated")[:, known],
            linestyle="none", color="black", elinewidth=1, capsize=CAP - 1,
        )  # fmt: skip
        if series:
            handles.append(Patch(color=colour, label=NAMES.get(series, series)))
    handles.append(Patch(facecolor="none", edgecolor=GREY, label="published"))
    handles.append(Patch(facecolor=GREY, edgecolor=GREY, label="simulated"))
    in_a_row = len(handles) if len(handles) < 5 else 3
    ax.legend(handles=handles, ncols=in_a_row, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9)
    ax.grid(axis="x", visible=False)
    ax.set_ylabel(chart.unit)


def _deviations(ax: Axes, chart: _Chart) -> None:
    ax.axhline(0, color=GREY, linewidth=0.8)
    for series in chart.series:
        rows, middle = chart.of(series), chart.middles(series)
        colour = COLOURS.get(series, GREY)
        fitted = (rows["role"] == "calibrated").to_numpy()
        deviation = rows["error_pct"].to_numpy(dtype=float)
        ax.plot(middle[~fitted], deviation[~fitted], "o", color=colour, markersize=5)
        ax.plot(middle[fitted], deviation[fitted], "o", color=colour, markersize=5, markerfacecolor="white")
    ax.set_ylabel("Deviation from\npublished, %")
    largest = 1.1 * max(1.0, *(abs(bound) for bound in ax.get_ylim()))
    ax.set_ylim(-largest, largest)
    ax.annotate(
        "filled: predicted, open: calibrated", (1, 1), xycoords="axes fraction", ha="right", va="bottom",
        fontsize=8, color=GREY,
    )  # fmt: skip
