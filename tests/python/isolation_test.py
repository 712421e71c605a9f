"""Losses are relative to the victim alone, and their parts add up."""

import itertools

import matplotlib
import pandas
import pytest

matplotlib.use("agg")

import xensim  # noqa: E402
from xensim.isolation import PARTS, attribution, losses, times  # noqa: E402


def frame_of(points, lives):
    """points: (aggressor, replication) -> score."""
    rows = []
    for (aggressor, replication), score in points.items():
        rows.append((aggressor, replication, "victim/score", "1/s", score))
        for part in PARTS:
            seconds = lives.get((aggressor, part), 0.0)
            rows.append((aggressor, replication, f"victim/elapsed/{part}", "s", seconds))
    return pandas.DataFrame(rows, columns=["aggressor", "replication", "metric", "unit", "value"])


@pytest.fixture
def frame():
    points = {("none", 0): 100.0, ("none", 1): 110.0, ("bomb", 0): 50.0, ("bomb", 1): 55.0}
    lives = {
        ("none", "user"): 10.0, ("none", "disk"): 10.0,
        ("bomb", "user"): 5.0, ("bomb", "runnable"): 8.0, ("bomb", "disk"): 7.0,
    }  # fmt: skip
    return frame_of(points, lives)


def test_losses_compare_replication_by_replication(frame):
    table = losses(frame, "victim/score", by="aggressor", alone="none").set_index("aggressor")
    assert table.loc["none", ["loss", "low", "high"]].tolist() == [0, 0, 0]
    assert table.loc["bomb", ["loss", "low", "high"]].tolist() == [0.5, 0.5, 0.5]


def test_a_score_that_is_a_time_is_lost_by_growing(frame):
    table = losses(frame, "victim/score", by="aggressor", alone="bomb", higher_is_better=False)
    assert table.set_index("aggressor").loc["none", "loss"] == pytest.approx(0.5)


def test_parts_name_where_a_unit_of_work_takes_longer_and_add_up_to_the_loss(frame):
    row = attribution(frame, "victim/score", "victim", by="aggressor", alone="none").set_index("aggressor").loc["bomb"]
    assert row["user"] == pytest.approx(0)  # half the work in half the time
    assert row["runnable"] == pytest.approx(0.4)
    assert row["disk"] == pytest.approx(0.1)
    assert row["unexplained"] == pytest.approx(0)
    assert row[[*PARTS, "unexplained"]].sum() == pytest.approx(row["loss"])


def test_times_are_fractions_of_what_the_instances_existed(frame):
    table = times(frame, "victim").set_index("aggressor")
    assert table.loc["none", ["user", "disk", "runnable"]].tolist() == [0.5, 0.5, 0]
    assert table.loc["bomb", ["user", "disk", "runnable"]].tolist() == [0.25, 0.35, 0.4]
    with pytest.raises(xensim.InputError, match="no metric 'victm/elapsed/user'; did you mean 'victim/elapsed/user'?"):
        times(frame, "victm")


def test_times_are_drawn_as_bars_that_reach_all_of_it(frame):
    axes = xensim.plot.times(frame, "victim", x="aggressor")
    assert [text.get_text() for text in axes.get_xticklabels()] == ["none", "bomb"]
    names = {bars.get_label(): [bar.get_height() for bar in bars] for bars in axes.containers}
    assert names["waits for a processor"] == pytest.approx([0, 40])
    assert [sum(heights) for heights in zip(*names.values(), strict=True)] == pytest.approx([100, 100])
    two = pandas.concat([frame.assign(cpus=1), frame.assign(cpus=2)])
    with pytest.raises(xensim.InputError, match="found several values of 'cpus'; expected one"):
        xensim.plot.times(two, "victim", x="aggressor")


def test_a_time_that_another_instance_measures_has_no_parts(frame):
    answers = frame[frame["metric"] == "victim/score"].assign(metric="prober/response/mean")
    both = pandas.concat([frame, answers])
    losses(both, "prober/response/mean", by="aggressor", alone="none", higher_is_better=False)
    with pytest.raises(xensim.InputError, match="a time that 'victim' does not spend; expected a metric of 'victim'"):
        attribution(both, "prober/response/mean", "victim", by="aggressor", alone="none", higher_is_better=False)


