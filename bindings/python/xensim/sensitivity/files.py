"""A screening as files."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import matplotlib
import pandas
from matplotlib import pyplot

from ..files import write_atomically
from .tables import Sensitivity


def write(found: Sensitivity, directory: Path) -> list[Path]:
    """NAME.csv for each frame; each appears whole or not at all. Raises InputError."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for field in fields(found):
        frame = getattr(found, field.name)
        if isinstance(frame, pandas.DataFrame):
            paths.append(directory / f"{field.name}.csv")
            write_atomically(paths[-1], frame.to_csv(index=False))
    return paths


def draw(found: Sensitivity, cell: str, directory: Path) -> list[Path]:
    """The figure of a cell as PNG and SVG."""
    from .. import plot

    matplotlib.use("agg")
    figure = plot.sensitivity(found, cell)
    name = cell.replace("/", "-")
    # Written beside, then moved: files of that name are whole.
    partly = plot.save(figure, directory, f".{name}.{os.getpid()}")
    pyplot.close(figure)
    paths = [directory / f"{name}{path.suffix}" for path in partly]
    for path, there in zip(partly, paths, strict=True):
        os.replace(path, there)
    return paths
