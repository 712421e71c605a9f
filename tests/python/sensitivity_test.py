"""Screening: effects of functions that are known, and of experiments that are small."""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest
import xensim
from xensim import _xensim
from xensim.cells import figure6_cells
from xensim.sensitivity import simulator
from xensim.sensitivity.conclusions import DECLARED, declared, parse
from xensim.sensitivity.factors import factors_of
from xensim.sensitivity.journal import Journal
from xensim.sensitivity.morris import design, effects
from xensim.sensitivity.probe import probe
from xensim.sensitivity.report import flipped_by, influences, report
from xensim.whatif import Constants, Parameter
from xensim.whatif.cells import Run, cells_of
from xensim.whatif.workers import simulate

matplotlib.use("agg")
CALIBRATION = Path(_xensim.home_directory()) / "experiments" / "calibration" / "dell2650.json"
CONSTANTS = ["processor.l2_miss_overlap", "monitor.domain_switch", "disk.heads"]

SWEPT = {
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


# --- Elementary effects -----------------------------------------------------------------------------


def effects_of(function, factors: int, count: int = 20, levels: int = 4):
    drawn = design(factors, count, levels, seed=1)
    return effects(drawn, [[function(*point) for point in trajectory.points] for trajectory in drawn])


@pytest.mark.parametrize("levels", [2, 4, 8])
def test_a_trajectory_moves_every_factor_once_by_delta_and_stays_on_the_grid(levels):
    delta = levels / (2 * (levels - 1))
    for trajectory in design(5, 30, levels, seed=3):
        assert sorted(trajectory.moved) == list(range(5))
        for before, after, moved in zip(trajectory.points, trajectory.points[1:], trajectory.moved, strict=False):
            changes = [b - a for a, b in zip(before, after, strict=True)]
            assert abs(changes.pop(moved)) == pytest.approx(delta)
            assert not any(changes), "one at a time"
        grid = {i / (levels - 1) for i in range(levels)}
        assert {level for point in trajectory.points for level in point} <= grid


def test_trajectories_visit_all_levels_and_both_directions():
    starts = [trajectory.points[0][0] for trajectory in design(3, 200, 4, seed=1)]
    assert {round(3 * level) for level in starts} == {0, 1, 2, 3}
    assert {trajectory.moved[0] for trajectory in design(3, 200, 4, seed=1)} == {0, 1, 2}


def test_more_trajectories_begin_with_the_same_and_another_seed_gives_others():
    assert design(4, 9, 4, seed=5)[:3] == design(4, 3, 4, seed=5)
    assert design(4, 3, 4, seed=6) != design(4, 3, 4, seed=5)


def test_an_odd_number_of_levels_is_refused():
    with pytest.raises(xensim.InputError, match="found 5 levels; expected an even number"):
        design(2, 1, 5, seed=1)


def test_of_a_linear_function_mu_is_the_coefficient_and_sigma_nothing():
    coefficients = (3.0, -7.0, 0.0)
    found = effects_of(lambda a, b, c: 2 + 3 * a - 7 * b, 3)
    for coefficient, its in zip(coefficients, found, strict=True):
        assert its.mu == pytest.approx(coefficient, abs=1e-12)
        assert its.mu_star == pytest.approx(abs(coefficient), abs=1e-12)
        assert its.sigma == pytest.approx(0, abs=1e-12)
        assert its.count == 20


def test_of_a_product_each_effect_is_the_other_factor():
    """Whose levels 0, 1/3, 2/3 and 1 are equally likely: mean 1/2, standard deviation sqrt(5)/6."""
    for its in effects_of(lambda a, b: a * b, 2, count=2000):
        assert its.mu == its.mu_star == pytest.approx(0.5, abs=0.03)
        assert its.sigma == pytest.approx(math.sqrt(5) / 6, abs=0.02)


def test_effects_of_either_sign_cancel_in_mu_and_not_in_mu_star():
    """From 0 to 2/3 a parabola around the middle falls by 2/9, from 1/3 to 1 it rises by as much."""
    (its,) = effects_of(lambda x: (x - 0.5) ** 2, 1, count=2000)
    assert its.mu == pytest.approx(0, abs=0.03)
    assert its.mu_star == pytest.approx(1 / 3)
    assert its.sigma == pytest.approx(1 / 3, abs=0.01)


def test_steps_whose_value_is_not_known_do_not_count():
    found = effects_of(lambda a, b: float("nan") if a == 1 else 2 * b, 2, count=50)
    assert found[1].mu == pytest.approx(2)
    assert 0 < found[1].count < 50
    (nothing,) = effects_of(lambda x: float("nan"), 1)
    assert nothing.count == 0 and nothing.mu != nothing.mu


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


def test_two_conclusions_of_one_title_are_refused():
    with pytest.raises(xensim.InputError, match="found two conclusions 'a'"):
        xensim.sensitivity(
            xensim.load(SWEPT), CONSTANTS, conclusions=["a: swept/xen/4 > 1", "a: swept/native/4 > 1"]
        )


# --- Cells ------------------------------------------------------------------------------------------


def values_of(experiment, metrics=(), constants=None):
    cells = cells_of(experiment, metrics)
    wanted = sorted({cell.metric for cell in cells.values()})
    runs = {run: simulate(run, wanted, constants or {}) for cell in cells.values() for run in cell.runs}
    return {name: cell.value(lambda run, metric: runs[run][metric]) for name, cell in cells.items()}


def test_cells_relative_to_others_are_those_of_the_comparison():
    """Means of ratios over conditions and replications."""
    short = xensim.load("figure6").with_({"measure.duration": "200 ms", "measure.warm_up": "10 ms", "replications": 2})
    programs = [{"label": name, "value": [name]} for name in ("gzip", "vpr")]
    short = short.sweep({"domains[0].count": [1, 4], "domains[0].workload.programs": programs})
    table = figure6_cells(short.run(jobs=1, progress=False)).set_index(["series", "instances"])
    for name, value in values_of(short).items():
        _, series, instances = name.split("/")
        assert value == pytest.approx(table.loc[(series, int(instances)), "simulated"], rel=1e-12)


def test_metrics_of_any_experiment_are_cells_too(document):
    experiment = xensim.load(document).sweep(domains=[1, 2])
    table = xensim.summary(experiment.run(jobs=1, progress=False)).set_index(["metric", "domains"])
    values = values_of(experiment, ["throughput"])
    assert values == {
        f"small/{domains}/throughput": pytest.approx(table.loc[("throughput", domains), "mean"]) for domains in (1, 2)
    }


def test_an_experiment_without_a_comparison_needs_metrics(document):
    with pytest.raises(xensim.InputError, match="small: found no comparison with published cells; expected metrics"):
        cells_of(xensim.load(document))


# --- What a run looks at ----------------------------------------------------------------------------


def test_a_run_is_known_to_need_some_factors_and_not_others():
    native, xen = (
        next(iter(cells_of(xensim.load(SWEPT | {"sweep": {**SWEPT["sweep"], "platform": [value]}})).values())).runs[0]
        for value in SWEPT["sweep"]["platform"]
    )
    factors = {name: [name] for name in CONSTANTS}
    found = {name: probe(run, ["throughput"], str(CALIBRATION), factors) for name, run in
             (("native", native), ("xen", xen))}  # fmt: skip
    assert found["native"].read == ["processor.l2_miss_overlap", "disk.heads"]
    assert found["xen"].read == ["processor.l2_miss_overlap", "monitor.domain_switch"]
    assert found["xen"].values == simulate(xen, ["throughput"], {}), "and is the run itself"
    assert simulate(native, ["throughput"], {"monitor.domain_switch": 250}) == found["native"].values


def test_a_constant_that_the_experiment_sets_itself_counts_as_needed():
    run = xensim.load(SWEPT | {"constants": {"monitor.domain_switch": 101}}).runs[0]
    factors = {"monitor.domain_switch": ["monitor.domain_switch"]}
    assert probe(Run(run.text, run.seed), ["throughput"], str(CALIBRATION), factors).read == ["monitor.domain_switch"]


# --- A whole screening ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    output = tmp_path_factory.mktemp("screening")
    said = []
    found = xensim.sensitivity(
        xensim.load(SWEPT), CONSTANTS, conclusions=["swept/native/4 > swept/xen/4", "swept/xen/4 > 1.85"],
        trajectories=3, jobs=1, output=output, say=said.append,
    )  # fmt: skip
    return found, output, said


def test_one_at_a_time_is_the_experiment_with_this_constant(screened):
    found, _, _ = screened
    high = found.one_at_a_time.set_index(["cell", "factor", "end"])["simulated"]
    other = values_of(xensim.load(SWEPT), constants={"processor.l2_miss_overlap": 1.0})
    assert high["swept/xen/4", "processor.l2_miss_overlap", "high"] == other["swept/xen/4"]
    base = values_of(xensim.load(SWEPT))
    assert dict(zip(found.cells["cell"], found.cells["base"], strict=True)) == {
        name: value for name, value in base.items() if name.endswith("/4")
    }, "without those that are 1 by definition"


def test_what_a_cell_rests_on_comes_first(screened):
    found, _, _ = screened
    first, *_ = influences(found, "swept/xen/4")
    assert first.startswith("processor.l2_miss_overlap ")
    rows = found.morris.set_index(["cell", "factor"])
    assert rows.loc[("swept/native/4", "monitor.domain_switch"), "mu_star"] == 0
    assert (rows["mu_star"] >= rows["mu"].abs()).all()
    assert (rows["effects"] == 3).all()


def test_a_conclusion_names_the_constant_that_turns_it(screened):
    found, _, _ = screened
    conclusions = found.conclusions.set_index("conclusion")
    assert conclusions.loc["swept/native/4 > swept/xen/4", "held"] == conclusions["points"].iloc[0] == 1 + 6 + 12
    row = conclusions.loc["swept/xen/4 > 1.85"]
    assert 0 < row["held"] < row["points"]
    (turned,) = flipped_by(found, "swept/xen/4 > 1.85")
    assert turned.startswith("processor.l2_miss_overlap (")
    text = report(found)
    assert "holds: swept/native/4 > swept/xen/4" in text
    assert "turned by processor.l2_miss_overlap" in text


def test_the_cost_is_told_before_it_begins(screened):
    _, _, said = screened
    assert said[0] == "2 cells, 3 factors (3 constants), 19 points, at most 152 runs"
    assert said[1].startswith("the first of 8 runs for each point took ")
    assert said[2].endswith(" s on one processor")
    needed = int(said[2].split()[0])
    assert 0 < needed < 152 * 3 / 4, "runs that need no constant of a factor are not made again"


def test_finished_runs_are_found_again_and_give_the_same(screened):
    found, output, _ = screened
    said = []
    again = xensim.sensitivity(
        xensim.load(SWEPT), CONSTANTS, conclusions=["swept/native/4 > swept/xen/4"], trajectories=3, jobs=2,
        output=output, say=said.append,
    )  # fmt: skip
    assert any(line.startswith("0 runs are to be made") for line in said)
    assert again.values.equals(found.values)
    assert again.morris.equals(found.morris)


def test_more_jobs_give_the_same(screened):
    found, _, _ = screened
    other = xensim.sensitivity(xensim.load(SWEPT), CONSTANTS, trajectories=3, jobs=3)
    assert other.values.equals(found.values)


def test_a_journal_forgets_the_line_that_was_cut_short(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.put("a", {"x": 1.5})
    journal.put("b", {"x": 2.5})
    journal.close()
    path.write_text(path.read_text()[:-3])
    journal = Journal(path)
    assert journal.get("a") == {"x": 1.5}
    assert journal.get("b") is None
    journal.put("c", {"x": 3.5})
    journal.close()
    assert [json.loads(line) for line in path.read_text().splitlines()] == [["a", {"x": 1.5}], ["c", {"x": 3.5}]]


def test_a_journal_is_written_by_one_at_a_time(tmp_path):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    with pytest.raises(xensim.InputError, match="expected a file of one's own"):
        Journal(path)
    journal.close()


def test_runs_that_fail_are_told_and_do_not_count(monkeypatch):
    def fails_when_high(run, metrics, constants):
        if constants.get("processor.l2_miss_overlap") == 1.0:
            raise xensim.SimulationError("too slow")
        return simulate(run, metrics, constants)

    monkeypatch.setattr(simulator, "simulate", fails_when_high)
    found = xensim.sensitivity(xensim.load(SWEPT), CONSTANTS[:2], cells=["swept/xen/4"], trajectories=4, jobs=1)
    assert list(found.failures) == ["too slow"]
    assert "runs failed: too slow" in report(found)
    ends = found.one_at_a_time.set_index(["factor", "end"])["simulated"]
    assert math.isnan(ends["processor.l2_miss_overlap", "high"])
    assert ends["processor.l2_miss_overlap", "low"] > 1
    assert found.morris["effects"].min() < 4


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"cells": ["swept/xne/4"]}, "found no cell 'swept/xne/4'; expected one of the experiments; did you mean"),
        ({"trajectories": -1}, "found trajectories=-1"),
        ({"levels": 3}, "found 3 levels"),
        ({"jobs": 0}, "found jobs=0; expected 1 to 1024"),
        ({"seed": -1}, "found seed=-1"),
        ({"by": "file"}, "found factors by 'file'; expected section or constant"),
    ],
)
def test_bad_arguments_are_told(options, complaint):
    with pytest.raises(xensim.InputError, match=complaint):
        xensim.sensitivity(xensim.load(SWEPT), CONSTANTS, **options)


