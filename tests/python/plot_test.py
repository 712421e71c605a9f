"""Plots are drawn from what there is, and the same data give the same bytes."""

import json
import os
import subprocess
import sys

import matplotlib
import pandas
import pytest

matplotlib.use("agg")

import xensim  # noqa: E402
from matplotlib.container import BarContainer  # noqa: E402
from xensim.cells import figure6_cells, published_values  # noqa: E402

CELLS = """\
cell,unit,role,published,simulated,low,high,error_pct
figure6/linux/1,x,predicted,1,1,1,1,0
figure6/linux/2,x,predicted,1.99,2.0,1.98,2.02,0.5
figure6/xen_5ms/1,x,predicted,1,1,,,0
figure6/xen_5ms/2,x,predicted,2,1.9,,,-5
"""


@pytest.fixture
def reproduction(tmp_path):
    (tmp_path / "figure6").mkdir()
    (tmp_path / "figure6" / "cells.csv").write_text(CELLS)
    return tmp_path


@pytest.fixture
def frame():
    """Figure 6, but short."""
    return (
        xensim.load("figure6")
        .with_({"measure.warm_up": "20 ms", "measure.duration": "100 ms"}, replications=2)
        .sweep({"domains[0].workload.programs": [
            {"label": "a", "value": ["gzip"]}, {"label": "b", "value": ["mcf"]}]}, domains=[1, 2])
        .run(progress=False)
    )  # fmt: skip


def draw(directory) -> dict[str, bytes]:
    command = [sys.executable, "-m", "xensim.plot", str(directory)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    return {path.name: path.read_bytes() for path in directory.glob("figure6.*")}


def test_the_command_writes_both_files_the_same_twice(reproduction):
    first = draw(reproduction)
    assert sorted(first) == ["figure6.png", "figure6.svg"]
    assert first["figure6.png"].startswith(b"\x89PNG") and b"</svg>" in first["figure6.svg"]
    assert draw(reproduction) == first


def test_the_command_refuses_what_is_no_directory(tmp_path):
    missing = [sys.executable, "-m", "xensim.plot", str(tmp_path / "missing")]
    answer = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "found no directory" in answer.stderr


def test_a_directory_without_results_draws_nothing(tmp_path):
    assert draw(tmp_path) == {}


def test_bars_stand_beside_published_ones_with_deviations_below():
    cells = pandas.DataFrame(
        [
            ("figure3/L/SPEC", "score", "calibrated", 500, 510, None, None, 2),
            ("figure3/X/SPEC", "score", "predicted", 500, 490, 480, 500, -2),
            ("figure3/L/build", "s", "calibrated", 200, 200, None, None, 0),
            ("figure3/X/build", "s", "predicted", 250, 400, None, None, 60),
            ("figure3/L/variant", "score", "unpublished", None, 7, None, None, None),
        ],
        columns=["id", "unit", "role", "published", "simulated", "low", "high", "error_pct"],
    )
    figure = xensim.plot.bars(cells, "figure3")
    above, below = figure.axes
    assert above.get_ylabel() == "relative to Linux"
    heights = [
        [bar.get_height() for bar in bars] for bars in above.containers if isinstance(bars, BarContainer)
    ]
    assert heights[:2] == [[1, 1], [1.02, 1]]  # Linux, published and simulated
    assert heights[3] == [0.98, 0.5]  # twice as long is half as fast
    assert [text.get_text() for text in below.get_xticklabels()] == ["SPEC", "build"]
    low, high = below.get_ylim()
    assert low < -60 and high > 60
    with pytest.raises(xensim.InputError, match="no cells of 'table3'"):
        xensim.plot.bars(cells, "table3")


def test_cells_of_a_directory_and_of_a_comparison_file_are_the_same(reproduction):
    table = figure6_cells(reproduction)
    assert table["instances"].tolist() == [1, 2, 1, 2]
    comparison = reproduction / "comparison.json"
    cells = [
        {"id": f"figure6/{row.series}/{row.instances}", "unit": "x", "role": "predicted",
         "error_pct": 0, "published": row.published,
         "simulated": row.simulated, "ci95": [row.low, row.high] if row.low == row.low else None}
        for row in table.itertuples()
    ]  # fmt: skip
    comparison.write_text(json.dumps({"experiments": [{"name": "figure6", "cells": cells}]}))
    assert figure6_cells(comparison).equals(table)


def test_a_frame_gives_ratios_to_one_instance_beside_published_values(frame):
    table = figure6_cells(frame)
    assert table["series"].unique().tolist() == ["linux", "xen_50ms", "xen_5ms"]
    ones, twos = (table[table["instances"] == n] for n in (1, 2))
    assert (ones["simulated"] == 1).all()
    assert twos["simulated"].between(1.5, 2.1).all()
    assert ((twos["low"] <= twos["simulated"]) & (twos["simulated"] <= twos["high"])).all()
    assert twos["published"].tolist() == [
        published_values()[f"figure6/{series}/2"] for series in twos["series"]
    ]


def test_figure_6_shows_simulated_lines_and_open_published_markers(frame):
    figure = xensim.plot.figure6(frame)
    above = figure.axes[0]
    assert above.get_xscale() == "log" and above.get_ylim()[0] == 0
    labels = [text.get_text() for text in above.get_legend().get_texts()]
    assert [label.split(", ")[-1] for label in labels] == ["simulated"] * 3 + ["published"] * 3
    open_markers = [line for line in above.lines if line.get_markerfacecolor() == "none"]
    assert len(open_markers) == 3
    own = matplotlib.figure.Figure().subplots()
    assert xensim.plot.figure6(frame, ax=own) is own.figure


def test_lines_of_any_metric(frame):
    one = frame[(frame["domains[0].workload.programs"] == "a")]
    ax = xensim.plot.lines(one, "throughput", x="domains", by="platform")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["linux", "xen_50ms", "xen_5ms"]
    assert ax.get_ylabel() == "throughput, s/s"


def measured(rows, x="hogs"):
    columns = ["scheduler", x, "replication", "metric", "unit", "value"]
    return pandas.DataFrame([(*row, "response", "ms", value) for *row, value in rows], columns=columns)


def test_lines_over_numbers_that_double_have_them_equally_far_apart():
    doubled = measured([("bvt", hogs, 0, 1.0) for hogs in (1, 2, 4, 64)])
    ax = xensim.plot.lines(doubled, "response", x="hogs")
    ax.figure.canvas.draw()
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_xticklabels()] == ["1", "2", "4", "64"]
    for others in ((1, 2, 3, 4), (0, 1, 2, 4)):
        ax = xensim.plot.lines(measured([("bvt", hogs, 0, 1.0) for hogs in others]), "response", x="hogs")
        assert ax.get_xscale() == "linear"


