"""`python3 -m xensim.report DIRECTORY [NAME...]`"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .._xensim import InputError
from ..files import write_atomically
from .page import page


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python3 -m xensim.report", description="Writes report.html about what `xensim reproduce` left."
    )
    parser.add_argument("directory", type=Path, help="where `xensim reproduce` left its results")
    parser.add_argument("names", nargs="*", help="of experiments; without any, all that are there")
    parser.add_argument("--command", help="what the page names to make it again")
    options = parser.parse_args(arguments)
    if not options.directory.is_dir():
        print(f"{options.directory}: found no directory; expected what `xensim reproduce` wrote", file=sys.stderr)
        return 2
    target = options.directory / "report.html"
    try:
        write_atomically(target, page(options.directory, options.names, options.command))
    except (InputError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"report in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
