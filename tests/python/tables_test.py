"""Cells while constants are fitted: what the comparison shows."""

import json
import statistics

import pytest
import xensim
from xensim.calibrate.model import Tables, Unavailable


@pytest.mark.parametrize(("statistic", "expected"), [("median", statistics.median), (None, statistics.fmean)])
def test_a_cell_is_the_statistic_of_all_its_replications(document, statistic, expected):
    compare = {"cell": "small/{domains[0].count}", "metric": "throughput"}
    compare |= {"statistic": statistic} if statistic else {}
    document |= {"replications": 3, "sweep": {"domains[0].count": [1, 2]}, "compare": compare}
    with Tables([document], jobs=1) as tables:
        assert tables.cells == ["small/1", "small/2"]
        [cells] = tables.evaluate([({}, tables.cells)])
        assert tables.available(tables.cells, {}) == cells
        with pytest.raises(Unavailable, match="no experiment has the cell small/3"):
            tables.evaluate([({}, ["small/3"])])
    for label in ("1", "2"):
        runs = [run for run in xensim.load(document).runs if dict(run.point)["domains[0].count"] == label]
        values = [
            value
            for run in runs
            for name, _, value in xensim.simulate(json.loads(run.text), run.seed)["metrics"]
            if name == "throughput"
        ]
        assert len(set(values)) == 3, "replications differ"
        assert cells[f"small/{label}"] == expected(values)
