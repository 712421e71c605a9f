"""The figure of a reproduced experiment, whichever it is."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pandas

from ..cells import all_cells
from .bars import bars
from .figure6 import figure6


def draw(directory: Path, name: str) -> matplotlib.figure.Figure:
    """`directory`: what `xensim reproduce` wrote of the experiment `name`. Raises InputError if its cells cannot
    be read."""
    if name == "figure6":
        return figure6(directory)
    table: pandas.DataFrame = all_cells(directory)
    return bars(table, name)
