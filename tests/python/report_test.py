"""The report says what the results say, and a browser shows it."""

import json
import os
import shutil
import subprocess
import sys

import matplotlib
import pytest

matplotlib.use("agg")

from xensim import InputError  # noqa: E402
from xensim.report import page  # noqa: E402
from xensim.report.constants import constants_of  # noqa: E402

CELLS = """\
cell,unit,role,published,simulated,low,high,error_pct,by_definition
table9/L-UP/null_call,us,calibrated,0.45,0.45,,,0,0
table9/L-UP/fork,us,calibrated,110,121,,,10,0
table9/Xen/null_call,us,predicted,0.46,0.45,0.44,0.46,-2.17,0
table9/Xen/fork,us,predicted,198,178.2,,,-10,0
table9/Xen/<odd & long>,us,unpublished,,5,,,,0
"""
CONFIGURATION = {
    "name": "table9",
    "title": "Calls & processes",
    "machine": "dell2650",
    "source": "somewhere",
    "description": "What < is.",
}


@pytest.fixture
def results(tmp_path):
    place = tmp_path / "table9"
    place.mkdir()
    (place / "cells.csv").write_text(CELLS)
    (place / "run.json").write_text(json.dumps({"xensim": "9.9", "seed": 7, "configuration": CONFIGURATION}))
    return tmp_path


def test_the_page_has_every_cell_errors_by_role_and_the_constants(results):
    text = page(results)
    for cell in ("table9/L-UP/null_call", "table9/Xen/fork", "table9/Xen/&lt;odd &amp; long&gt;"):
        assert f"<code>{cell}</code>" in text
    assert "Calls &amp; processes" in text and "What &lt; is." in text
    assert "predicted</td><td class=\"n\">2</td><td class=\"n\">6.08 %" in text
    assert "processor.memory_latency" in text
    assert "./xensim reproduce table9" in text


def test_constants_of_sections_within_sections_are_listed_too():
    entry = {"value": 2, "unit": "ns", "range": [1, 3], "origin": "fitted", "source": "here", "cells": ["a/b"]}
    rows = constants_of({"machine": "m", "outer": {"first": entry, "inner": {"second": entry | {"value": 3}}}})
    assert [(row.section, row.name) for row in rows] == [("outer", "first"), ("outer.inner", "second")]
    assert [row.at_bound for row in rows] == [False, True]


def test_right_by_chance_counts_and_right_by_definition_does_not(results):
    file = results / "table9" / "cells.csv"
    bases = "".join(f"table9/L-UP/base{i},us,predicted,1,1,1,1,0,1\n" for i in range(3))
    file.write_text(CELLS + bases)
    assert "predicted</td><td class=\"n\">2</td>" in page(results)
    file.write_text(CELLS + bases + "table9/Xen/ratio,us,predicted,1,1,0.9,1.1,0,0\n")
    assert "predicted</td><td class=\"n\">3</td>" in page(results)


def test_the_page_needs_nothing_but_itself(results):
    text = page(results)
    for outside in ('src="http', 'href="http', "<script", "<link"):
        assert outside not in text
    assert 'src="data:image/svg+xml' in text


def test_the_same_results_give_the_same_page(results):
    assert page(results) == page(results)


def test_only_what_was_asked_for(results):
    shutil.copytree(results / "table9", results / "figure9")
    cells = (results / "figure9" / "cells.csv").read_text()
    (results / "figure9" / "cells.csv").write_text(cells.replace("table9", "figure9"))
    assert "figure9/Xen/fork" not in page(results, ["table9"])
    assert "figure9/Xen/fork" in page(results)
    with pytest.raises(InputError, match="found no 'table8'; expected one of"):
        page(results, ["table8"])


def test_nothing_to_report_is_an_error_and_writes_nothing(tmp_path):
    call = [sys.executable, "-m", "xensim.report", str(tmp_path)]
    answer = subprocess.run(call, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "found no results" in answer.stderr
    assert list(tmp_path.iterdir()) == []


# Continuous integration has installed packages.txt.
@pytest.mark.skipif(shutil.which("chromium") is None and "CI" not in os.environ, reason="needs chromium")
def test_a_browser_shows_the_figure(results):
    call = [sys.executable, "-m", "xensim.report", str(results)]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, env=os.environ)
    picture = results / "page.png"
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={results}/profile",
         "--window-size=1100,1400", f"--screenshot={picture}", f"file://{results}/report.html"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    pixels = matplotlib.pyplot.imread(picture)[..., :3]
    for colour in ("#0072B2", "#D55E00"):  # bars of both series
        near = abs(pixels - matplotlib.colors.to_rgb(colour)).max(axis=2) < 0.02
        assert near.sum() > 500, colour
