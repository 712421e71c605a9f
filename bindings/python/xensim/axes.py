"""The axes of a sweep as columns of a data frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas

# What else a frame of results has.
MEASURED = ("run", "replication", "metric", "unit", "value")

SHORT = {"domains": "domains[0].count", "scheduler": "platform.scheduler"}
LONG = {path: name for name, path in SHORT.items()}


def path_of(name: str, swept: Iterable[str] = ()) -> str:
    """The path that a short name stands for; other names stand for themselves, as does one that is itself a
    path which is swept: an experiment may sweep over `domains`, its templates."""
    return name if name in swept else SHORT.get(name, name)


def chosen(values: Iterable[Any], value: Any) -> tuple[Any, dict[str, Any]]:
    """The swept value that `value` is the label of, and what else is set with it; or `value` itself."""
    for swept in values if isinstance(value, str) else ():
        if not isinstance(swept, dict):
            continue
        labelled = "label" in swept and "value" in swept
        if swept.get("label" if labelled else "name") == value:
            return (swept["value"], swept.get("with", {})) if labelled else (swept, {})
    return value, {}


def columns_of(paths: Sequence[str]) -> list[str]:
    """The columns in which the labels of swept paths stand: short names, but where one is itself swept."""
    return [path if LONG.get(path) in paths else LONG.get(path, path) for path in paths]


def swept_columns(frame: pandas.DataFrame) -> list[str]:
    """Those of a frame of results that say which point of the sweep a row is of."""
    return [column for column in frame.columns if column not in MEASURED]


def label_columns(points: Sequence[dict[str, str]]) -> dict[str, list[Any]]:
    """By column, the labels of all points; numbers if all of them are."""
    paths = list(points[0]) if points else []
    labels = [as_numbers([point[path] for point in points]) for path in paths]
    return dict(zip(columns_of(paths), labels, strict=True))


def as_numbers(labels: Sequence[str]) -> list[Any]:
    for number in (int, float):
        try:
            return [number(label) for label in labels]
        except ValueError:
            continue
    return list(labels)
