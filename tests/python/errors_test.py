"""Sweeps in which some runs fail."""

import pytest
import xensim


@pytest.fixture
def breaking(document) -> xensim.Experiment:
    @xensim.workload("breaks on its second instance, too")
    def breaks(instance, random):
        yield xensim.compute(ms=1)
        if instance == 1:
            raise KeyError("broken")

    document["domains"][0]["workload"] = "breaks on its second instance, too"
    document["replications"] = 1
    return xensim.load(document).sweep(domains=[1, 2, 0])


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_finished_runs_are_kept_and_the_others_listed(breaking, jobs):
    with pytest.warns(RuntimeWarning, match=r"1 of 3 runs failed, .* run 1 \(domains\[0\].count=2, replication 0\)"):
        frame = breaking.run(jobs=jobs, progress=False, errors="keep")
    assert frame["domains"].unique().tolist() == [1, 0]
    assert frame.attrs["errors"] == [{"domains": "2", "replication": 0, "error": "KeyError: 'broken'"}]
    alone = breaking.with_(domains=1).run(jobs=1, progress=False)
    assert frame[frame["domains"] == 1]["value"].tolist() == alone["value"].tolist()


@pytest.mark.parametrize("jobs", [1, 2])
def test_unless_asked_to_keep_them_the_first_failure_is_raised(breaking, jobs):
    with pytest.raises(KeyError, match="broken"):
        breaking.run(jobs=jobs, progress=False)


def test_where_all_fail_the_frame_is_empty(breaking):
    with pytest.warns(RuntimeWarning, match="1 of 1 runs failed"):
        frame = breaking.with_(domains=2).run(jobs=1, progress=False, errors="keep")
    assert frame.empty
    assert list(frame.columns) == ["replication", "metric", "unit", "value"]


def test_what_is_no_choice_is_refused(small):
    with pytest.raises(xensim.InputError, match="expected 'raise' or 'keep'"):
        small.run(errors="ignore")
