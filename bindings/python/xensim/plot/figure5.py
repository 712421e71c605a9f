"""The paper's Figure 5: databases in several domains, stacked domain by domain."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .._xensim import InputError
from ..cells import all_cells
from ..statistics import read_metrics
from .style import COLOURS, GREY, STYLE

TESTS = {"IR": "OSDB-IR", "OLTP": "OSDB-OLTP", "OLTP_64_buffers": "OSDB-OLTP, 64 buffers"}
GROUPS = ["1", "2", "4", "8", "8diff"]


def figure5(directory: Path) -> matplotlib.figure.Figure:
    """`directory`: what `xensim reproduce figure5` wrote. Aggregate scores relative to one domain's, as the paper
    draws them: published as open bars, simulated as stacks of each domain's own score. A panel for each test that is
    there. Raises InputError if there is nothing of Figure 5."""
    cells = all_cells(directory)
    names = cells["id"].str.extract(r"^figure5/([^/]+)/([^/]+)$")
    cells = cells.assign(test=names[0], group=names[1]).dropna(subset=["test"])
    if cells.empty:
        raise InputError(f"{directory}: found no cells of Figure 5")
    shares = shares_of(directory)
    tests = [name for name in TESTS if name in set(cells["test"])]
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            1, len(tests), figsize=(1.6 + 3.1 * len(tests), 3.8), sharey=True, layout="constrained", squeeze=False
        )
        for ax, test in zip(axes[0], tests, strict=True):
            rows = cells[cells["test"] == test].set_index("group").reindex(GROUPS)
            _panel(ax, test, rows, shares.get(test, {}))
        axes[0][0].set_ylabel("Aggregate score relative to one domain")
    return figure


def shares_of(directory: Path) -> dict[str, dict[str, list[float]]]:
    """Test -> group -> the score of each domain, in their order; the whole where they are not told apart."""
    frame = read_metrics(directory)
    frame = frame[frame["metric"].str.endswith("/score")]
    shares: dict[str, dict[str, list[float]]] = {}
    for label, rows in frame.groupby("domains", sort=False):
        test, group = str(label).rsplit("/", 1)
        score = rows.groupby("metric", sort=False)["value"].mean()
        single = [value for name, value in score.items() if str(name).count("/") == 2]
        shares.setdefault(test, {})[group] = single or score.tolist()
    return shares


def _panel(ax: Axes, test: str, rows: pandas.DataFrame, shares: dict[str, list[float]]) -> None:
    colour = COLOURS.get(test, GREY)
    one = {column: rows.loc["1", column] for column in ("published", "simulated")}
    places = numpy.arange(len(GROUPS))
    if rows["published"].notna().any():
        ax.bar(places - 0.2, rows["published"] / one["published"], 0.36, color="none", edgecolor=colour, label="published")
    for place, group in zip(places, GROUPS, strict=True):
        below = 0.0
        for i, share in enumerate(shares.get(group, [rows.loc[group, "simulated"]])):
            height = share / one["simulated"]
            ax.bar(
                place + 0.2, height, 0.36, bottom=below, color=colour, alpha=0.55 if i % 2 else 1.0,
                edgecolor="white", linewidth=0.6, label="simulated, by domain" if place == i == 0 else None,
            )  # fmt: skip
            below += height
        if below == below:
            value = f"{rows.loc[group, 'simulated']:.0f}"
            ax.annotate(value, (place + 0.2, below), ha="center", va="bottom", fontsize=7)
    ax.set_xticks(places, ["1", "2", "4", "8", "8 (diff)"])
    ax.set_xlabel(f"{TESTS[test]}: domains")
    ax.grid(axis="x", visible=False)
    ax.set_ylim(0, 2.8)  # with room for the legend
    ax.legend(loc="upper left", fontsize=8)
