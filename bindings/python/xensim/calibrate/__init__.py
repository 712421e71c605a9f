"""`./xensim calibrate`: constants of a machine fitted to a few published cells.

The constants start from their priors (what data sheets, counts and estimates say), whatever the file held
before. Each stage of `stages.py` finds the values that agree best with its cells and with the priors, within
their ranges; all other cells remain predictions.
"""

from ..whatif import Constants, Parameter
from .fit import Fit, fit
from .stages import STAGES, Stage

__all__ = ["STAGES", "Constants", "Fit", "Parameter", "Stage", "fit"]
