"""`python3 -m xensim.plot DIRECTORY...`"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import matplotlib
from matplotlib import pyplot

from .._xensim import InputError
from ..cells import experiments_in
from .reproduction import draw
from .style import save


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m xensim.plot", description="Draws what `xensim reproduce` left."
    )
    parser.add_argument("directories", type=Path, nargs="+", metavar="DIRECTORY", help="of all experiments, or of one")
    directories = parser.parse_args(arguments).directories
    matplotlib.use("agg")
    with ProcessPoolExecutor(min(len(directories), os.cpu_count() or 1), get_context("fork")) as pool:
        drawn = [pool.submit(_draw_all, directory) for directory in directories]
    return max(status.result() for status in drawn)


def _draw_all(directory: Path) -> int:
    if not directory.is_dir():
        print(f"{directory}: found no directory; expected what `xensim reproduce` wrote", file=sys.stderr)
        return 2
    try:
        for name, place in experiments_in(directory).items():
            figure = draw(place, name)
            for path in save(figure, directory, name):
                print(f"plot in {path}", flush=True)
            pyplot.close(figure)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
