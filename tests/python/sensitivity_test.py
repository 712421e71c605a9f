"""Screening of experiments that are small, and as a command."""

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
from xensim.sensitivity import simulator
from xensim.sensitivity.journal import Journal
from xensim.sensitivity.report import flipped_by, influences, report
from xensim.whatif.cells import cells_of
from xensim.whatif.workers import simulate

matplotlib.use("agg")
CONSTANTS = ["processor.l2_miss_overlap", "monitor.domain_switch", "disk.heads"]


@pytest.fixture(scope="module")
def screened(swept, tmp_path_factory):
    output = tmp_path_factory.mktemp("screening")
    said = []
    found = xensim.sensitivity(
        swept, CONSTANTS, conclusions=["swept/native/4 > swept/xen/4", "swept/xen/4 > 1.85"],
        trajectories=3, jobs=1, output=output, say=said.append,
    )  # fmt: skip
    return found, output, said


def test_one_at_a_time_is_the_experiment_with_this_constant(swept, screened):
    found, _, _ = screened
    cell = cells_of(swept)["swept/xen/4"]
    high = found.one_at_a_time.set_index(["cell", "factor", "end"])["simulated"]
    other = {run: simulate(run, ["throughput"], {"processor.l2_miss_overlap": 1.0}) for run in cell.runs}
    assert high["swept/xen/4", "processor.l2_miss_overlap", "high"] == cell.value(
        lambda run, metric: other[run][metric]
    )
    assert list(found.cells["cell"]) == ["swept/native/4", "swept/xen/4"], "without those that are 1 by definition"


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


def test_finished_runs_are_found_again_and_give_the_same(swept, screened):
    found, output, _ = screened
    said = []
    again = xensim.sensitivity(
        swept, CONSTANTS, conclusions=["swept/native/4 > swept/xen/4"], trajectories=3, jobs=2,
        output=output, say=said.append,
    )  # fmt: skip
    assert any(line.startswith("0 runs are to be made") for line in said)
    assert again.values.equals(found.values)
    assert again.morris.equals(found.morris)


def test_more_jobs_give_the_same(swept, screened):
    found, _, _ = screened
    other = xensim.sensitivity(swept, CONSTANTS, trajectories=3, jobs=3)
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


def test_runs_that_fail_are_told_and_do_not_count(swept, monkeypatch):
    def fails_when_high(run, metrics, constants):
        if constants.get("processor.l2_miss_overlap") == 1.0:
            raise xensim.SimulationError("too slow")
        return simulate(run, metrics, constants)

    monkeypatch.setattr(simulator, "simulate", fails_when_high)
    found = xensim.sensitivity(swept, CONSTANTS[:2], cells=["swept/xen/4"], trajectories=4, jobs=1)
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
def test_bad_arguments_are_told(swept, options, complaint):
    with pytest.raises(xensim.InputError, match=complaint):
        xensim.sensitivity(swept, CONSTANTS, **options)


def test_two_conclusions_of_one_title_are_refused(swept):
    with pytest.raises(xensim.InputError, match="found two conclusions 'a'"):
        xensim.sensitivity(swept, CONSTANTS, conclusions=["a: swept/xen/4 > 1", "a: swept/native/4 > 1"])


def test_the_machine_may_be_the_one_that_goes_without_saying(swept):
    document = swept.document
    del document["machine"]
    plain = xensim.sensitivity(xensim.load(document), CONSTANTS[:1], trajectories=1, jobs=1)
    said = xensim.sensitivity(swept, CONSTANTS[:1], trajectories=1, jobs=1)
    assert plain.values.equals(said.values)


def test_a_machine_whose_constants_have_no_ranges_is_refused(swept, tmp_path):
    box = tmp_path / "box.json"
    box.write_text('{"cpus": 1}')
    with pytest.raises(xensim.InputError, match=r"found the machine file '.*box.json'; expected one of"):
        xensim.sensitivity(swept.with_(machine=str(box)), CONSTANTS)


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
def file(swept, tmp_path) -> Path:
    path = tmp_path / "swept.json"
    path.write_text(json.dumps(swept.document))
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
        (["--draw", "swept/xen/5"], "found no cell 'swept/xen/5'"),
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
