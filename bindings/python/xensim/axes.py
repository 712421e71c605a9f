"""The axes of a sweep as columns of a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SHORT = {"domains": "domains[0].count", "scheduler": "platform.scheduler"}
LONG = {path: name for name, path in SHORT.items()}


def path_of(name: str) -> str:
    """The path that a short name stands for; other names stand for themselves."""
    return SHORT.get(name, name)


def column_of(path: str) -> str:
    """The column in which the labels of a swept path stand."""
    return LONG.get(path, path)


def label_columns(points: Sequence[dict[str, str]]) -> dict[str, list[Any]]:
    """By column, the labels of all points; numbers if all of them are."""
    paths = points[0] if points else {}
    return {column_of(path): as_numbers([point[path] for point in points]) for path in paths}


def as_numbers(labels: Sequence[str]) -> list[Any]:
    for number in (int, float):
        try:
            return [number(label) for label in labels]
        except ValueError:
            continue
    return list(labels)
