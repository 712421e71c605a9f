"""What experiments give with other constants: the calibration file, cells, and processes that simulate them.

`./xensim calibrate` and `./xensim sensitivity` stand on it.
"""

from .constants import Constants, Parameter, Values, calibration_file

__all__ = ["Constants", "Parameter", "Values", "calibration_file"]
