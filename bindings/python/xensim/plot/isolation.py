"""The paper's isolation experiment: what is left of each victim, and where the rest went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy
import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes

from .._xensim import InputError
from ..cells import all_cells
from ..isolation import attribution
from ..statistics import read_metrics
from .parts import parts
from .style import CAP, COLOURS, GREY, NAMES, STYLE, errors

PLATFORMS = ("xen", "native")  # in this order


def isolation(directory: Path) -> matplotlib.figure.Figure:
    """`directory`: what `xensim reproduce isolation` wrote. Left, what is left of each victim's result alone,
    published as open bars; right, the parts of what it lost. Raises InputError if there is none of it."""
    cells = all_cells(directory)
    names = cells["id"].str.split("/", expand=True)
    cells = cells.assign(platform=names[1], victim=names[2])
    table = losses_of(directory)
    with pyplot.rc_context(STYLE):
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
        _remaining(left, cells)
        parts(table, "victim", right)
        right.set_title("Where it was lost", fontsize=10)
    return figure


def losses_of(directory: Path) -> pandas.DataFrame:
    """One row for each cell whose compare block names a victim: `victim`, its `loss` and the parts of that."""
    configuration = json.loads((directory / "run.json").read_text())["configuration"]
    frame = read_metrics(directory)
    blocks = configuration.get("compare", [])
    rows = []
    for block in blocks if isinstance(blocks, list) else [blocks]:
        if "victim" in block:
            rows.append(_losses_of_block(frame, block))
    if not rows:
        raise InputError(f"{directory}: found no victim to compare; expected the experiment isolation")
    return pandas.concat(rows, ignore_index=True)


def _losses_of_block(frame: pandas.DataFrame, block: dict[str, Any]) -> pandas.DataFrame:
    ((axis, alone),) = block["relative_to"].items()
    beside = block["at"][axis]
    run = frame[frame[axis].isin([alone, beside])]
    table = attribution(run, block["metric"], block["victim"], by=axis, alone=alone)
    table = table[table[axis] == beside]
    name = block["cell"].rsplit("/", 1)[-1].replace("_", " ")
    labels = [f"{name}\n{NAMES.get(platform, platform)}" for platform in table["platform"]]
    return table.assign(victim=labels)


def _remaining(ax: Axes, cells: pandas.DataFrame) -> None:
    victims = list(dict.fromkeys(cells["victim"]))
    platforms = [name for name in PLATFORMS if name in set(cells["platform"])]
    width = 0.8 / len(platforms)
    for i, platform in enumerate(platforms):
        rows = cells[cells["platform"] == platform].set_index("victim").reindex(victims)
        middle = numpy.arange(len(victims)) - 0.4 + (i + 0.5) * width
        colour, half = COLOURS[platform], 0.45 * width
        ax.bar(middle - half / 2, 100 + rows["published"], half, color="none", edgecolor=colour)
        ax.bar(
            middle + half / 2, 100 + rows["simulated"], half, color=colour, edgecolor=colour,
            yerr=errors(rows, "simulated"), capsize=CAP, label=NAMES[platform],
        )  # fmt: skip
        for place, value in zip(middle + half / 2, rows["simulated"], strict=True):
            if value == value:
                ax.annotate(f"{100 + value:.1f}", (place, 100 + max(value, -100)), ha="center", va="bottom", fontsize=8)
    ax.axhline(100, color=GREY, linewidth=0.8, linestyle=":")
    labels = [name.replace("_of_its_share", "\nof its share").replace("_", " ") for name in victims]
    ax.set_xticks(range(len(victims)), labels)
    highest = 100 + max(0.0, cells["simulated"].max())
    ax.set_ylim(0, 1.25 * highest)  # with room for the legend
    ax.set_ylabel("Result beside the others,\n% of the result alone, or of its share")
    ax.grid(axis="x", visible=False)
    ax.bar([0], [0], color="none", edgecolor=GREY, label="published")
    ax.legend(ncols=3, loc="upper center", fontsize=8)
    ax.set_title("What is left", fontsize=10)
