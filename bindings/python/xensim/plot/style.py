"""What all plots have in common: look, error bars, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pandas
from matplotlib import pyplot

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
COLOURS_OF_PLATFORMS = {"xen": RED, "native": BLUE}


def errors(rows: pandas.DataFrame, middle: str) -> Any:
    """Distances from the middle to both bounds; none where the interval is unknown."""
    low = (rows[middle] - rows["low"]).fillna(0).clip(lower=0)
    high = (rows["high"] - rows[middle]).fillna(0).clip(lower=0)
    return pandas.concat([low, high], axis=1).to_numpy().T


def save(figure: matplotlib.figure.Figure, directory: Path, name: str) -> list[Path]:
    """Writes NAME.png and NAME.svg, without dates and versions. Returns their paths."""
    paths = [directory / f"{name}.png", directory / f"{name}.svg"]
    with pyplot.rc_context(STYLE):
        figure.savefig(paths[0], metadata={"Software": None})
        figure.savefig(paths[1], metadata={"Date": None, "Creator": None})
    return paths
