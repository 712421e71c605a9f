"""Names that people write, and what to say of those that are unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import pandas

from ._xensim import InputError
from .axes import SHORT, swept_columns


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message: what may have been meant, if anything is like it."""
    like = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {like[0]!r}?" if like else ""


def rows_of(frame: pandas.DataFrame, metric: str) -> pandas.DataFrame:
    """The rows of a metric. Raises InputError if there are none."""
    rows = frame[frame["metric"] == metric]
    if rows.empty:
        known = sorted(set(frame["metric"]))
        likely = nearest(metric, known)
        raise InputError(f"found no metric {metric!r}" + (likely or f"; expected one of {known[:20]}"))
    return rows


def swept_column(frame: pandas.DataFrame, name: str) -> str:
    """The column of a swept path, which may be written as the path (`platform.scheduler`) or as the column
    (`scheduler`). Raises InputError if it is not swept."""
    known = swept_columns(frame)
    for column in (name, *(short for short, path in SHORT.items() if path == name)):
        if column in known:
            return column
    raise InputError(f"found no column {name!r}; expected one of {sorted(known)}")