# --- Plots ------------------------------------------------------------------------------------------


def test_a_tornado_has_the_widest_factor_on_top(screened):
    found, _, _ = screened
    ax = xensim.plot.tornado(found.one_at_a_time, "swept/xen/4")
    assert [label.get_text() for label in ax.get_yticklabels()][-1] == "processor.l2_miss_overlap"
    rows = found.one_at_a_time
    ends = rows[(rows["cell"] == "swept/xen/4") & (rows["factor"] == "processor.l2_miss_overlap")]
    widths = [bar.get_width() for bar in ax.patches]
    assert set(ends["change_pct"]) <= set(widths)
    assert "disk.heads" not in [label.get_text() for label in ax.get_yticklabels()], "it changes nothing"


def test_mu_star_stands_against_sigma(screened):
    found, _, _ = screened
    ax = xensim.plot.morris(found.morris, "swept/xen/4")
    rows = found.morris[(found.morris["cell"] == "swept/xen/4") & (found.morris["mu_star"] > 0)]
    points = {tuple(point) for line in ax.lines if line.get_marker() == "o" for point in line.get_xydata()}
    assert points == set(zip(rows["mu_star_pct"], rows["sigma_pct"], strict=True))


def test_a_plot_of_an_unknown_cell_is_refused(screened):
    with pytest.raises(xensim.InputError, match="found no cell 'swept/xen/5'"):
        xensim.plot.sensitivity(screened[0], "swept/xen/5")


