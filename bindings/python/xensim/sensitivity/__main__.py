"""The command `./xensim sensitivity`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from .. import _xensim
from ..experiment import Experiment, load
from ..whatif.console import BAD_INPUT, FAILED, INTERRUPTED, Interruption, say
from .files import draw, write
from .report import report
from .screening import JOURNAL, sensitivity
from .tables import Sensitivity


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="xensim sensitivity",
        description="How far cells, and what is concluded from them, rest on the machine's constants, within their\n"
        "ranges: each alone at both ends (one at a time), then all of them (Morris's elementary effects).\n"
        "mu* is how much a cell changes over a factor's range, on average; sigma how far that depends on\n"
        "the other factors, or on where in its range the factor is.",
        epilog="Examples:\n"
        "  xensim sensitivity table3 table4 table5\n"
        "  xensim sensitivity figure6 --constants processor --cells 'figure6/xen_5ms/*'\n"
        "  xensim sensitivity table4 --conclusion 'table4/Xen/2p_0K > 2 * table4/L-UP/2p_0K'\n"
        "  xensim sensitivity experiments/weights.json --metrics throughput --trajectories 0\n\n"
        "What was finished when it is interrupted is in DIR/finished.jsonl; the same command goes on from there.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("experiments", nargs="+", metavar="EXPERIMENT", help="names or files")
    parser.add_argument(
        "--constants", nargs="+", metavar="NAME",
        help="names, their beginnings, or patterns, each constant a factor (default: all, each section one factor)",
    )
    parser.add_argument("--by", choices=["section", "constant"], help="what moves as one factor")
    parser.add_argument("--cells", nargs="+", metavar="PATTERN", help="of the comparison (default: all)")
    parser.add_argument(
        "--metrics", nargs="+", default=[], metavar="NAME", help="also cells NAME/LABELS/METRIC of these metrics"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="PATH=VALUE", help="a value in every experiment, as in `run`"
    )
    parser.add_argument(
        "--conclusion", action="append", default=[], metavar="TEXT",
        help="CELL > CELL, longer chains, 0.9 * CELL, numbers; besides those that the paper has",
    )
    parser.add_argument("--trajectories", type=int, default=10, metavar="N", help="0: one at a time only (default: 10)")
    parser.add_argument("--levels", type=int, default=4, metavar="P", help="of a range, an even number (default: 4)")
    parser.add_argument("--seed", type=int, default=1, help="of the trajectories (default: 1)")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: one per processor)")
    parser.add_argument(
        "--draw", nargs="+", metavar="CELL", help="cells to be drawn (default: the first of the first conclusion)"
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="default: results/output/sensitivity")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    options = arguments(given)
    interruption = Interruption()
    output = options.output or Path(_xensim.home_directory()) / "results" / "output" / "sensitivity"
    try:
        experiments = [changed(load(name), options.set) for name in options.experiments]
        wanted = [*(options.cells or ["*"]), *(options.draw or [])]
        found = sensitivity(
            experiments, options.constants, options.by, wanted, options.metrics, options.conclusion,
            options.trajectories, options.levels, options.seed, options.jobs, output, say,
        )  # fmt: skip
        interruption.check()
        print(report(found))
        tables = write(found, output)
        plots = [path for cell in options.draw or [_first(found)] for path in draw(found, cell, output)]
    except KeyboardInterrupt:
        say(f"interrupted; finished runs are kept in {output / JOURNAL}, where the same command finds them")
        return INTERRUPTED
    except _xensim.InputError as error:
        say(f"error: {error}")
        return BAD_INPUT
    except _xensim.SimulationError as error:
        say(f"error: with the file's own constants: {error}")
        return FAILED
    except BrokenProcessPool:
        say(f"error: a worker process ended; finished runs are kept in {output / JOURNAL}")
        return FAILED
    say(f"{len(tables)} tables and {len(plots)} plots in {output}")
    return 0


def changed(experiment: Experiment, assignments: Sequence[str]) -> Experiment:
    """With PATH=VALUE each, where a value is JSON or else text. Raises InputError."""
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not path or not equals:
            raise _xensim.InputError(f"--set {assignment}: found no path and value; expected path=value")
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        experiment = experiment.with_({path: value})
    return experiment


def _first(found: Sensitivity) -> str:
    statements = list(found.conclusions["statement"])
    cells = [cell for cell in found.cells["cell"] if statements and cell in statements[0].split()]
    return cells[0] if cells else found.cells["cell"].iloc[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
