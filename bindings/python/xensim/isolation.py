"""What neighbours cost a victim, and where the loss arises."""

from __future__ import annotations

from collections.abc import Hashable

import pandas

from . import _xensim
from ._xensim import InputError
from .axes import swept_columns
from .names import rows_of, swept_column

# The parts of a victim's time (`elapsed/...` metrics) in the order of the columns.
PARTS = (
    "user", "refill", "translation", "kernel", "monitor", "interrupts", "stolen", "runnable", "disk", "disk_queue",
    "paging", "network", "timer", "process",
)  # fmt: skip


def times(frame: pandas.DataFrame, instance: str) -> pandas.DataFrame:
    """What an instance (or all of a template) spent its time on: one row for each point of the sweep, with a column for
    each of `PARTS`, as fractions of the time that it existed. They add up to 1 (NaN where it had no processes). Means over
    replications.

    `frame` must have the `elapsed/...` metrics of `instance`. Raises InputError if it has none.
    """
    point = [*swept_columns(frame), "replication"]
    spent = _elapsed(frame, instance, point)
    table = spent.div(spent.sum(axis=1), axis=0).reset_index().drop(columns="replication").rename_axis(columns=None)
    conditions = point[:-1]
    if not conditions:
        return table.mean().to_frame().T
    return table.groupby(conditions, sort=False, as_index=False).mean()


def losses(
    frame: pandas.DataFrame, score: str, by: str, alone: Hashable, higher_is_better: bool = True
) -> pandas.DataFrame:
    """One row for each value of column `by` (the neighbours) and of all other sweep columns: the victim's relative
    `loss` against its run beside `alone`, with `low` and `high` of its 95 % confidence interval over replications
    (NaN for a single one). 0: undisturbed; 1: nothing is left of it; negative: better off.

    `score` is the metric that counts, a rate or count unless `higher_is_better` is false (then a time). Runs are
    compared replication by replication, since they share their random numbers, over those that both have. Raises
    InputError for an unknown metric, column or value.
    """
    rows = rows_of(frame, score)
    by = swept_column(frame, by)
    base = rows[rows[by] == alone]
    if base.empty:
        raise InputError(f"found no {by}={alone!r}; expected one of {list(rows[by].unique())}")
    others = [column for column in swept_columns(frame) if column != by]
    shared = [*others, "replication"]
    before = base[[*shared, "value"]].rename(columns={"value": "before"})
    pairs = rows[shared].merge(before, on=shared, how="left", indicator=True)
    both = (pairs["_merge"] == "both").to_numpy()
    rows, unbothered = rows[both], pairs["before"].to_numpy()[both]
    ratio = rows["value"] / unbothered if higher_is_better else unbothered / rows["value"]
    table = []
    points = [*others, by]
    for _, group in rows.assign(loss=1 - ratio).groupby(points if others else by, sort=False):
        table.append((*group[points].iloc[0], *_xensim.estimate(group["loss"].tolist())))
    return pandas.DataFrame(table, columns=[*others, by, "loss", "low", "high"])


def attribution(
    frame: pandas.DataFrame, score: str, victim: str, by: str, alone: Hashable, higher_is_better: bool = True
) -> pandas.DataFrame:
    """The `loss` as above (its mean over replications), split by where the victim's additional time for each unit of
    work went: one column for each of `PARTS`, and `unexplained`, what they leave of it, which is 0 unless the victim
    did not exist for a while. The columns add up to the loss. A part is negative where time was saved.

    `frame` must have the victim's `elapsed/...` metrics. A score that is a time must be that of the victim's own
    operations, done one after another: how long others wait for an answer has other parts, which `OneRun.waits` and
    traces show. Raises InputError as `losses` does, and for a time of another instance.
    """
    if not higher_is_better and not score.startswith(f"{victim}/"):
        raise InputError(f"found {score!r}, a time that {victim!r} does not spend; expected a metric of {victim!r}")
    by = swept_column(frame, by)
    conditions = swept_columns(frame)
    point = [*conditions, "replication"]
    time = _elapsed(frame, victim, point)
    values = rows_of(frame, score).set_index(point)["value"].reindex(time.index)
    if alone not in set(time.reset_index()[by]):
        raise InputError(f"found no {by}={alone!r}")
    shared = [name for name in point if name != by]
    keys = time.reset_index()[shared]
    index = pandas.MultiIndex.from_frame(keys) if len(shared) > 1 else keys[shared[0]]
    before = time.xs(alone, level=by).reindex(index).set_axis(time.index)
    values_before = values.xs(alone, level=by).reindex(index).set_axis(time.index)

    left = values / values_before if higher_is_better else values_before / values
    parts = (time - before.mul(left, axis=0)).div(time.sum(axis=1), axis=0)
    parts["unexplained"] = (1 - left) - parts.sum(axis=1)
    table = pandas.concat([(1 - left).rename("loss"), parts], axis=1).reset_index()
    return table.drop(columns="replication").groupby(conditions, sort=False, as_index=False).mean()


def _elapsed(frame: pandas.DataFrame, instance: str, point: list[str]) -> pandas.DataFrame:
    """Seconds by part, a row for each run."""
    rows = pandas.concat([rows_of(frame, f"{instance}/elapsed/{part}").assign(part=part) for part in PARTS])
    return rows.pivot_table(index=point, columns="part", values="value", aggfunc="sum", sort=False)[list(PARTS)]
