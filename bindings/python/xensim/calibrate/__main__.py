"""The command `./xensim calibrate`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .. import _xensim
from ..cells import published_values
from ..files import write_atomically
from ..whatif import Constants, calibration_file
from ..whatif.console import BAD_INPUT, INTERRUPTED, Interruption, say
from ..whatif.model import SimulatedCells, Unavailable
from .calibration import calibrate
from .intensities import BARS, PACKETS, fit_intensities
from .report import into_document, report
from .stages import STAGES

EXPERIMENTS = ("table3", "table4", "table5")
MACHINE = "dell2650"


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="xensim calibrate",
        description="Fits constants to a few published cells, within their ranges and near their priors, and "
        "writes the calibration file and the report in docs/calibration.md.",
        epilog="Example:\n  xensim calibrate --blind --output blind.json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--blind", action="store_true", help="use no cell of a monitor; its constants stay as counted"
    )
    parser.add_argument(
        "--quick", action="store_true", help="the same constants, without the predicted cells' sensitivity to them"
    )
    parser.add_argument(
        "--workloads", nargs="*", metavar="BAR", choices=sorted(name.split("/")[-1] for name in PACKETS | BARS),
        help="instead: what the workloads of Figure 3 compute, from native Linux's bars, and the protocols' "
        "length, from a native bandwidth, all or some; no report",
    )
    parser.add_argument("--jobs", type=int, help="worker processes (default: one per processor)")
    parser.add_argument("--output", type=Path, help="write constants there (default: in place) and no report")
    options = parser.parse_args(given)
    if options.jobs is not None and not 1 <= options.jobs <= 1024:
        parser.error(f"found --jobs {options.jobs}; expected 1 to 1024")
    options.jobs = options.jobs or len(os.sched_getaffinity(0))
    return options


def main(given: list[str]) -> int:
    options = arguments(given)
    interruption = Interruption()
    try:
        constants = Constants(calibration_file(MACHINE))
        (_fit_all if options.workloads is None else _fit_workloads)(constants, options, interruption)
    except KeyboardInterrupt:
        say("interrupted; nothing was written")
        return INTERRUPTED
    except (_xensim.InputError, Unavailable) as error:
        say(f"error: {error}")
        return BAD_INPUT
    say(f"constants in {options.output or constants.path}")
    return 0


def _fit_all(constants: Constants, options: argparse.Namespace, interruption: Interruption) -> None:
    """All stages, and the report."""
    with SimulatedCells(EXPERIMENTS, options.jobs) as model:
        say(f"{len(model.cells)} cells, {options.jobs} at a time")
        published = published_values()
        outcome = calibrate(constants, STAGES, published, model, options.blind, say, options.quick)
    block = report(outcome, constants, published)
    interruption.check()
    print(block)
    write_atomically(options.output or constants.path, constants.text())
    if options.output is None:
        document = Path(_xensim.home_directory()) / "docs" / "calibration.md"
        write_atomically(document, into_document(document.read_text(encoding="utf-8"), block))


def _fit_workloads(constants: Constants, options: argparse.Namespace, interruption: Interruption) -> None:
    """The workloads of Figure 3 that `options` name, or all."""
    base: dict[str, float] = {}
    with SimulatedCells(["table6", "figure3"], options.jobs) as model:
        for group in (PACKETS, BARS):
            bars = {
                cell: name
                for cell, name in group.items()
                if not options.workloads or cell.split("/")[-1] in options.workloads
            }
            fit_intensities(constants, published_values(), model, bars, base, say)
            base = {name: constants.value(name) for name in bars.values()}
    interruption.check()
    write_atomically(options.output or constants.path, constants.text())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
