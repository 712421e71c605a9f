"""`./xensim sensitivity` and `xensim.sensitivity(...)`: what results and conclusions rest on.

Each constant, or all of a section together, goes to both ends of its range, and through trajectories in which
everything else moves as well (Morris's elementary effects).
"""

from .screening import sensitivity
from .tables import Sensitivity

__all__ = ["Sensitivity", "sensitivity"]
