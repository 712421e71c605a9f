"""Statements about cells that hold or not, such as "table4/Xen/2p_0K > table4/L-UP/2p_0K"."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from .._xensim import InputError
from ..names import nearest
from ..whatif import Values

# What the paper says of its results (sections 4.1 to 4.5), in cells.
DECLARED = [
    "Xen loses at most a tenth of SPEC INT2000: figure3/X/SPEC_INT2000 > 0.9 * figure3/L/SPEC_INT2000",
    "Xen takes at most a tenth longer to build: figure3/X/linux_build < 1.1 * figure3/L/linux_build",
    "Xen loses at most a tenth of OSDB-IR: figure3/X/OSDB-IR > 0.9 * figure3/L/OSDB-IR",
    "Xen loses at most a tenth of OSDB-OLTP: figure3/X/OSDB-OLTP > 0.9 * figure3/L/OSDB-OLTP",
    "Xen loses at most a tenth of dbench: figure3/X/dbench > 0.9 * figure3/L/dbench",
    "Xen loses at most a tenth of SPEC WEB99: figure3/X/SPEC_WEB99 > 0.9 * figure3/L/SPEC_WEB99",
    "System calls are as fast on Xen as natively, to 5 %: 1.05 * table3/L-UP/null_call > table3/Xen/null_call",
    "System calls are faster on Xen than on SMP: table3/L-SMP/null_call > table3/Xen/null_call",
    "Fork is slowest on Xen: table3/Xen/fork_proc > table3/L-SMP/fork_proc > table3/L-UP/fork_proc",
    "Exec is slowest on Xen: table3/Xen/exec_proc > table3/L-SMP/exec_proc > table3/L-UP/exec_proc",
    "A shell is slowest on Xen: table3/Xen/sh_proc > table3/L-SMP/sh_proc > table3/L-UP/sh_proc",
    "Switches are slowest on Xen: table4/Xen/2p_0K > table4/L-SMP/2p_0K > table4/L-UP/2p_0K",
    "With large working sets switches cost about the same: 1.1 * table4/L-UP/16p_64K > table4/Xen/16p_64K",
    "To map memory takes longest on Xen: table5/Xen/mmap_lat > table5/L-SMP/mmap_lat > table5/L-UP/mmap_lat",
    "A page fault takes longest on Xen: table5/Xen/page_fault > table5/L-SMP/page_fault > table5/L-UP/page_fault",
    "Files are created faster on Xen than on SMP: table5/L-SMP/file0K_create > table5/Xen/file0K_create",
    "Xen is ahead of Linux with 4 servers: figure4/xen/4 > figure4/linux/4",
    "Xen is ahead of Linux with 8 servers: figure4/xen/8 > figure4/linux/8",
    *(
        f"Slices of 5 ms cost more than slices of 50 ms, with {n}: figure6/xen_50ms/{n} > figure6/xen_5ms/{n}"
        for n in (4, 8, 16, 32, 64, 96, 128)
    ),
    "With slices of 50 ms Xen is within 1 % of Linux, with 128: figure6/xen_50ms/128 > 0.99 * figure6/linux/128",
    "With slices of 5 ms Xen is within 10 % of Linux, with 128: figure6/xen_5ms/128 > 0.9 * figure6/linux/128",
]


@dataclass(frozen=True)
class Term:
    factor: float
    cell: str | None

    def value(self, values: Values) -> float:
        return self.factor if self.cell is None else self.factor * values[self.cell]


@dataclass(frozen=True)
class Conclusion:
    title: str
    statement: str
    steps: tuple[tuple[Term, Term], ...]  # the larger, the smaller

    @property
    def cells(self) -> list[str]:
        return list(dict.fromkeys(term.cell for step in self.steps for term in step if term.cell))

    def margin(self, values: Values) -> float:
        """By how much it holds: the least of what the larger have over the smaller, relative to the smaller; 0 or
        less if it does not hold."""
        return min(_over(larger.value(values), smaller.value(values)) for larger, smaller in self.steps)


def _over(larger: float, smaller: float) -> float:
    if larger != larger or smaller != smaller:
        return float("nan")
    return (larger - smaller) / abs(smaller) if smaller else float("inf") * (larger - smaller)


def parse(text: str, known: Collection[str]) -> Conclusion:
    """"TITLE: A > B < C", the title being optional: cells, cells times a number as in "0.9 * A", or numbers, between
    spaces. Raises InputError, also for a cell that is not `known`."""
    title, colon, statement = text.rpartition(": ")
    parts = re.split(r"\s+([<>])\s+", statement.strip())
    if len(parts) < 3:
        raise InputError(f"conclusion {text!r}: found no comparison; expected CELL > CELL or CELL < CELL")
    terms = [_term(part, known, text) for part in parts[::2]]
    pairs = zip(parts[1::2], terms, terms[1:], strict=False)
    steps = tuple((a, b) if sign == ">" else (b, a) for sign, a, b in pairs)
    return Conclusion(title if colon else statement.strip(), statement.strip(), steps)


def declared(cells: Collection[str]) -> list[Conclusion]:
    """What the paper says of these cells."""
    known = {cell for text in DECLARED for cell in re.findall(r"\w+/[\w/.-]+", text)}
    return [its for its in (parse(text, known) for text in DECLARED) if set(its.cells) <= set(cells)]


def _term(text: str, known: Collection[str], whole: str) -> Term:
    match = re.fullmatch(r"(?:(-?[\d.]+(?:e-?\d+)?)(?:\s*\*\s*|$))?(.*)", text)
    assert match
    number, cell = match[1], match[2]
    try:
        factor = float(number) if number else 1.0
    except ValueError as error:
        raise InputError(f"conclusion {whole!r}: found {number!r}; expected a number") from error
    if cell and cell not in known:
        raise InputError(
            f"conclusion {whole!r}: found no cell {cell!r}; expected one of the experiments{nearest(cell, known)}"
        )
    return Term(factor, cell or None)
