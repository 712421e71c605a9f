"""Intensities of workloads: one constant for each native bar."""

import json
from pathlib import Path

import pytest
from xensim.calibrate import Constants
from xensim.calibrate.intensities import CLOSE, fit_intensities

BARS = {"f/L/build": "work.build", "f/L/query": "work.query"}
PUBLISHED = {"f/L/build": 263.0, "f/L/query": 1714.0}


class Workloads:
    """Scores of a build, in seconds, and of queries, in queries per second; each has time of its own beside."""

    cells = tuple(BARS)
    refused: dict[str, str] = {}

    def evaluate(self, points, title=""):
        return [{cell: self.score(cell, values) for cell in cells} for values, cells in points]

    def score(self, cell, values):
        if cell == "f/L/build":
            return 30 + 660 * values["work.build"]
        return 2.4e9 / (300_000 + values["work.query"])


@pytest.fixture
def constants(tmp_path: Path) -> Constants:
    def constant(value, low, high, unit):
        return {"value": value, "unit": unit, "range": [low, high], "origin": "estimated", "source": "test"}

    file = tmp_path / "machine.json"
    file.write_text(
        json.dumps(
            {
                "work": {
                    "build": constant(0.3, 0.2, 0.4, "s"),
                    "query": constant(900_000, 500_000, 1_300_000, "cycles"),
                    "other": constant(5, 1, 9, "pages"),
                }
            }
        )
    )
    return Constants(file)


def test_each_bar_is_reached_by_its_own_constant(constants):
    bars = fit_intensities(constants, PUBLISHED, Workloads(), BARS)
    for cell, bar in bars.items():
        assert bar == pytest.approx(PUBLISHED[cell], rel=CLOSE)
    assert constants.value("work.build") == pytest.approx((263 - 30) / 660, rel=0.003)
    assert constants.fitted() == ["work.build", "work.query"]
    assert constants.cells() == set(BARS)


def test_constants_that_were_fitted_before_are_held(constants):
    class Slower(Workloads):
        def score(self, cell, values):
            return super().score(cell, values) + values["work.other"]

    bars = fit_intensities(constants, PUBLISHED, Slower(), {"f/L/build": "work.build"}, {"work.other": 7})
    assert bars["f/L/build"] == pytest.approx(263, rel=CLOSE)
    assert constants.value("work.build") == pytest.approx((263 - 37) / 660, rel=0.003)


def test_a_second_fit_begins_from_the_same_priors(constants):
    fit_intensities(constants, PUBLISHED, Workloads(), BARS)
    first = constants.text()
    fit_intensities(constants, PUBLISHED, Workloads(), BARS)
    assert constants.text() == first


def test_a_bar_out_of_reach_leaves_the_constant_at_the_end_of_its_range(constants):
    class Counting(Workloads):
        builds = 0

        def score(self, cell, values):
            self.builds += cell == "f/L/build"
            return super().score(cell, values)

    model = Counting()
    fit_intensities(constants, PUBLISHED | {"f/L/build": 900.0}, model, BARS)
    assert constants.value("work.build") == 0.4
    assert model.builds == 3, "the prior, a step, the end, and not that again"
