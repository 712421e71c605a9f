"""The figure of a reproduced experiment, whichever it is."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pandas

from ..cells import all_cells
from .bars import bars
from .figure5 import figure5
from .figure6 import figure6
from .isolation import isolation


def draw(directory: Path, name: str) -> matplotlib.figure.Figure:
    """`directory`: what `xensim reproduce` wrote of the experiment `name`. Raises InputError if its cells cannot
    be read."""
    own = {"figure5": figure5, "figure6": figure6, "isolation": isolation}
    if name in own:
        return own[name](directory)
    table: pandas.DataFrame = all_cells(directory)
    return bars(table, name)
