"""An experiment small enough to run many times."""

import copy
from typing import Any

import pytest
import xensim

SMALL: dict[str, Any] = {
    "name": "small",
    "machine": "dell2650",
    "platform": {"name": "xen", "scheduler": "round-robin"},
    "domains": [
        {"name": "spec", "count": 3, "workload": "spec_cint2000"},
        {"name": "rests", "count": 2, "workload": {"name": "cpu_hog", "burst": "3 ms", "rest": "20 ms"}},
    ],
    "operator": {"interval": "10 ms", "jitter": "15 ms"},
    "measure": {"warm_up": "50 ms", "duration": "300 ms"},
    "replications": 2,
    "seed": 7,
}


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(SMALL)


@pytest.fixture
def small(document) -> xensim.Experiment:
    return xensim.load(document)
