"""Victims by aggressors, as a heat map."""

from __future__ import annotations

import pandas
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm

from .._xensim import InputError
from .style import STYLE


def matrix(table: pandas.DataFrame, victim: str, aggressor: str, ax: Axes | None = None) -> Axes:
    """The losses of `xensim.isolation.losses`: rows are values of the column `victim`, columns those of `aggressor`;
    each cell says the loss in percent with half the width of its 95 % interval. Raises InputError if a pair occurs
    more than once."""
    missing = [column for column in (victim, aggressor, "loss", "low", "high") if column not in table]
    if missing:
        raise InputError(f"found no column {missing[0]!r}; expected one of {list(table.columns)}")
    if table.duplicated([victim, aggressor]).any():
        raise InputError(f"found several losses for one {victim} and {aggressor}; expected one")
    grid = table.pivot(index=victim, columns=aggressor, values="loss")
    grid = grid.reindex(index=table[victim].unique(), columns=table[aggressor].unique())
    width = table.assign(width=(table["high"] - table["low"]) / 2).pivot(
        index=victim, columns=aggressor, values="width"
    )
    with pyplot.rc_context({**STYLE, "axes.grid": False}):
        if ax is None:
            size = (2.2 + 1.1 * grid.shape[1], 1.4 + 0.55 * grid.shape[0])
            _, ax = pyplot.subplots(figsize=size, layout="constrained")
        image = ax.imshow(
            100 * grid.to_numpy(dtype=float), cmap="RdBu_r", norm=TwoSlopeNorm(0, -100, 100), aspect="auto"
        )
        for i, row in enumerate(grid.index):
            for j, column in enumerate(grid.columns):
                loss, half = grid.loc[row, column], width.loc[row, column]
                if loss != loss:
                    continue
                text = f"{100 * loss:.1f}" + (f"\n±{100 * half:.1f}" if half == half else "")
                colour = "white" if abs(loss) > 0.65 else "black"
                ax.text(j, i, text, ha="center", va="center", color=colour, fontsize=8)
        ax.set_xticks(range(grid.shape[1]), grid.columns, rotation=20, ha="right")
        ax.set_yticks(range(grid.shape[0]), grid.index)
        ax.set_xlabel(aggressor)
        ax.set_ylabel(victim)
        ax.figure.colorbar(image, ax=ax, label="loss, %")
    return ax
