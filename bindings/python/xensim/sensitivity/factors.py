"""What is varied: single constants, or all of a section together."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .._xensim import InputError
from ..names import nearest
from ..whatif import Constants, Parameter, Values

SECTION, CONSTANT = "section", "constant"


@dataclass(frozen=True)
class Factor:
    """Constants that move as one: all at the same level of their ranges."""

    name: str
    parameters: tuple[Parameter, ...]

    def at(self, level: float) -> Values:
        """`level`: 0 to 1, from the lower to the upper ends; by the logarithm between them."""
        return {parameter.name: parameter.at(level) for parameter in self.parameters}


def factors_of(constants: Constants, wanted: Sequence[str] | None = None, by: str | None = None) -> list[Factor]:
    """`wanted`: names, beginnings of names such as "processor" or shell patterns; all constants by default. Each is a
    factor `by` "constant", each section one `by` "section", the default if nothing is wanted in particular. Constants
    whose range is one value are left out. Raises InputError for a name that there is not, with the nearest, and for
    one that cannot vary."""
    by = by or (CONSTANT if wanted else SECTION)
    if by not in (SECTION, CONSTANT):
        raise InputError(f"found factors by {by!r}; expected {SECTION} or {CONSTANT}")
    chosen = {name for pattern in wanted or ["*"] for name in _matching(constants, pattern)}
    groups: dict[str, list[Parameter]] = {}
    for name in constants.names():
        if name in chosen:
            group = name if by == CONSTANT else name.split(".")[0]
            groups.setdefault(group, []).append(constants.parameter(name))
    return [Factor(name, tuple(parameters)) for name, parameters in groups.items()]


def _matching(constants: Constants, pattern: str) -> list[str]:
    names = constants.names()
    if pattern in names:
        found = [pattern]
    elif any(sign in pattern for sign in "*?["):
        found = fnmatch.filter(names, pattern)
    else:
        found = [name for name in names if name.startswith(pattern)] if pattern else []
    if not found:
        known = names + list(dict.fromkeys(name.split(".")[0] for name in names))
        raise InputError(
            f"found no constant {pattern!r}; expected a name from {constants.path.name}, or the beginning of one"
            f"{nearest(pattern, known)}"
        )
    varying = [name for name in found if constants.varies(name)]
    if not varying:
        others = [name for name in names if constants.varies(name)]
        raise InputError(
            f"found {pattern!r}, whose range is one value; expected a constant that may vary{nearest(pattern, others)}"
        )
    return varying
