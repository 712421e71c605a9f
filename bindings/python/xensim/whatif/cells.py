"""Cells of experiments, and the runs that each is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import Any

from .. import _xensim
from ..experiment import Experiment

Point = Mapping[str, str]  # of a sweep: the label at each path


@dataclass(frozen=True)
class Run:
    text: str  # of the experiment without a sweep
    seed: int


@dataclass
class Cell:
    """As a comparison shows it: of each replication the mean over the conditions that its name leaves open, of
    these the mean or the median."""

    unit: str
    metric: str
    median: bool = False
    change: bool = False  # against the base, in percent
    # By condition: run and the base that it is relative to, if any, for each replication.
    samples: dict[tuple[str, ...], list[tuple[Run, Run | None]]] = field(default_factory=dict)

    @property
    def runs(self) -> list[Run]:
        return list(dict.fromkeys(run for rows in self.samples.values() for pair in rows for run in pair if run))

    @property
    def by_definition(self) -> bool:
        """It is the base that others are relative to: never anything else than what it is."""
        return all(run == base for rows in self.samples.values() for run, base in rows)

    def value(self, metric_of: Callable[[Run, str], float]) -> float:
        rows = [[self._sample(run, base, metric_of) for run, base in row] for row in self.samples.values()]
        replications = [fmean(conditions) for conditions in zip(*rows, strict=True)]
        return median(replications) if self.median else fmean(replications)

    def _sample(self, run: Run, base: Run | None, metric_of: Callable[[Run, str], float]) -> float:
        value = metric_of(run, self.metric)
        if base is None:
            return value
        ratio = value / metric_of(base, self.metric)
        return 100 * (ratio - 1) if self.change else ratio


def cells_of(experiment: Experiment, metrics: Sequence[str] = ()) -> dict[str, Cell]:
    """By name: the experiment's comparison, such as "table3/L-UP/stat", and of each of `metrics` one for each point
    of the sweep, NAME/LABELS/METRIC. Raises InputError if there is neither."""
    blocks = experiment.document.get("compare", [])
    blocks = [*(blocks if isinstance(blocks, list) else [blocks]), *_blocks_of(experiment, metrics)]
    if not blocks:
        raise _xensim.InputError(
            f"{experiment.name}: found no comparison with published cells; expected metrics, such as throughput"
        )
    runs = [(dict(run.point), run.replication, Run(run.text, run.seed)) for run in experiment.runs]
    by_point = {(_key(point), replication): run for point, replication, run in runs}
    cells: dict[str, Cell] = {}
    for block in blocks:
        at = _labels(block.get("at", {}))
        relative_to = _labels(block.get("relative_to", {}))
        named = re.findall(r"\{(.*?)\}", block["cell"])
        its = {"median": block.get("statistic") == "median", "change": block.get("change", False)}
        for point, replication, run in runs:
            if any(point[path] != label for path, label in at.items()):
                continue
            name = re.sub(r"\{(.*?)\}", lambda path, point=point: point[path[1]], block["cell"])
            cell = cells.setdefault(name, Cell(block.get("unit", ""), block["metric"], **its))
            base = by_point[_key(point | relative_to), replication] if relative_to else None
            condition = tuple(label for path, label in point.items() if path not in named)
            cell.samples.setdefault(condition, []).append((run, base))
    return cells


def _blocks_of(experiment: Experiment, metrics: Sequence[str]) -> list[dict[str, Any]]:
    place = "/".join([experiment.name, *(f"{{{path}}}" for path, _ in experiment.runs[0].point)])
    return [{"cell": f"{place}/{metric}", "metric": metric, "unit": ""} for metric in metrics]


def _key(point: Point) -> tuple[str, ...]:
    return tuple(point.values())


def _labels(values: Mapping[str, Any]) -> dict[str, str]:
    return {path: value if isinstance(value, str) else json.dumps(value) for path, value in values.items()}
