"""Means, confidence intervals, and tables that the command wrote."""

from __future__ import annotations

import os
from pathlib import Path

import pandas

from . import _xensim
from .axes import columns_of


def summary(frame: pandas.DataFrame) -> pandas.DataFrame:
    """One row per point of the sweep and metric: `mean`, and `low` and `high` of its 95 % confidence interval
    (Student's t over replications; NaN for a single one), and `replications`, how many there were.

    `frame` is what `Experiment.run` returns; order is kept. Raises KeyError if a column is missing.
    """
    keys = [column for column in frame.columns if column not in ("run", "replication", "value")]
    rows = []
    for key, group in frame.groupby(keys, sort=False, dropna=False):
        values = group["value"].tolist()
        point = key if isinstance(key, tuple) else (key,)
        rows.append((*point, *_xensim.estimate(values), len(values)))
    return pandas.DataFrame(rows, columns=[*keys, "mean", "low", "high", "replications"])


def read_metrics(directory: str | os.PathLike[str]) -> pandas.DataFrame:
    """The metrics.csv of a results directory of the command, as `Experiment.run` would have returned it."""
    frame = pandas.read_csv(Path(directory) / "metrics.csv", float_precision="round_trip", na_filter=False)
    frame = frame.drop(columns="run")
    return frame.set_axis(columns_of(list(frame.columns)), axis="columns")
