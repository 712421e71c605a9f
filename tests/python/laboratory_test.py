"""The laboratory: victims beside aggressors, by name or as workloads."""

import pytest
import xensim
from xensim import laboratory
from xensim.isolation import PARTS

SHORT = {"measure.warm_up": "200 ms", "measure.duration": "300 ms"}


def test_it_knows_victims_and_aggressors():
    assert {"memory_probe", "database", "disk", "stream"} <= set(laboratory.victims())
    known = {"cpu_hog", "fork_bomb", "memory_bomb", "disk_writer", "small_files", "packet_sender", "packet_flood"}
    assert known | {"ring_abuser", "none"} <= set(laboratory.aggressors())


def test_a_matrix_has_a_row_for_each_pair_with_losses_that_their_parts_make_up():
    table = laboratory.matrix(["memory_probe"], ["cpu_hog", "ring_abuser"], replications=2, changes=SHORT, jobs=1)
    assert table["aggressor"].tolist() == ["cpu_hog", "ring_abuser"]
    assert table["loss"].between(0.3, 0.7).all()
    assert ((table["low"] <= table["loss"]) & (table["loss"] <= table["high"])).all()
    difference = table[[*PARTS, "unexplained"]].sum(axis=1) - table["loss"]
    assert difference.abs().max() < 1e-9
    assert (table["unexplained"].abs() < 0.01 * table["loss"]).all()


def test_victims_and_aggressors_may_be_any_workloads_under_any_schedulers():
    table = laboratory.matrix(
        {"sleeper": {"name": "cpu_hog", "burst": "1 ms", "rest": "10 ms"}}, {"greedy": "cpu_hog"},
        schedulers=["bvt-xen1", "round-robin"], replications=1, changes=SHORT, jobs=1,
    )  # fmt: skip
    assert table["victim"].unique().tolist() == ["sleeper"]
    assert table["aggressor"].unique().tolist() == ["greedy"]
    assert len(table) == 2


def test_two_aggressors_at_once_have_domains_of_their_own():
    document = laboratory.experiment(aggressors=["cpu_hog+ring_abuser"]).document
    both = document["sweep"]["domains"][1]
    assert both["label"] == "cpu_hog+ring_abuser"
    assert [domain["name"] for domain in both["value"]] == ["victim", "aggressor", "aggressor_1"]


def test_a_mix_of_aggressors_runs_as_documented():
    table = laboratory.matrix(
        ["memory_probe"], ["fork_bomb", "disk_writer+packet_sender"], replications=1, changes=SHORT, jobs=1
    )
    assert table["aggressor"].tolist() == ["fork_bomb", "disk_writer+packet_sender"]
    assert table["loss"].between(0.05, 1).all()


def test_unknown_names_are_refused():
    with pytest.raises(xensim.InputError, match="no aggressor 'fork_bom'; expected one of"):
        laboratory.experiment(aggressors=["fork_bom"])
    with pytest.raises(xensim.InputError, match="no victim 'data'"):
        laboratory.experiment(victims=["data"])
    with pytest.raises(xensim.InputError, match="found 'stream' as victims; expected a list of names"):
        laboratory.experiment(victims="stream")
