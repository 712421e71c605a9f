"""The same experiment gives the same bytes: from two compilers, with any number of jobs, again and again."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from house import ROOT

GCC = ROOT / "build" / "release" / "xensim"
CLANG = ROOT / "build" / "asan" / "xensim"

PROCESSORS = {
    "name": "processors",
    "machine": "dell2650",
    "domains": [
        {"name": "spec", "count": 5, "workload": "spec_cint2000"},
        {
            "name": "interactive",
            "count": 2,
            "weight": 20,
            "workload": {"name": "cpu_hog", "burst": "3 ms", "rest": "20 ms"},
        },
    ],
    "operator": {"interval": "50 ms", "jitter": "60 ms"},
    "measure": {"warm_up": "500 ms", "duration": "2 s"},
    "sweep": {
        "platform": [
            "native",
            "xen",
            {"label": "bvt", "value": {"name": "xen", "scheduler": "bvt"}},
            {"label": "round-robin", "value": {"name": "xen", "scheduler": "round-robin"}},
        ]
    },
    "replications": 2,
    "seed": 7,
}


MEMORY_AND_DEVICES = {
    "name": "memory-and-devices",
    "machine": "dell2650",
    "domains": [
        {"name": "fork", "count": 1, "workload": "lmbench_fork"},
        {"name": "sender", "count": 1, "workload": {"name": "ttcp", "role": "send", "bytes": "1000000 B"}},
        {"name": "files", "count": 1, "workload": "small_files"},
    ],
    "clients": [{"name": "peer", "behaviour": {"name": "ttcp_peer", "amount": "1000000 B"}}],
    "measure": {"warm_up": "0 s", "duration": "500 ms"},
    "sweep": {"platform": ["native", {"label": "xen", "value": {"name": "xen", "memory": "64 MiB"}}]},
    "seed": 7,
}


@pytest.fixture(params=[PROCESSORS, MEMORY_AND_DEVICES], ids=lambda document: document["name"])
def experiment(request, tmp_path) -> Path:
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps(request.param))
    return path


def results(program: Path, experiment: Path, output: Path, jobs: int) -> dict[str, bytes]:
    """Every file that a run writes, by its name."""
    subprocess.run(
        [program, "run", experiment, "--output", output, "--jobs", str(jobs)],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"XENSIM_HOME": str(ROOT)},
    )
    written = {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }
    assert written["metrics.csv"].count(b"\n") > 100, "the experiment measures nothing"
    return written


def test_the_same_program_gives_the_same_bytes_twice(experiment, tmp_path):
    assert results(GCC, experiment, tmp_path / "a", 1) == results(GCC, experiment, tmp_path / "b", 1)


def test_the_number_of_jobs_does_not_change_a_byte(experiment, tmp_path):
    assert results(GCC, experiment, tmp_path / "a", 1) == results(GCC, experiment, tmp_path / "b", 3)


def test_gcc_and_clang_give_the_same_bytes(experiment, tmp_path):
    assert CLANG.exists(), "build the preset asan first, as ./xensim test does"
    gcc = results(GCC, experiment, tmp_path / "gcc", 2)
    assert gcc == results(CLANG, experiment, tmp_path / "clang", 2)