# --- The command ------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "swept.json"
    path.write_text(json.dumps(SWEPT))
    return path


def run(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "xensim.sensitivity", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_command_writes_tables_and_plots(file, tmp_path):
    output = tmp_path / "output"
    process = run(file, "--constants", *CONSTANTS, "--trajectories", 1, "--jobs", 1, "--output", output,
                  "--set", "replications=1")  # fmt: skip
    text, said = process.communicate()
    assert process.returncode == 0, said
    assert text.startswith("cell ")
    assert f"9 tables and 2 plots in {output}" in said
    names = {path.name for path in output.iterdir()}
    assert {"cells.csv", "morris.csv", "one_at_a_time.csv", "conclusions.csv", "finished.jsonl"} <= names
    assert {"swept-native-4.png", "swept-native-4.svg"} <= names
    assert not any(name.startswith(".") for name in names)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--constants", "processor.tlb_wlak"], "did you mean 'processor.tlb_walk'"),
        (["--constants", "network.line_rate"], "whose range is one value"),
        (["--conclusion", "swept/xen/4 > swept/xen/5"], "found no cell 'swept/xen/5'"),
        (["--set", "replication=3"], "replications"),
        (["--set", "replications"], "expected path=value"),
        (["--trajectories", "ten"], "invalid int value"),
    ],
)
def test_bad_input_ends_with_two_and_writes_nothing(file, tmp_path, arguments, complaint):
    output = tmp_path / "output"
    process = run(file, "--output", output, *arguments)
    text, said = process.communicate()
    assert process.returncode == 2
    assert complaint in said
    assert text == "" and not output.exists()


def test_what_was_finished_before_an_interruption_is_kept(file, tmp_path):
    output = tmp_path / "output"
    constants = ("processor.memory", "processor.l2", "processor.t")
    arguments = (file, "--constants", *constants, "--trajectories", 4, "--jobs", 1, "--output", output)
    process = run(*arguments)
    for line in process.stderr:
        if "runs are to be made" in line:
            needed = int(line.split()[1])
            break
    for line in process.stderr:
        if line.startswith("xensim: runs: "):
            break
    os.kill(process.pid, signal.SIGINT)
    text, said = process.communicate()
    assert process.returncode == 130
    assert said.endswith(f"interrupted; finished runs are kept in {output}/finished.jsonl, where the same command "
                         "finds them\n")  # fmt: skip
    assert text == ""
    assert os.listdir(output) == ["finished.jsonl"]

    process = run(*arguments)
    for line in process.stderr:
        if "runs are to be made" in line:
            assert int(line.split()[1]) <= needed * 0.9
            break
    os.kill(process.pid, signal.SIGTERM)
    process.communicate()
    assert process.returncode == 130
