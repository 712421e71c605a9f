"""The Python in the documents that say how to add something runs."""

import re
from pathlib import Path

import pytest

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOCUMENTS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def run(monkeypatch):
    """Runs the example of a document and gives what it leaves behind; sweeps last half a second."""

    def run_example(document):
        (code,) = BLOCK.findall((DOCUMENTS / document).read_text())
        short = '.with_({"measure.duration": "500 ms", "measure.warm_up": "100 ms"}, replications=1).run(jobs=1)'
        assert ".run()" in code
        left = {}
        exec(compile(code.replace(".run()", short), document, "exec"), left)
        return left

    return run_example


def test_a_stride_scheduler_gives_shares_by_weight(run):
    frame = run("add-a-scheduler.md")["frame"]
    shares = frame[frame["scheduler"] == "stride"].set_index("metric")["value"]
    assert shares["one/throughput"] == pytest.approx(2 / 7, rel=0.1)
    assert shares["two/throughput"] == pytest.approx(4 / 7, rel=0.1)
    assert shares["four/throughput"] == pytest.approx(8 / 7, rel=0.1)


def test_a_workload_of_bursts_computes_and_rests(run):
    frame = run("add-a-workload.md")["frame"]
    times = frame[frame["scheduler"] == "bvt-xen1"].set_index("metric")["value"]
    assert times["noisy/elapsed/user"] > 0
    assert times["noisy/elapsed/timer"] > 0