def test_the_path_of_an_axis_is_as_good_as_its_column(frame):
    frame = frame.rename(columns={"aggressor": "scheduler"})
    for path in ("scheduler", "platform.scheduler"):
        assert losses(frame, "victim/score", by=path, alone="none")["loss"].tolist() == [0, 0.5]
        assert attribution(frame, "victim/score", "victim", by=path, alone="none")["loss"].tolist() == [0, 0.5]


def test_unknown_names_are_refused_with_what_there_is(frame):
    with pytest.raises(xensim.InputError, match="no metric 'victim/scor'; did you mean 'victim/score'?"):
        losses(frame, "victim/scor", by="aggressor", alone="none")
    with pytest.raises(xensim.InputError, match=r"no metric 'x'; expected one of \['victim/elapsed/disk', "):
        losses(frame, "x", by="aggressor", alone="none")
    with pytest.raises(xensim.InputError, match=r"no column 'agressor'; expected one of \['aggressor'\]"):
        losses(frame, "victim/score", by="agressor", alone="none")
    with pytest.raises(xensim.InputError, match="no aggressor='nobody'"):
        losses(frame, "victim/score", by="aggressor", alone="nobody")


def test_the_lives_of_simulated_processes_add_up_to_the_loss():
    victim = {"name": "victim", "count": 1, "workload": "cpu_hog"}
    hogs = {"name": "hogs", "count": 3, "workload": "cpu_hog"}
    neighbours = [{"label": "none", "value": [victim]}, {"label": "hogs", "value": [victim, hogs]}]
    experiment = {
        "name": "neighbours", "machine": "dell2650", "domains": [victim],
        "measure": {"warm_up": "100 ms", "duration": "2 s", "metrics": ["victim/"]},
        "sweep": {"platform": ["native", "xen"], "domains": neighbours}, "replications": 2, "seed": 3,
    }  # fmt: skip
    frame = xensim.load(experiment).run(progress=False)
    by = next(column for column in frame.columns if column.startswith("domains"))
    table = attribution(frame, "victim/throughput", "victim", by=by, alone="none")
    beside = table[table[by] == "hogs"].set_index("platform")
    assert beside["loss"].between(0.4, 0.6).all()
    assert (beside[[*PARTS, "unexplained"]].sum(axis=1) - beside["loss"]).abs().max() < 1e-9
    assert beside["unexplained"].abs().max() < 0.01 * 0.4
    # Natively the victim waits in the run queue; in a domain its kernel does not know that it waits.
    assert beside.loc["native", "runnable"] == pytest.approx(beside.loc["native", "loss"], rel=0.05)
    assert beside.loc["xen", "stolen"] == pytest.approx(beside.loc["xen", "loss"], rel=0.05)


def test_the_heat_map_has_a_cell_for_every_pair():
    pairs = itertools.product(["web", "database"], ["none", "bomb", "disk"])
    table = pandas.DataFrame(
        [(victim, other, 0.1, 0.05, 0.15) for victim, other in pairs],
        columns=["victim", "aggressor", "loss", "low", "high"],
    )
    ax = xensim.plot.matrix(table, "victim", "aggressor")
    assert [text.get_text() for text in ax.texts] == ["10.0\n±5.0"] * 6
    with pytest.raises(xensim.InputError, match="several losses"):
        xensim.plot.matrix(pandas.concat([table, table]), "victim", "aggressor")
    with pytest.raises(xensim.InputError, match="no column 'agressor'"):
        xensim.plot.matrix(table, "victim", "agressor")


def test_parts_of_losses_are_stacked_to_the_loss():
    row = {"aggressor": "bomb", "loss": 0.5, **dict.fromkeys(PARTS, 0.0), "unexplained": 0.0}
    table = pandas.DataFrame([{**row, "runnable": 0.6, "user": -0.1}])
    ax = xensim.plot.parts(table, "aggressor")
    heights = {bars.get_label(): bars[0].get_height() for bars in ax.containers}
    assert heights == {"waits for a processor": pytest.approx(60), "its program": pytest.approx(-10)}
    with pytest.raises(xensim.InputError, match="several losses"):
        xensim.plot.parts(pandas.concat([table, table]), "aggressor")
