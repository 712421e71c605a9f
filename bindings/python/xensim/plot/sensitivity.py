"""What a cell rests on: tornado of one at a time, and mu* against sigma."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib
import numpy
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .._xensim import InputError
from .style import BLUE, GREY, RED, STYLE

if TYPE_CHECKING:
    from ..sensitivity import Sensitivity

SHOWN = 12  # factors in a tornado
LABELLED = 8  # of mu* and sigma, of those that matter at least so much
NOTEWORTHY = 0.05  # of the most


def sensitivity(found: Sensitivity, cell: str) -> matplotlib.figure.Figure:
    """Tornado and, if there were trajectories, mu* against sigma of one cell of what `xensim.sensitivity` returns.
    Raises InputError for an unknown cell."""
    base = found.cells.set_index("cell")
    if cell not in base.index:
        raise InputError(f"found no cell {cell!r}; expected one of {list(base.index)[:20]}")
    with pyplot.rc_context(STYLE):
        panels = 1 if found.morris.empty else 2
        figure, axes = pyplot.subplots(
            1, panels, figsize=(1 + 5.2 * panels, 4.2), layout="constrained", squeeze=False
        )
        tornado(found.one_at_a_time, cell, axes[0][0])
        if panels == 2:
            morris(found.morris, cell, axes[0][1])
        value, unit = base.loc[cell, "base"], base.loc[cell, "unit"]
        figure.suptitle(f"{cell}: {value:.4g} {unit}".rstrip(), fontsize=11)
        return figure


def tornado(table: pandas.DataFrame, cell: str, ax: Axes | None = None) -> Axes:
    """The change of a cell with each factor alone at the ends of its range, the widest on top. `table`: the frame
    `one_at_a_time` of a sensitivity. Raises InputError for an unknown cell."""
    ends = _of(table, cell).pivot(index="factor", columns="end", values="change_pct")
    ends = ends[ends.abs().max(axis=1) > 0]
    order = ends.abs().max(axis=1).sort_values(kind="stable").index[-SHOWN:]
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
        places = numpy.arange(len(order))
        # The longer bar below the other, for those that point the same way.
        for name, low in zip(order, places, strict=True):
            bars = [("low", BLUE, ends.loc[name, "low"]), ("high", RED, ends.loc[name, "high"])]
            for _, colour, change in sorted(bars, key=lambda bar: -abs(bar[2])):
                ax.barh(low, change, 0.62, color=colour)
        ax.axvline(0, color=GREY, linewidth=0.8)
        ax.set_yticks(places, order)
        ax.set_ylim(-0.6, max(len(order), 1) - 0.4)
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("change with one factor at an end of its range, %")
        handles = [matplotlib.patches.Patch(color=colour) for colour in (BLUE, RED)]
        ax.legend(handles, ["low end", "high end"], loc="lower right", fontsize=8)
    return ax


def morris(table: pandas.DataFrame, cell: str, ax: Axes | None = None) -> Axes:
    """mu* against sigma of each factor, in percent of the cell. Below the line sigma = mu* an effect keeps its sign as
    a rule. `table`: the frame `morris` of a sensitivity. Raises InputError for an unknown cell."""
    rows = _of(table, cell).sort_values("mu_star_pct", ascending=False, kind="stable")
    rows = rows[rows["mu_star_pct"] > 0]
    with pyplot.rc_context(STYLE):
        if ax is None:
            _, ax = pyplot.subplots(figsize=(6.4, 4.2), layout="constrained")
        sigma = rows["sigma_pct"].fillna(0)
        right = 1.1 * rows["mu_star_pct"].max() if len(rows) else 1.0
        top = max(1.1 * sigma.max(), 0.3 * right) if len(rows) else 1.0
        diagonal = min(right, top)
        ax.plot([0, diagonal], [0, diagonal], color=GREY, linewidth=0.8, linestyle="--")
        ax.annotate(
            "sigma = mu*", (diagonal, diagonal), xytext=(4, -2), textcoords="offset points", va="top", fontsize=8,
            color=GREY,
        )  # fmt: skip
        ax.plot(rows["mu_star_pct"], sigma, "o", color=BLUE, markersize=5)
        named = rows["mu_star_pct"] >= NOTEWORTHY * rows["mu_star_pct"].max()
        _labels(ax, rows.assign(sigma_pct=sigma)[named].head(LABELLED), right)
        ax.set_xlim(0, right)
        ax.set_ylim(0, top)
        ax.set_xlabel("mu*: mean size of the change over a factor's range, %")
        ax.set_ylabel("sigma, %")
    return ax


def _of(table: pandas.DataFrame, cell: str) -> pandas.DataFrame:
    rows = table[table["cell"] == cell]
    if rows.empty:
        raise InputError(f"found no cell {cell!r}; expected one of {list(table['cell'].unique())[:20]}")
    return rows


def _labels(ax: Axes, rows: pandas.DataFrame, most: float) -> None:
    for name, x, y in zip(rows["factor"], rows["mu_star_pct"], rows["sigma_pct"], strict=True):
        right = x > 0.6 * most
        ax.annotate(
            name, (x, y), xytext=(-5 if right else 5, 4), textcoords="offset points",
            ha="right" if right else "left", fontsize=8,
        )  # fmt: skip
