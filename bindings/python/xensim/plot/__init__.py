"""Plots: the paper's figures and tables beside their published values, and lines of any metric.

`python3 -m xensim.plot DIRECTORY` draws what `xensim reproduce` left there, as PNG and SVG. The same data
give the same bytes.
"""

from .bars import bars
from .figure5 import figure5
from .figure6 import figure6
from .isolation import isolation
from .lines import lines
from .matrix import matrix
from .parts import elapsed, parts
from .reproduction import draw
from .sensitivity import morris, sensitivity, tornado
from .series import series
from .style import save
from .times import times

__all__ = [
    "bars", "draw", "elapsed", "figure5", "figure6", "isolation", "lines", "matrix", "morris", "parts", "save",
    "sensitivity", "series", "times", "tornado",
]  # fmt: skip
