"""`python3 -m xensim.plot DIRECTORY`"""

from __future__ import annotations

import argparse
import sys
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
    parser.add_argument("directory", type=Path, help="of all experiments, or of one")
    directory = parser.parse_args(arguments).directory
    if not directory.is_dir():
        print(f"{directory}: found no directory; expected what `xensim reproduce` wrote", file=sys.stderr)
        return 2
    matplotlib.use("agg")
    try:
        for name, place in experiments_in(directory).items():
            figure = draw(place, name)
            for path in save(figure, directory, name):
                print(f"plot in {path}")
            pyplot.close(figure)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
