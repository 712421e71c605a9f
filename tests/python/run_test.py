"""What a run gives: a tidy frame, the same whoever runs it."""

import concurrent.futures
import json
import math
import os
import signal
import subprocess
import sys
import threading
import warnings

import pandas
import pytest
import xensim

IN_A_FRESH_PROCESS = """
import json, sys, xensim
frame = xensim.load(json.load(sys.stdin)).run(jobs=int(sys.argv[1]), progress=False)
print(json.dumps([[*row[:-1], repr(row[-1])] for row in frame.itertuples(index=False)]))
"""


def rows(frame: pandas.DataFrame) -> list[list]:
    return [[*row[:-1], repr(row[-1])] for row in frame.itertuples(index=False)]


def test_one_row_per_run_and_metric(small):
    swept = small.sweep(domains=[1, 2])
    frame = swept.run(jobs=1, progress=False)
    assert list(frame.columns) == ["domains", "replication", "metric", "unit", "value"]
    assert frame["domains"].unique().tolist() == [1, 2]
    assert frame["replication"].unique().tolist() == [0, 1]
    assert (frame.query("metric == 'throughput'").groupby(["domains", "replication"]).size() == 1).all()
    assert len(frame.query("metric == 'throughput'")) == len(swept.runs)
    assert frame.query("metric == 'throughput'")["value"].between(0.1, 2.1).all()
    assert frame["value"].dtype == float


def test_the_same_from_a_fresh_process_from_one_job_and_from_two(document):
    here = rows(xensim.load(document).run(jobs=1, progress=False))
    assert rows(xensim.load(document).run(jobs=2, progress=False)) == here
    for jobs in ("1", "2"):
        fresh = subprocess.run(
            [sys.executable, "-c", IN_A_FRESH_PROCESS, jobs],
            input=json.dumps(document), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert json.loads(fresh.stdout) == here


def test_the_hundredth_run_of_a_process_is_like_the_first(document):
    document |= {"replications": 1, "measure": {"warm_up": "20 ms", "duration": "50 ms"}}
    run = xensim.load(document).runs[0]
    resolved = json.loads(run.text)
    first = xensim.simulate(resolved, run.seed)
    for _ in range(98):
        xensim.simulate(resolved, run.seed + 1)
    assert repr(xensim.simulate(resolved, run.seed)) == repr(first)


def test_strict_and_audited_runs_give_the_same_metrics(small):
    run = small.runs[0]
    document = json.loads(run.text)
    plain = xensim.simulate(document, run.seed)["metrics"]
    assert xensim.simulate(document, run.seed, audit=True)["metrics"] == plain
    assert xensim.simulate(document, run.seed, strict=True)["metrics"] == plain


def test_any_executor_will_do(small):
    here = small.run(jobs=1, progress=False)
    with concurrent.futures.ThreadPoolExecutor(1) as one_thread:
        assert rows(small.run(executor=one_thread, progress=False)) == rows(here)


def test_two_simulations_at_a_time_in_a_process_are_refused(document):
    """Threads collide at some point of many runs, or not at all: no run may be wrong."""
    experiment = xensim.load(document).replications(20)
    here = experiment.run(jobs=1, progress=False)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        try:
            assert rows(experiment.run(executor=threads, progress=False)) == rows(here)
        except xensim.SimulationError as error:
            assert "use processes, not threads" in str(error)


def test_an_interruption_is_still_pythons_after_a_run(small):
    small.run(jobs=1, progress=False)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interruption_ends_a_sweep_but_not_the_process(document, jobs):
    """Whichever thread gets the signal."""
    document["measure"]["duration"] = "2000 s"
    sweep = xensim.load(document).replications(50)
    interrupt = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        sweep.run(jobs=jobs, progress=False)
    interrupt.join()
    assert rows(xensim.load(document).with_(measure__duration="1 s").run(jobs=jobs, progress=False))


def test_a_metric_that_no_run_has_is_warned_of_and_the_others_are_there(small):
    asking = small.replications(1).with_({"measure.metrics": ["throughput", "spec/thrughput"]})
    with pytest.warns(UserWarning, match="begins with 'spec/thrughput'"):
        frame = asking.run(jobs=1, progress=False)
    assert frame["metric"].tolist() == ["throughput"]


UNUSUAL = ["spec, under bvt-xen1: a weight of 30 counts as 33.33", "disk.rotation = 100 is outside its range"]


@pytest.fixture
def unusual(small) -> xensim.Experiment:
    """Of which the command would warn, too."""
    changes = {"platform.scheduler": "bvt-xen1", "domains[0].weight": 30, "constants.disk.rotation": 100}
    return small.with_(changes)


def started(warned) -> list[bool]:
    return [str(one.message).startswith(text) for one, text in zip(warned, UNUSUAL, strict=True)]


def test_constants_out_of_range_and_rounded_weights_are_warned_of_once(unusual):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        unusual.run(jobs=2, progress=False)
    assert started(warned) == [True, True]
    assert {one.category for one in warned} == {UserWarning}
    assert {one.filename for one in warned} == {__file__}, "where the user has called"


def test_a_single_run_is_warned_of_like_an_experiment(unusual):
    for run in unusual.one().run, lambda: xensim.simulate(unusual.one().document):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            run()
        assert started(warned) == [True, True]


def test_a_warning_that_is_an_error_comes_before_the_runs(unusual):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="weight of 30"):
            unusual.with_(measure__duration="10000 s").run(progress=False)


@pytest.mark.parametrize("executor", [3, "processes", dict])
def test_what_is_no_executor_is_refused(small, executor):
    with pytest.raises(TypeError, match="expected an executor"):
        small.run(executor=executor)


@pytest.mark.parametrize("jobs", [0, -1, 1.5, "2"])
def test_jobs_are_counted(small, jobs):
    with pytest.raises(xensim.InputError, match="expected at least 1"):
        small.run(jobs=jobs)


def test_an_error_in_a_run_says_which_run(small, document):
    @xensim.workload("breaks on its second instance")
    def breaks(instance, random):
        yield xensim.compute(ms=1)
        if instance == 1:
            raise KeyError("broken")

    document["domains"][0]["workload"] = "breaks on its second instance"
    for jobs in (1, 2):
        with pytest.raises(KeyError, match="broken") as caught:
            xensim.load(document).sweep(domains=[1, 2]).run(jobs=jobs, progress=False)
        assert caught.value.__notes__ == ["in run 2 (domains[0].count=2, replication 0)"]


def test_the_summary_has_the_mean_and_its_interval():
    frame = pandas.DataFrame(
        {"domains": [1] * 4 + [2], "replication": [0, 1, 2, 3, 0], "metric": "m", "unit": "s",
         "value": [1.0, 2.0, 3.0, 4.0, 7.0]}
    )  # fmt: skip
    summary = xensim.summary(frame)
    assert summary["mean"].tolist() == [2.5, 7.0]
    # t(0.975, 3) = 3.1824; s = 1.29099
    assert summary["high"][0] - 2.5 == pytest.approx(3.182446 * 1.2909944 / 2, rel=1e-5)
    assert 2.5 - summary["low"][0] == pytest.approx(summary["high"][0] - 2.5)
    assert math.isnan(summary["low"][1])
    assert summary["replications"].tolist() == [4, 1]
