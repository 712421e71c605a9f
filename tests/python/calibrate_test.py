"""Calibration: on problems whose answer is known, and as a command."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import xensim
from xensim import _xensim
from xensim.calibrate import STAGES, Constants, Parameter, Stage, fit
from xensim.calibrate.calibration import ALL, BLIND, calibrate
from xensim.calibrate.intensities import BARS, PACKETS
from xensim.calibrate.report import BEGIN, END, into_document, report
from xensim.cells import published_values

HOME = Path(_xensim.home_directory())
FILE = HOME / "experiments" / "calibration" / "dell2650.json"

# Cell -> what it costs in each constant.
WORK = {
    "t/native/call": {"paths.gate": 1},
    "t/native/fault": {"paths.gate": 1, "paths.fault": 2},
    "t/native/many": {"paths.gate": 3, "paths.fault": 1, "paths.page": 5},
    "t/native/pages": {"paths.page": 9},
    "t/native/other": {"paths.gate": 2, "paths.page": 1},
    "t/xen/fault": {"paths.gate": 1, "paths.fault": 2, "xen.update": 1},
    "t/xen/other": {"paths.page": 1, "xen.update": 4},
}
TRUE = {"paths.gate": 520.0, "paths.fault": 330.0, "paths.page": 1290.0, "xen.update": 801.0}
NATIVE = Stage("paths", "Paths", ("t/native/call", "t/native/fault", "t/native/many"), ("paths.*",))
XEN = Stage("xen", "Xen", ("t/xen/fault",), ("xen.*",), needs_monitor=True)


class Linear:
    """Costs that add up, but for a term in which two constants multiply."""

    cells = tuple(WORK)

    def __init__(self, constants: Constants, refused: dict[str, str] | None = None) -> None:
        self.constants = constants
        self.refused = refused or {}

    def cost(self, cell: str, values: dict[str, float]) -> float:
        price = {name: values.get(name, self.constants.value(name)) for name in TRUE}
        sum_ = sum(times * price[name] for name, times in WORK[cell].items())
        return sum_ + (price["paths.gate"] * price["paths.fault"] / 10_000 if "fault" in cell else 0)

    def evaluate(self, points, title=""):
        return [{cell: self.cost(cell, values) for cell in cells} for values, cells in points]

    def available(self, cells, values):
        return {cell: self.cost(cell, values) for cell in cells if cell not in self.refused}


def constant(value: float, low: float, high: float, **more) -> dict:
    parts = {"value": value, "unit": "cycles", "range": [low, high], "origin": "estimated", "source": "test"}
    return parts | more


def document() -> dict:
    return {
        "machine": "test",
        "paths": {
            "gate": constant(400, 100, 1600),
            "fault": constant(500, 125, 2000, cells=["t/native/call"]),
            "unused": constant(7, 5, 9),
            "page": constant(1000, 250, 4000),
        },
        "xen": {"update": constant(600, 300, 1200)},
    }


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "test.json"
    path.write_text(json.dumps(document(), indent=1) + "\n")
    return path


def published(constants: Constants) -> dict[str, float]:
    return {cell: Linear(constants).cost(cell, TRUE) for cell in WORK}


def calibrated(file: Path, **options):
    constants = Constants(file)
    outcome = calibrate(constants, (NATIVE, XEN), published(constants), Linear(constants), **options)
    file.write_text(constants.text())
    return constants, outcome


def test_constants_that_cells_determine_are_found(file):
    constants, outcome = calibrated(file)
    for name in TRUE:
        assert constants.value(name) == pytest.approx(TRUE[name], rel=0.01)
    assert outcome.simulated[ALL]["t/native/pages"] == pytest.approx(9 * TRUE["paths.page"], rel=0.01)
    _, done = outcome.fits["paths"]
    assert 0 <= done.degrees_of_freedom < 0.1, "three cells determine three constants"


def test_what_no_cell_determines_stays_near_its_prior():
    gate, page = Parameter("gate", 100, 50, 200), Parameter("page", 1000, 500, 2000)
    done = fit([gate, page], {"sum": 1210}, lambda all_: [{"sum": v["gate"] + v["page"]} for v, _ in all_])
    assert done.after["sum"] == pytest.approx(1210, rel=0.002)
    assert done.values["page"] / 1000 > done.values["gate"] / 100, "the larger part explains more of the miss"
    assert done.degrees_of_freedom == pytest.approx(0, abs=0.1)


def test_a_constant_that_would_have_to_leave_its_range_stops_at_its_bound():
    gate = Parameter("gate", 100, 50, 200, whole=True)
    done = fit([gate], {"call": 900}, lambda points: [{"call": 2 * v["gate"]} for v, _ in points])
    assert done.values == {"gate": 200}
    assert done.at_bound == ["gate"]
    assert done.after == {"call": 400}


def test_a_step_that_would_make_it_worse_is_shortened():
    """Lines fit into a cache until, suddenly, they do not."""
    lines = Parameter("lines", 100, 50, 200, whole=True)
    done = fit([lines], {"call": 112}, lambda points: [
        {"call": v["lines"] if v["lines"] < 115 else 3 * v["lines"]} for v, _ in points
    ])  # fmt: skip
    assert done.after["call"] == pytest.approx(112, rel=0.03)


def test_where_all_together_lead_nowhere_constants_move_one_by_one():
    """Whether a token changes hands once more is not in the derivatives: they are taken over long ways."""
    wake, switch = Parameter("wake", 100, 50, 200), Parameter("switch", 100, 50, 200)
    done = fit([wake, switch], {"call": 230, "ring": 100}, lambda points: [
        {"call": v["wake"] + v["switch"], "ring": 150 if 100 < v["wake"] < 140 else 100} for v, _ in points
    ])  # fmt: skip
    assert done.values["wake"] == 100
    assert done.after == {"call": pytest.approx(230, rel=0.005), "ring": 100}


def test_a_prior_outside_its_range_is_refused(file):
    wrong = document()
    wrong["paths"]["gate"]["value"] = 99
    file.write_text(json.dumps(wrong))
    constants = Constants(file)
    with pytest.raises(xensim.InputError, match=r"paths\.gate: found 99; expected a value in its range"):
        calibrate(constants, (NATIVE,), published(constants), Linear(constants))


def test_fitted_values_have_four_digits_and_prices_in_cycles_are_whole():
    assert Parameter("a", 1, 0.1, 10).rounded(1.234567) == 1.235
    assert Parameter("a", 50_000, 10_000, 90_000, whole=True).rounded(12345.6) == 12350
    assert Parameter("a", 3, 2, 6, whole=True).rounded(2.4) == 2
    assert Parameter("a", 1, 0.1, 1.9996).rounded(1.99959) == 1.9996, "never beyond the range"


def test_again_from_its_own_output_gives_the_same_bytes(file):
    calibrated(file)
    once = file.read_bytes()
    calibrated(file)
    assert file.read_bytes() == once
    assert Constants(file).document["paths"]["gate"]["prior"] == {"value": 400, "origin": "estimated"}


def test_blind_leaves_a_monitors_constants_as_counted_whatever_was_fitted_before(file):
    fitted, _ = calibrated(file)
    blind, outcome = calibrated(file, blind=True)
    assert blind.document["xen"] == document()["xen"]
    assert blind.document["paths"] == fitted.document["paths"]
    assert outcome.skipped["xen"][1] == "left out by --blind"
    assert outcome.simulated[ALL] == outcome.simulated[BLIND]


def test_errors_without_and_with_the_monitors_cells_stand_beside_each_other(file):
    constants, outcome = calibrated(file)
    assert outcome.simulated[BLIND]["t/xen/other"] != outcome.simulated[ALL]["t/xen/other"]
    assert outcome.simulated[BLIND]["t/native/other"] == outcome.simulated[ALL]["t/native/other"]
    text = report(outcome, constants, published(constants))
    assert "| mean error with priors | mean error blind | mean error fitted |" in text
    assert "| xen | calibrated | 1 |" in text
    assert "| xen | predicted | 1 |" in text


def test_a_stage_whose_cells_cannot_be_simulated_is_left_out_with_the_reason(file):
    constants = Constants(file)
    model = Linear(constants, refused={"t/xen/fault": "the platform cannot run this"})
    outcome = calibrate(constants, (NATIVE, XEN), published(constants), model)
    assert outcome.skipped["xen"][1] == "the platform cannot run this"
    assert constants.document["xen"] == document()["xen"]
    assert "Skipped: Xen (the platform cannot run this)." in report(outcome, constants, published(constants))


def test_a_difference_shows_only_what_was_fitted(file):
    plain = document()
    del plain["paths"]["fault"]["cells"]
    file.write_text(json.dumps(plain, indent=1) + "\n")
    before = file.read_text().splitlines()
    constants, _ = calibrated(file)
    after = file.read_text().splitlines()
    assert [line for line in before if line not in after] == [
        '   "value": 400,', '   "value": 500,', '   "value": 1000,', '   "value": 600,'
    ]  # fmt: skip
    assert constants.document["paths"]["unused"] == document()["paths"]["unused"], "no cell depends on it"
    assert list(constants.document["paths"]) == ["gate", "fault", "unused", "page"]


def test_a_fitted_constant_names_the_cells_it_was_fitted_to(file):
    constants, _ = calibrated(file)
    paths = constants.document["paths"]
    assert paths["page"]["origin"] == "fitted"
    assert paths["page"]["cells"] == ["t/native/many"]
    assert paths["fault"]["cells"] == ["t/native/fault", "t/native/many"]
    assert constants.cells() == {"t/native/call", "t/native/fault", "t/native/many", "t/xen/fault"}


def test_sensitivity_is_the_change_over_a_constants_range(file):
    _, outcome = calibrated(file)
    simulated = outcome.simulated[ALL]["t/native/pages"]
    assert outcome.sensitivity["t/native/pages"] == {"paths.page": pytest.approx(9 * 3750 / simulated)}


def test_quick_fits_the_same_and_leaves_out_only_the_sensitivity_of_predicted_cells(file, tmp_path):
    other = tmp_path / "quick.json"
    other.write_text(file.read_text())
    whole, outcome = calibrated(file)
    quick, quick_outcome = calibrated(other, quick=True)
    assert quick.text() == whole.text()
    assert outcome.sensitivity["t/native/pages"] and not quick_outcome.sensitivity["t/native/pages"]
    assert quick_outcome.sensitivity["t/native/many"] == outcome.sensitivity["t/native/many"]


def test_the_report_replaces_its_block_only():
    text = f"Before.\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter.\n"
    assert into_document(text, "new") == f"Before.\n\n{BEGIN}\n\nnew\n\n{END}\n\nAfter.\n"
    assert into_document("no block", "new") == "no block"


def test_few_cells_are_fitted_and_all_of_them_are_published():
    cells = [cell for stage in STAGES for cell in stage.cells]
    assert len(cells) == len(set(cells)), "no cell is used twice"
    assert set(cells) <= set(published_values())
    assert not any("/L-SMP/" in cell for cell in cells), "a column of predictions"
    assert sum("/Xen/" in cell for cell in cells) <= 5
    assert all(stage.needs_monitor == any("/Xen/" in cell for cell in stage.cells) for stage in STAGES)


def test_the_committed_constants_rest_on_no_other_cells():
    assert all(bar.startswith("figure3/L/") for bar in BARS), "native Linux's"
    assert all(cell.startswith("table6/Linux/") for cell in PACKETS), "native Linux's"
    assert Constants(FILE).cells() <= {cell for stage in STAGES for cell in stage.cells} | set(BARS) | set(PACKETS)


def test_a_comparisons_roles_follow_from_the_constants(tmp_path):
    """Also if the file was fitted just now, and to cells that no experiment mentions."""
    for folder in ("experiments", "results/published"):
        shutil.copytree(HOME / folder, tmp_path / folder)
    program = os.environ.get("XENSIM", HOME / "build" / "release" / "xensim")
    copy = tmp_path / "experiments" / "calibration" / "dell2650.json"
    constants = Constants(copy)
    constants.set_fitted("kernel_paths.select_bit", 9, ["table3/L-UP/slct_tcp", "table3/L-SMP/slct_tcp"])
    copy.write_text(constants.text())
    comparison = tmp_path / "comparison.json"
    done = subprocess.run(
        [program, "reproduce", "table3", "--quiet", "--json", comparison, "--output", tmp_path / "output"],
        env={**os.environ, "XENSIM_HOME": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    cells = json.loads(comparison.read_text())["experiments"][0]["cells"]
    of_role = {role: {c["id"] for c in cells if c["role"] == role} for role in ("calibrated", "predicted")}
    assert of_role["calibrated"] == constants.cells() & {cell["id"] for cell in cells}
    assert {"table3/L-SMP/slct_tcp", "table3/L-UP/slct_tcp"} <= of_role["calibrated"]
    assert "table3/L-SMP/null_call" in of_role["predicted"]
    for role, of_it in of_role.items():
        assert f"\n{role}: {len(of_it)} cells, mean error" in done.stdout


def run(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "xensim.calibrate", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_everything_as_it_was(tmp_path, number):
    before = FILE.read_bytes()
    output = tmp_path / "constants.json"
    output.write_text("as it was")
    process = run("--jobs", "1", "--output", str(output))
    assert process.stderr.readline().endswith(" cells, 1 at a time\n")
    os.kill(process.pid, number)
    _, complaint = process.communicate()
    assert process.returncode == 130
    assert complaint.endswith("xensim: interrupted; nothing was written\n")
    assert output.read_text() == "as it was"
    assert os.listdir(tmp_path) == ["constants.json"]
    assert FILE.read_bytes() == before


def test_bad_usage_is_told(tmp_path):
    process = run("--jobs", "0")
    assert "expected 1 to 1024" in process.communicate()[1]
    assert process.returncode == 2


def test_the_file_in_the_tree_is_written_as_it_stands():
    assert Constants(FILE).text() == FILE.read_text(encoding="utf-8")
