"""What is varied, and what is asked."""

from pathlib import Path

import pytest
import xensim
from xensim import _xensim
from xensim.sensitivity.conclusions import DECLARED, declared, parse
from xensim.sensitivity.factors import factors_of
from xensim.whatif import Constants, Parameter

CALIBRATION = Path(_xensim.home_directory()) / "experiments" / "calibration" / "dell2650.json"


# --- Factors ----------------------------------------------------------------------------------------


def test_a_level_goes_through_the_range_by_its_logarithm():
    parameter = Parameter("a", prior=20, low=10, high=1000)
    assert [parameter.at(level) for level in (0.0, 0.5, 1.0)] == [10, 100, 1000]
    assert Parameter("a", 2, 1, 3, whole=True).at(1 / 3) == 1, "whole cycles"


def test_by_default_each_section_is_a_factor():
    constants = Constants(CALIBRATION)
    factors = {factor.name: factor.parameters for factor in factors_of(constants)}
    assert list(factors)[:2] == ["processor", "monitor"]
    names = [parameter.name for parameters in factors.values() for parameter in parameters]
    assert names == [name for name in constants.names() if constants.varies(name)]


def test_constants_are_chosen_by_name_beginning_or_pattern():
    constants = Constants(CALIBRATION)
    assert [factor.name for factor in factors_of(constants, ["processor.tlb_walk", "*.fork_fixed"])] == [
        "processor.tlb_walk", "kernel_paths.fork_fixed",
    ]  # fmt: skip
    assert all(factor.name.startswith("monitor.") for factor in factors_of(constants, ["monitor."]))
    assert [factor.name for factor in factors_of(constants, ["processor", "guest"], by="section")] == [
        "processor", "guest",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("processor.tlb_wlak", "found no constant 'processor.tlb_wlak'.*did you mean 'processor.tlb_walk'"),
        ("proccessor", "did you mean 'processor'"),
        ("nothing.*", "found no constant 'nothing.*'"),
        ("", "found no constant ''"),
        ("network.line_rate", "'network.line_rate', whose range is one value; expected a constant that may vary"),
    ],
)
def test_a_constant_that_is_not_there_or_cannot_vary_is_refused(name, complaint):
    with pytest.raises(xensim.InputError, match=complaint):
        factors_of(Constants(CALIBRATION), [name])


# --- Conclusions ------------------------------------------------------------------------------------

CELLS = {"t/a": 12.0, "t/b": 10.0, "t/c": 8.0}


@pytest.mark.parametrize(
    ("text", "margin"),
    [
        ("t/a > t/b", 0.2),
        ("t/b < t/a", 0.2),
        ("t/b > t/a", -1 / 6),
        ("t/a > t/b > t/c", 0.2),
        ("t/a > t/c < t/b", 0.25),
        ("t/a > 1.5 * t/b", -0.2),
        ("t/c < 10", 0.25),
    ],
)
def test_a_conclusion_holds_by_its_least_margin(text, margin):
    assert parse(text, CELLS).margin(CELLS) == pytest.approx(margin)


def test_a_conclusion_may_have_a_title():
    assert parse("A is ahead: t/a > t/b", CELLS).title == "A is ahead"
    assert parse("t/a > t/b", CELLS).title == "t/a > t/b"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("t/a > t/d1", "found no cell 't/d1'"),
        ("t/a > t/bb", "did you mean 't/b'"),
        ("t/a", "found no comparison"),
        ("t/a > 1..2 * t/b", "found '1..2'; expected a number"),
    ],
)
def test_a_conclusion_that_cannot_be_read_is_refused(text, complaint):
    with pytest.raises(xensim.InputError, match=complaint):
        parse(text, CELLS)


def test_the_papers_conclusions_follow_from_what_it_prints():
    published = xensim.cells.published_values()
    conclusions = declared(published)
    assert len(conclusions) == len(DECLARED)
    assert [its.title for its in conclusions if its.margin(published) <= 0] == []


def test_the_papers_conclusions_are_those_of_the_cells_at_hand():
    assert [its.title for its in declared(["figure4/xen/4", "figure4/linux/4", "figure4/xen/8"])] == [
        "Xen is ahead of Linux with 4 servers"
    ]
