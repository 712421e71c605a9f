"""A single run of an experiment: what lies behind a point of a plot."""

from __future__ import annotations

import json
import os
import shlex
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas

from . import _xensim
from ._xensim import InputError
from .files import write_atomically
from .results import Results, results_of
from .running import RunOptions, run_one, traces_of


class OneRun:
    """One replication of one point, with all that it takes to repeat it: `Experiment.one` gives it.

    `document` is its configuration, fully resolved; `point` the label of each swept value, by path;
    `replication` counts from 0; `seed` is that of this run's random numbers.
    """

    def __init__(self, run: _xensim.Run, document: dict[str, Any], source: str | None) -> None:
        self._run = run
        self._experiment = document  # as written
        self._source = source
        self.point: dict[str, str] = dict(run.point)
        self.replication: int = run.replication
        self.seed: int = run.seed

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self._run.text)

    @property
    def command(self) -> str:
        """The line for a shell that repeats this run. Add what it is to tell: `--explain`, `--trace KIND:FILE`.

        Raises InputError if the experiment comes from no file; `save` makes one.
        """
        if self._source is None:
            raise InputError("found an experiment that comes from no file; expected one that does: use save(FILE)")
        file = _xensim.find_experiment(self._source)
        written = json.loads(_xensim.ExperimentFile.read(file).text)
        return self._line(self._source, _changes(written, self._experiment, self.replication))

    def save(self, path: str | os.PathLike[str]) -> str:
        """Writes the experiment, with its sweep, to a file. Returns the command that repeats this run from there.
        Raises InputError if it cannot be written."""
        write_atomically(Path(path), json.dumps(self._experiment, indent=2) + "\n")
        return self._line(os.fspath(path), [])

    def run(self, trace: str | Iterable[str] = (), explain: bool = True, audit: bool = False) -> Results:
        """Runs it again: the same numbers, to the last bit.

        `trace` is "KIND:FILE", or several of them: "perfetto:trace.json" is for the Perfetto UI, "xentrace:FILE" for
        xenalyze, "pcap:FILE" for Wireshark ("pcap@dom1/vif0:FILE": of this interface), "block:FILE" has the disks'
        commands, "waits:FILE" who ran while others waited; "perfetto@2 s..2.5 s:FILE" is of a part of the run's time.
        Nothing else is written. With `explain`, `counts` of the
        results tell what was done per operation, where workloads count. `audit` checks every component after each
        scheduling pass.

        Raises InputError, before anything runs if a trace cannot be made, and SimulationError; of a simulation that
        fails the traces are written too. Warns of constants and weights as `Experiment.run` does.
        """
        options = RunOptions(audit=audit, explain=explain, traces=traces_of(trace))
        _xensim.check_traces(list(options.traces), [self._run])
        for remark in _xensim.remarks([self._run]):
            warnings.warn(remark, stacklevel=2)
        return results_of([self._run], [run_one(self._run, options)], list(self.point))

    def waits(self) -> pandas.DataFrame:
        """Runs it again, and tells who ran while others waited: for each instance (and "dom0", or the "kernel" of a
        platform with one kernel) `waited`, and each that had the processor which it waited for (or "idle": none did),
        `ran`, the time in seconds, `time_s`, of the whole run.

        A wait counts for those who had the processor that it ended on, each for as long as it had it, so the rows of
        one who waited add up to all its waiting, exactly. On Xen virtual processors wait, and where one kernel has the
        machine, the processes of an instance, which may also wait for each other. The same table is the trace
        "waits:FILE". Raises as `run` does.
        """
        with TemporaryDirectory() as directory:
            file = Path(directory) / "waits.csv"
            self.run(trace=f"waits:{file}", explain=False)
            return pandas.read_csv(file, na_filter=False)

    def __repr__(self) -> str:
        return f"<xensim.OneRun of {self._experiment['name']!r}: {', '.join(self._run.selectors)}, seed {self.seed}>"

    def _line(self, file: str, changes: Iterable[str]) -> str:
        words = ["xensim", "run", file]
        for change in changes:
            words += ["--set", change]
        for selector in self._run.selectors:
            words += ["--only", selector]
        return shlex.join(words)


def _changes(source: Mapping[str, Any], document: Mapping[str, Any], replication: int) -> list[str]:
    """What --set makes of the one the other, as far as that replication is concerned."""
    changed = {key: value for key, value in document.items() if source.get(key) != value}
    if replication < source.get("replications", 1) and "precision" not in source:
        changed.pop("replications", None)
    elif "precision" in source and "precision" not in document:
        changed["replications"] = document.get("replications", 1)
    sweep = document.get("sweep", {})
    if sweep == source.get("sweep", {}) and not changed.keys() & sweep.keys():
        return [f"{key}={json.dumps(value)}" for key, value in changed.items()]
    if "compare" in source:
        changed["compare"] = []  # cells may be named after what is not swept any more
    # Without a sweep no value is taken for the label of one that is swept.
    changed.pop("sweep", None)
    changes = [("sweep", {}), *changed.items(), ("sweep", sweep)]
    return [f"{key}={json.dumps(value)}" for key, value in changes]
