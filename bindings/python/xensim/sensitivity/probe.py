"""Which factors a run depends on at all."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .. import _xensim
from ..whatif import Values
from ..whatif.cells import Run
from ..whatif.workers import simulate


@dataclass(frozen=True)
class Probe:
    values: Values  # metrics
    read: list[str]  # factors of which the run looks at any constant
    seconds: float  # of a processor


def probe(
    run: Run, metrics: Sequence[str], file: str, factors: Mapping[str, Sequence[str]], scratch: str
) -> Probe:
    """Simulates the run, with the calibration `file` and without the constants of as many `factors` as it does without:
    asked for one that is not there, the program refuses to go on. What it has not asked for cannot matter to it.
    `scratch`: a directory, for the time being."""
    document = json.loads(Path(file).read_text(encoding="utf-8"))
    own = json.loads(run.text).get("constants", {})
    read = [name for name, constants in factors.items() if any(constant in own for constant in constants)]
    hidden = {name: constants for name, constants in factors.items() if name not in read}
    removed = {constant: _remove(document, constant) for constants in hidden.values() for constant in constants}
    factor_of = {constant: name for name, constants in hidden.items() for constant in constants}
    while True:
        start = time.process_time()
        try:
            with _home_with(Path(file).name, document, scratch):
                values = simulate(run, metrics, {})
            return Probe(values, [name for name in factors if name not in hidden], time.process_time() - start)
        except (_xensim.InputError, _xensim.SimulationError) as error:
            if not hidden:
                raise
            asked = re.search(r'no constant "(.*?)"', str(error))
            # Whatever else it says, it may say for want of a constant.
            shown = [factor_of[asked[1]]] if asked and factor_of.get(asked[1]) in hidden else list(hidden)
            for name in shown:
                for constant in hidden.pop(name):
                    section, key, entry = removed[constant]
                    section[key] = entry


def _remove(document: dict[str, Any], name: str) -> tuple[dict[str, Any], str, Any]:
    *sections, key = name.split(".")
    for section in sections:
        document = document[section]
    return document, key, document.pop(key)


@contextmanager
def _home_with(calibration: str, document: Mapping[str, Any], scratch: str) -> Iterator[None]:
    """The program's files, but for one."""
    home = Path(_xensim.home_directory()).resolve()
    before = os.environ.get("XENSIM_HOME")
    with TemporaryDirectory(dir=scratch) as place:
        experiments = Path(place) / "experiments"
        (experiments / "calibration").mkdir(parents=True)
        for folder in (".", "experiments"):
            for path in (home / folder).iterdir():
                if path.name not in ("experiments", "calibration"):
                    (Path(place) / folder / path.name).symlink_to(path)
        (experiments / "calibration" / calibration).write_text(json.dumps(document), encoding="utf-8")
        os.environ["XENSIM_HOME"] = place
        try:
            yield
        finally:
            if before is None:
                del os.environ["XENSIM_HOME"]
            else:
                os.environ["XENSIM_HOME"] = before
