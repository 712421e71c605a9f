"""One page about a reproduction: figures, every cell with its role and error, the calibration.

`python3 -m xensim.report DIRECTORY [NAME...]` writes DIRECTORY/report.html from what `xensim reproduce` left there. The
page needs nothing but itself.
"""

from .page import page

__all__ = ["page"]
