"""Cells with other constants, and what a run looks at."""

import json
import statistics
from pathlib import Path

import pytest
import xensim
from xensim import _xensim
from xensim.cells import figure6_cells
from xensim.sensitivity.probe import probe
from xensim.whatif.cells import Run, cells_of
from xensim.whatif.model import SimulatedCells, Unavailable
from xensim.whatif.workers import simulate

CALIBRATION = str(Path(_xensim.home_directory()) / "experiments" / "calibration" / "dell2650.json")
CONSTANTS = ["processor.l2_miss_overlap", "monitor.domain_switch", "disk.heads"]


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


@pytest.mark.parametrize(("statistic", "expected"), [("median", statistics.median), (None, statistics.fmean)])
def test_a_cell_is_the_statistic_of_all_its_replications(document, statistic, expected):
    compare = {"cell": "small/{domains[0].count}", "metric": "throughput"}
    compare |= {"statistic": statistic} if statistic else {}
    document |= {"replications": 3, "sweep": {"domains[0].count": [1, 2]}, "compare": compare}
    with SimulatedCells([document], jobs=1) as model:
        assert model.cells == ["small/1", "small/2"]
        [cells] = model.evaluate([({}, model.cells)])
        assert model.available(model.cells, {}) == cells
        with pytest.raises(Unavailable, match="no experiment has the cell small/3"):
            model.evaluate([({}, ["small/3"])])
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


def test_a_run_is_known_to_need_some_factors_and_not_others(swept, tmp_path):
    native, xen = (cells_of(swept)[f"swept/{platform}/4"].runs[0] for platform in ("native", "xen"))
    factors = {name: [name] for name in CONSTANTS}
    found = {run: probe(run, ["throughput"], CALIBRATION, factors, str(tmp_path)) for run in (native, xen)}
    assert found[native].read == ["processor.l2_miss_overlap", "disk.heads"]
    assert found[xen].read == ["processor.l2_miss_overlap", "monitor.domain_switch"]
    assert found[xen].values == simulate(xen, ["throughput"], {}), "and is the run itself"
    assert simulate(native, ["throughput"], {"monitor.domain_switch": 250}) == found[native].values
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_a_constant_that_the_experiment_sets_itself_counts_as_needed(swept, tmp_path):
    run = swept.with_({"constants": {"monitor.domain_switch": 101}, "platform": "native"}).runs[0]
    factors = {"monitor.domain_switch": ["monitor.domain_switch"]}
    found = probe(Run(run.text, run.seed), ["throughput"], CALIBRATION, factors, str(tmp_path))
    assert found.read == ["monitor.domain_switch"]
