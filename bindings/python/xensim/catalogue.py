"""What there is to choose from."""

import json
from typing import Any

from . import _xensim


def catalogue() -> dict[str, Any]:
    """Schedulers, workloads, platforms, clients, experiments and metrics, each with its parameters and units.

    Schedulers and workloads registered from Python are among them.
    """
    return {kind: json.loads(_xensim.list(kind)) for kind in _xensim.kinds()}


def schema() -> dict[str, Any]:
    """The JSON Schema of experiment files."""
    return json.loads(_xensim.schema())
