"""Experiments small enough to run many times."""

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

SWEPT: dict[str, Any] = {
    "name": "swept",
    "machine": "dell2650",
    "domains": [{"name": "spec", "count": 2, "workload": "spec_cint2000"}],
    "measure": {"warm_up": "50 ms", "duration": "300 ms"},
    "sweep": {
        "platform": [
            {"label": "native", "value": "native"},
            {"label": "xen", "value": {"name": "xen", "scheduler": {"name": "bvt-xen1", "ctx_allow": "5 ms"}}},
        ],
        "domains[0].count": [1, 4],
    },
    "compare": {
        "cell": "swept/{platform}/{domains[0].count}", "metric": "throughput",
        "relative_to": {"domains[0].count": 1}, "unit": "relative to one instance",
    },
    "replications": 2,
    "seed": 7,
}  # fmt: skip


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(SMALL)


@pytest.fixture
def small(document) -> xensim.Experiment:
    return xensim.load(document)


@pytest.fixture(scope="session")
def swept() -> xensim.Experiment:
    """With cells that are relative to others."""
    return xensim.load(SWEPT)
