"""Figures 4 and 5 and the isolation experiment, drawn from what a reproduction leaves."""

import json

import matplotlib
import pytest

matplotlib.use("agg")

import xensim  # noqa: E402
from matplotlib.container import BarContainer  # noqa: E402
from xensim.isolation import PARTS  # noqa: E402
from xensim.plot.figure5 import shares_of  # noqa: E402
from xensim.plot.isolation import losses_of  # noqa: E402

HEAD = "cell,unit,role,published,simulated,low,high,error_pct\n"


def heights(ax):
    return [[bar.get_height() for bar in bars] for bars in ax.containers if isinstance(bars, BarContainer)]


@pytest.fixture
def figure4(tmp_path):
    rows = [
        f"figure4/{series}/{count},connections,predicted,{500 + count},{510 - count},,,0"
        for series in ("linux", "xen") for count in (1, 2, 4, 8, 16)
    ]  # fmt: skip
    (tmp_path / "figure4").mkdir()
    (tmp_path / "figure4" / "cells.csv").write_text(HEAD + "\n".join(rows) + "\n")
    return tmp_path / "figure4"


def test_figure_4_has_native_and_xen_published_and_simulated_for_1_to_16_servers(figure4):
    above, below = xensim.plot.draw(figure4, "figure4").axes
    assert heights(above)[:2] == [[501, 502, 504, 508, 516], [509, 508, 506, 502, 494]]
    assert len(heights(above)) == 4
    assert [text.get_text() for text in below.get_xticklabels()] == ["1", "2", "4", "8", "16"]
    assert below.get_xlabel() == "Concurrent servers"


@pytest.fixture
def figure5(tmp_path):
    place = tmp_path / "figure5"
    place.mkdir()
    cells, metrics = [], []
    for test in ("IR", "OLTP"):
        for group, scores in {"1": [150], "2": [148, 152], "4": [70, 75, 75, 70], "8": [35] * 8,
                              "8diff": [8 * i for i in range(1, 9)]}.items():  # fmt: skip
            cells.append(f"figure5/{test}/{group},tuples/s,predicted,{sum(scores) + 8},{sum(scores)},,,0")
            names = [f"osdb/{i}" for i in range(len(scores))]
            if group == "8diff":
                names = [f"weight_{i}" for i in range(1, 9)]
            elif len(scores) == 1:
                names = []
            rows = dict(zip(names, scores, strict=False))
            if group != "8diff":
                rows["osdb"] = sum(scores)
            metrics += [f"0,{test}/{group},0,{name}/score,tuples/s,{value}" for name, value in rows.items()]
    (place / "cells.csv").write_text(HEAD + "\n".join(cells) + "\n")
    (place / "metrics.csv").write_text("run,domains,replication,metric,unit,value\n" + "\n".join(metrics) + "\n")
    return place


def test_figure_5_stacks_the_domains_scores_to_their_sum(figure5):
    shares = shares_of(figure5)
    assert shares["IR"]["1"] == [150]
    assert shares["IR"]["4"] == [70, 75, 75, 70]
    assert shares["OLTP"]["8diff"] == [8 * i for i in range(1, 9)]
    left, right = xensim.plot.draw(figure5, "figure5").axes
    assert left.get_xlabel() == "OSDB-IR: domains" and right.get_xlabel() == "OSDB-OLTP: domains"
    published, *stacked = heights(left)
    assert published[0] == 1
    assert sum(sum(bars) for bars in stacked) == pytest.approx((150 + 300 + 290 + 280 + 288) / 150)


def test_figure_5_needs_its_cells(figure4):
    with pytest.raises(xensim.InputError, match="no cells of Figure 5"):
        xensim.plot.figure5(figure4)


@pytest.fixture
def isolation(tmp_path):
    place = tmp_path / "isolation"
    place.mkdir()
    (place / "cells.csv").write_text(
        HEAD + "isolation/xen/OSDB-IR,% of the result alone,predicted,-4,-10,,,-6\n"
        "isolation/native/OSDB-IR,% of the result alone,predicted,-100,-90,,,10\n"
    )
    block = {
        "cell": "isolation/{platform}/OSDB-IR", "metric": "database/completed", "at": {"domains": "together"},
        "relative_to": {"domains": "database"}, "change": True, "victim": "database", "unit": "% of the result alone",
    }  # fmt: skip
    (place / "run.json").write_text(json.dumps({"configuration": {"name": "isolation", "compare": [block]}}))
    rows = ["run,platform,domains,replication,metric,unit,value"]
    for platform, left in (("xen", 90), ("native", 10)):
        for point, work in (("database", 100), ("together", left)):
            rows.append(f"0,{platform},{point},0,database/completed,1,{work}")
            times = {"user": work / 10, "runnable": 10 - work / 10}
            rows += [f"0,{platform},{point},0,database/elapsed/{part},s,{times.get(part, 0)}" for part in PARTS]
    (place / "metrics.csv").write_text("\n".join(rows) + "\n")
    return place


def test_the_isolation_experiment_shows_what_is_left_and_where_the_rest_went(isolation):
    table = losses_of(isolation)
    assert table["victim"].tolist() == ["OSDB-IR\nXen", "OSDB-IR\nLinux, SMP"]
    assert table["loss"].tolist() == pytest.approx([0.1, 0.9])
    assert table["runnable"].tolist() == pytest.approx([0.1, 0.9])
    left, right = xensim.plot.draw(isolation, "isolation").axes
    assert heights(left)[:4] == [[96], [90], [0], [10]]
    assert right.get_title() == "Where it was lost"


def test_without_a_victim_there_is_no_loss_to_split(isolation):
    (isolation / "run.json").write_text(json.dumps({"configuration": {"name": "isolation", "compare": []}}))
    with pytest.raises(xensim.InputError, match="no victim"):
        losses_of(isolation)
