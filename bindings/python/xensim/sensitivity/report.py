"""What a screening found, for the terminal."""

from __future__ import annotations

import pandas

from .plan import ENDS
from .tables import Sensitivity

SHOWN = 3  # factors of each cell, of those that matter so much
NOTEWORTHY = 0.5  # percent of the cell


def report(found: Sensitivity) -> str:
    parts = [_cells(found), _conclusions(found), _failures(found), _unread(found)]
    return "\n\n".join(part for part in parts if part)


def influences(found: Sensitivity, cell: str) -> list[str]:
    """The factors that matter most to a cell, as "NAME 12.3 (0.4)": mu* and sigma in percent of it; without
    trajectories "NAME -3.1 +12.2", the changes at the low and the high end."""
    if found.morris.empty:
        return _most(_ends(found, cell), NOTEWORTHY)
    rows = found.morris[found.morris["cell"] == cell]
    return _most(_effects(rows, "_pct"), NOTEWORTHY)


def _cells(found: Sensitivity) -> str:
    head = "change at the low and the high end" if found.morris.empty else "mu* (sigma)"
    rows = [("cell", "base", f"rests most on: {head}, % of the cell")]
    rows += [
        (cell, f"{base:.4g}", ", ".join(influences(found, cell)) or "-")
        for cell, base in zip(found.cells["cell"], found.cells["base"], strict=True)
    ]
    width = max(len(row[0]) for row in rows)
    return "\n".join(f"{cell:<{width}}  {base:>8}  {text}" for cell, base, text in rows)


def _conclusions(found: Sensitivity) -> str:
    return "\n".join(_conclusion(found, row) for row in found.conclusions.itertuples())


def _conclusion(found: Sensitivity, row: tuple) -> str:  # type: ignore[type-arg]
    margins = f"by {row.base:.3g} %; at {row.points} points by {row.least:.3g} to {row.greatest:.3g} %"
    if row.held == row.points:
        lines = [f"holds: {row.conclusion}", f"    {margins}"]
    else:
        verdict = "holds, but not everywhere" if row.base > 0 else "does not hold"
        lines = [f"{verdict}: {row.conclusion}", f"    {margins}, above 0 at {row.held}"]
    if row.statement != row.conclusion:
        lines.insert(1, f"    {row.statement}")
    effects = _effects(found.margins[found.margins["conclusion"] == row.conclusion], "")
    if most := _most(effects, NOTEWORTHY):
        lines.append(f"    the margin rests on {', '.join(most)}")
    if turned := flipped_by(found, row.conclusion):
        lines.append(f"    turned by {', '.join(turned)}")
    return "\n".join(lines)


def flipped_by(found: Sensitivity, conclusion: str) -> list[str]:
    """Factors that turn it, as "NAME (low; 4 trajectories)", those first that do so most often."""
    rows = found.flips[found.flips["conclusion"] == conclusion]
    told = []
    for row in rows.sort_values("trajectories", ascending=False, kind="stable").itertuples():
        ways = [end for end in ENDS if getattr(row, end)]
        if row.trajectories:
            ways.append(f"{row.trajectories} trajector{'y' if row.trajectories == 1 else 'ies'}")
        told.append(f"{row.factor} ({'; '.join(ways)})")
    return told


def _effects(rows: pandas.DataFrame, suffix: str) -> list[tuple[str, float, str]]:
    return [
        (factor, size, f"{factor} {size:.3g} ({sigma:.2g})")
        for factor, size, sigma in zip(rows["factor"], rows[f"mu_star{suffix}"], rows[f"sigma{suffix}"], strict=True)
    ]


def _ends(found: Sensitivity, cell: str) -> list[tuple[str, float, str]]:
    rows = found.one_at_a_time[found.one_at_a_time["cell"] == cell]
    by_factor = rows.pivot(index="factor", columns="end", values="change_pct").reindex(rows["factor"].unique())
    return [
        (factor, max(abs(low), abs(high)), f"{factor} {low:+.3g} {high:+.3g}")
        for factor, low, high in zip(by_factor.index, by_factor["low"], by_factor["high"], strict=True)
    ]


def _most(effects: list[tuple[str, float, str]], least: float) -> list[str]:
    ordered = sorted((its for its in effects if its[1] >= least), key=lambda its: -its[1])
    return [text for _, _, text in ordered[:SHOWN]]


def _failures(found: Sensitivity) -> str:
    return "\n".join(f"{count} runs failed: {reason}" for reason, count in found.failures.items())


def _unread(found: Sensitivity) -> str:
    unread = found.factors.loc[~found.factors["read"], "factor"].unique()
    return f"no run looks at {', '.join(unread)}" if len(unread) else ""
