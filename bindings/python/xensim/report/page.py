"""From results to HTML."""

from __future__ import annotations

import base64
import io
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy
import pandas
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from matplotlib import pyplot

from .. import _xensim
from ..cells import all_cells, experiments_in
from ..plot.reproduction import draw
from ..plot.style import STYLE
from ..whatif import calibration_file
from .constants import Constant, constants_of


@dataclass(frozen=True)
class Errors:
    """How far cells of one role are from their published values."""

    role: str
    unit: str  # "%", or "points" where the values are percentages themselves
    cells: int
    mean: float
    median: float
    nine_in_ten: float
    worst: float
    worst_cell: str


@dataclass(frozen=True)
class Section:
    """What the page says of one experiment."""

    name: str
    title: str
    description: str
    source: str
    figure: str  # as a data URL
    errors: list[Errors]
    cells: list[dict[str, Any]]


def page(directory: Path, only: Sequence[str] = (), command: str | None = None) -> str:
    """The whole page, of all experiments in `directory` or `only` some. `command`: what makes it again. Raises
    InputError if there are none, or what there is cannot be read."""
    found = experiments_in(directory)
    if missing := set(only) - set(found):
        raise _xensim.InputError(f"{directory}: found no {sorted(missing)[0]!r}; expected one of {sorted(found)}")
    found = {name: place for name, place in found.items() if not only or name in only}
    if not found:
        raise _xensim.InputError(f"{directory}: found no results; expected what `xensim reproduce` wrote")
    tables = {name: all_cells(place) for name, place in found.items()}
    runs = {name: json.loads((place / "run.json").read_text()) for name, place in found.items()}
    first = next(iter(runs.values()))
    environment = Environment(
        loader=PackageLoader("xensim.report"), autoescape=select_autoescape(), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["number"] = number
    names = " ".join(found)
    return environment.get_template("page.html").render(
        version=first["xensim"],
        seed=first["seed"],
        command=command or f"./xensim reproduce {names}",
        sections=[_section(name, found[name], tables[name], runs[name]) for name in found],
        errors=errors_by_role(pandas.concat(tables.values())),
        constants=_constants(first["configuration"]),
    )


def errors_by_role(cells: pandas.DataFrame) -> list[Errors]:
    """Cells without an error, or right by definition (the base of a ratio), do not count. Those of percentages are
    kept apart: their errors are in points."""
    counted = cells[cells["error_pct"].notna() & (cells["by_definition"] == 0)]
    in_points = counted["unit"].str.startswith("%")
    result = []
    for role, unit in itertools.product(("predicted", "calibrated"), ("%", "points")):
        rows = counted[(counted["role"] == role) & (in_points == (unit == "points"))].reset_index(drop=True)
        if rows.empty:
            continue
        size = rows["error_pct"].abs()
        worst = rows.loc[size.idxmax()]
        result.append(
            Errors(
                role, unit, len(rows), size.mean(), size.median(), float(numpy.percentile(size, 90)),
                worst["error_pct"], worst["id"],
            )
        )  # fmt: skip
    return result


def number(value: float | None, digits: int = 4) -> str:
    """Significant digits, or a dash."""
    if value is None or value != value:
        return "–"
    return f"{value:,.{digits}g}" if abs(value) < 1e5 else f"{value:,.0f}"


def _section(name: str, place: Path, cells: pandas.DataFrame, run: dict[str, Any]) -> Section:
    configuration = run["configuration"]
    return Section(
        name=name,
        title=configuration.get("title", name),
        description=configuration.get("description", ""),
        source=configuration.get("source", ""),
        figure=_figure(place, name),
        errors=errors_by_role(cells),
        cells=cells.astype(object).where(cells.notna(), None).to_dict("records"),
    )


def _figure(place: Path, name: str) -> str:
    matplotlib.use("agg")
    figure = draw(place, name)
    image = io.BytesIO()
    with pyplot.rc_context(STYLE):
        figure.savefig(image, format="svg", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(image.getvalue()).decode("ascii")


def _constants(configuration: dict[str, Any]) -> list[Constant]:
    machine = configuration["machine"]
    base = machine if isinstance(machine, str) else machine.get("base", "")
    file = calibration_file(base)
    return constants_of(json.loads(file.read_text())) if file.is_file() else []
