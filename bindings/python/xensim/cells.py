"""Cells of comparisons, from wherever they stand."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas

from . import _xensim
from ._xensim import InputError
from .axes import swept_columns

COLUMNS = ["series", "instances", "published", "simulated", "low", "high"]


def figure6_cells(source: pandas.DataFrame | str | os.PathLike[str]) -> pandas.DataFrame:
    """`series`, `instances`, and throughput relative to one instance: `published` (NaN if it is not),
    `simulated`, and the bounds `low` and `high` of its 95 % interval (NaN if unknown).

    `source`: the frame of the experiment "figure6", a comparison file, or the directory of a reproduction.
    Raises InputError if it has nothing of Figure 6.
    """
    if isinstance(source, pandas.DataFrame):
        return from_frame(source)
    path = Path(source)
    if path.is_dir():
        within = path / "figure6"
        path = within if within.is_dir() else path
    table = all_cells(path)
    table = table[table["id"].str.match(r"figure6/[^/]+/\d+$")]
    if table.empty:
        raise InputError(f"{source}: found no cells of Figure 6")
    parts = table["id"].str.split("/", expand=True)
    table = table.assign(series=parts[1], instances=parts[2].astype(int))
    return table[COLUMNS].reset_index(drop=True)


def all_cells(source: str | os.PathLike[str]) -> pandas.DataFrame:
    """`id`, `unit`, `role`, `published`, `simulated`, `low`, `high` and `error_pct`, NaN where unknown, in the
    order of the comparison; of a directory also `by_definition`: 1 for the base that others are relative to.
    `source` as above, but for frames. Raises InputError."""
    path = Path(source)
    if path.is_dir():
        file = path / "cells.csv"
        if not file.is_file():
            raise InputError(f"{path}: found no cells.csv; expected what `xensim reproduce` wrote")
        table = pandas.read_csv(file).rename(columns={"cell": "id"})
        # Files of earlier versions do not say it.
        return table if "by_definition" in table else table.assign(by_definition=0)
    return from_comparison(path)


def experiments_in(directory: Path) -> dict[str, Path]:
    """Name -> directory of every experiment that `xensim reproduce` left in `directory`, or of the one that it is
    itself, in the order of the paper."""
    places = [directory] if (directory / "cells.csv").is_file() else list(directory.glob("*/"))
    found = {place.resolve().name: place for place in places if (place / "cells.csv").is_file()}
    order = {name: i for i, name in enumerate(_xensim.reproducible())}
    return dict(sorted(found.items(), key=lambda item: (order.get(item[0], len(order)), item[0])))


def from_comparison(path: Path) -> pandas.DataFrame:
    try:
        experiments = json.loads(path.read_text())["experiments"]
        rows = [cell for experiment in experiments for cell in experiment["cells"]]
        table = pandas.DataFrame(
            {
                "id": [cell["id"] for cell in rows],
                "unit": [cell["unit"] for cell in rows],
                "role": [cell["role"] for cell in rows],
                "published": [cell["published"] for cell in rows],
                "simulated": [cell["simulated"] for cell in rows],
                "low": [cell["ci95"][0] if cell["ci95"] else None for cell in rows],
                "high": [cell["ci95"][1] if cell["ci95"] else None for cell in rows],
                "error_pct": [cell["error_pct"] for cell in rows],
            }
        )
        return table.astype({column: float for column in [*COLUMNS[2:], "error_pct"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: found {error!r}; expected a comparison file") from error


def from_frame(frame: pandas.DataFrame) -> pandas.DataFrame:
    """Ratios run by run, since replications share their random numbers; then the mean over what else is
    swept and over replications."""
    missing = {"platform", "domains", "replication", "metric", "value"} - set(frame.columns)
    if missing:
        raise InputError(f"found no column {sorted(missing)[0]!r}; expected the frame of figure6")
    rows = frame[frame["metric"] == "throughput"]
    conditions = [column for column in swept_columns(rows) if column not in ("platform", "domains")]
    shared = ["platform", *conditions, "replication"]
    one = rows[rows["domains"] == 1].set_index(shared)["value"]
    ratio = rows["value"] / one.reindex(pandas.MultiIndex.from_frame(rows[shared])).to_numpy()
    if ratio.empty or ratio.isna().any():
        raise InputError("found no throughput of a single instance for some runs; expected domains=1 too")

    published = published_values()
    table = []
    points = rows.assign(ratio=ratio).groupby(["platform", "domains"], sort=False)
    for (series, instances), group in points:
        by_condition = group.groupby(conditions, sort=False)["ratio"] if conditions else [((), group["ratio"])]
        matrix = [values.tolist() for _, values in by_condition]
        estimate = _xensim.estimate_crossed(matrix) if len(matrix) > 1 else _xensim.estimate(matrix[0])
        table.append((series, instances, published.get(f"figure6/{series}/{instances}"), *estimate))
    return pandas.DataFrame(table, columns=COLUMNS).astype({"published": float})


def published_values() -> dict[str, float]:
    """Cell id -> the value that the paper prints."""
    path = Path(_xensim.home_directory()) / "results" / "published" / "sosp03.json"
    return {name: entry["value"] for name, entry in json.loads(path.read_text()).items()}