def test_lines_leave_room_for_long_labels_and_many_lines():
    names = [f"bvt-xen1 with slices of {slice} ms" for slice in (1, 5, 50)]
    ax = xensim.plot.lines(measured([(name, 1, 0, 1.0) for name in names]), "response", x="scheduler")
    ax.figure.canvas.draw()
    assert [text.get_text() for text in ax.get_xticklabels()] == names
    assert all(text.get_rotation() == 20 for text in ax.get_xticklabels())
    many = measured([(f"s{i}", hogs, 0, 1.0) for i in range(6) for hogs in (1, 2)])
    ax = xensim.plot.lines(many, "response", x="hogs", by="scheduler")
    ax.figure.canvas.draw()
    assert ax.get_legend().get_window_extent().x0 >= ax.get_window_extent().x1, "beside the lines"


def test_the_axis_of_lines_that_are_never_negative_begins_at_0():
    wide = measured([("bvt", hogs, i, value) for hogs in (1, 2) for i, value in enumerate((0.1, 90.0, 0.1))])
    assert xensim.plot.lines(wide, "response", x="hogs").get_ylim()[0] == 0
    saved = measured([("bvt", hogs, 0, -1.0) for hogs in (1, 2)])
    assert xensim.plot.lines(saved, "response", x="hogs").get_ylim()[0] < 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric": "throughputs"}, "no metric 'throughputs'"),
        ({"metric": "throughput", "by": "colour"}, "no column 'colour'"),
        ({"metric": "throughput", "by": "platform"}, "several values"),
    ],
)
def test_lines_refuse_what_they_cannot_draw(frame, arguments, message):
    with pytest.raises(xensim.InputError, match=message):
        xensim.plot.lines(frame, **arguments)


def test_figure_6_refuses_what_is_none(tmp_path, frame):
    (tmp_path / "other.json").write_text("{}")
    for source, message in (
        (tmp_path, "cells.csv"),
        (tmp_path / "other.json", "comparison file"),
        (frame[frame["domains"] == 2], "domains=1"),
        (frame.drop(columns="platform"), "platform"),
    ):
        with pytest.raises(xensim.InputError, match=message):
            xensim.plot.figure6(source)


def test_series_are_lines_over_time():
    experiment = xensim.load("weights").with_(
        {"measure.warm_up": "0 s", "measure.duration": "300 ms", "measure.sample": "100 ms"}, replications=2, sweep={}
    )
    series = experiment.results(progress=False).series
    axes = xensim.plot.series(series)
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == series["series"].unique().tolist()
    line = axes.get_lines()[0]
    assert line.get_xdata().tolist() == [0.1, 0.2, 0.3]
    first = series[(series["series"] == names[0]) & (series["time_s"] == 0.1)]["value"]
    assert line.get_ydata()[0] == pytest.approx(first.mean())
    with pytest.raises(xensim.InputError, match="found no samples"):
        xensim.plot.series(series.iloc[:0])
    with pytest.raises(xensim.InputError, match="found no column 'domains'"):
        xensim.plot.series(series, by="domains")


def test_the_time_of_instances_is_stacked_to_their_number():
    experiment = xensim.load("weights").with_(
        {"measure.duration": "300 ms", "measure.sample": "100 ms",
         "measure.series": ["one/elapsed/", "host0/cpu0/interrupts"]},
        replications=2, sweep={},
    )  # fmt: skip
    series = experiment.results(progress=False).series
    axes = xensim.plot.elapsed(series, "one")
    top = axes.collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(2, abs=0.002), "there are two"
    shown = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"its program", "waits for a processor"} <= set(shown)
    with pytest.raises(xensim.InputError, match="found no series four/elapsed/"):
        xensim.plot.elapsed(series, "four")
    with pytest.raises(xensim.InputError, match="expected series of one unit"):
        xensim.plot.series(series)
    counts = series[series["series"] == "host0/cpu0/interrupts"]
    assert xensim.plot.series(counts).get_ylabel() == "interrupts/s"
