"""As many replications as it takes."""

import concurrent.futures

import pytest
import xensim


@pytest.fixture
def noisy(small) -> xensim.Experiment:
    changed = small.with_({"measure.warm_up": "0 s", "measure.duration": "100 ms", "measure.metrics": ["throughput"]})
    return changed.sweep(domains=[1, 3])


def counts(frame) -> list[int]:
    return frame.groupby("domains", sort=False)["replication"].count().tolist()


def test_each_point_has_its_own_number_and_the_summary_tells_it(noisy):
    summary = xensim.summary(noisy.precision("throughput", 0.0005, maximum=60).run(jobs=1, progress=False))
    assert summary["replications"].nunique() == 2
    assert summary["replications"].between(5, 60).all()
    assert ((summary["high"] - summary["mean"]) / summary["mean"] <= 0.0005).all()


def test_the_same_whoever_runs_it(noisy):
    wanted = noisy.precision("throughput", 0.0005, maximum=60)
    here = wanted.run(jobs=1, progress=False)
    assert here.equals(wanted.run(jobs=3, progress=False))
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        assert here.equals(wanted.run(executor=pool, jobs=2, progress=False))
    fixed = noisy.replications(max(counts(here))).run(jobs=1, progress=False)
    merged = here.merge(fixed, on=["domains", "replication", "metric", "unit"])
    assert len(merged) == len(here)
    assert (merged["value_x"] == merged["value_y"]).all(), "replications are those of a fixed number"


def test_needless_runs_are_left_out_and_said_to_be(noisy, capfd):
    wanted = noisy.with_(domains=1).precision("throughput", 0.5)
    frame = wanted.run(jobs=1, progress=True)
    assert frame["replication"].tolist() == [0, 1, 2, 3, 4]
    assert "left out" not in capfd.readouterr().err
    ahead = noisy.with_(domains=3).precision("throughput", 0.0005, maximum=60)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        few = ahead.run(jobs=1, progress=False)
        many = ahead.run(executor=pool, jobs=50, progress=True)
    assert many.equals(few)
    assert "beyond what the precision takes left out" in capfd.readouterr().err


def test_a_point_that_misses_its_aim_is_warned_of(noisy):
    with pytest.warns(UserWarning, match=r"^5 runs: the 95 % interval of throughput"):
        frame = noisy.with_(domains=3).precision("throughput", 0.0001, maximum=5).run(jobs=1, progress=False)
    assert len(frame) == 5


def test_replications_and_precision_take_each_others_place(noisy):
    assert len(noisy.precision("throughput", 0.1, maximum=7).runs) == 14
    assert repr(noisy.precision("throughput", 0.1, maximum=7)) == "<xensim.Experiment 'small': at most 14 runs (domains: 2)>"
    assert len(noisy.precision("throughput", 0.1).replications(3).runs) == 6


@pytest.mark.parametrize(
    ("metric", "options", "message"),
    [
        ("throughput", {"half_width": 0}, "half_width.*at least 0.0001"),
        ("throughput", {"half_width": 0.1, "minimum": 9, "maximum": 8}, "at least the minimum, 9"),
        ("thruput", {"half_width": 0.1}, 'did you mean "throughput"'),
    ],
)
def test_what_cannot_be_reached_is_refused(noisy, metric, options, message):
    with pytest.raises(xensim.InputError, match=message):
        noisy.precision(metric, **options)


def test_a_metric_that_no_run_has_ends_it(small):
    for jobs in (1, 2):
        with pytest.raises(xensim.InputError, match="has not measured"):
            small.precision("spec/thrughput", 0.1).run(jobs=jobs, progress=False)


def test_losses_are_of_the_replications_that_both_have(small):
    document = small.document | {"measure": {"warm_up": "0 s", "duration": "100 ms", "metrics": ["spec/throughput"]}}
    swept = xensim.load(document).sweep({"domains[1].count": [0, 2]}).precision("spec/throughput", 0.01, maximum=60)
    losses = xensim.isolation.losses(swept.run(jobs=1, progress=False), "spec/throughput", "domains[1].count", 0)
    assert losses["low"].notna().all()
