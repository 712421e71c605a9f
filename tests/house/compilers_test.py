"""The same experiment gives the same bytes: from two compilers, with any number of jobs, again and again."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from house import ROOT

GCC = ROOT / "build" / "release" / "xensim"
CLANG = ROOT / "build" / "clang" / "xensim"

EXPERIMENT = {
    "name": "two-compilers",
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


@pytest.fixture(scope="module")
def experiment(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("experiment") / "experiment.json"
    path.write_text(json.dumps(EXPERIMENT))
    return path


@pytest.fixture(scope="module")
def clang_build() -> Path:
    if shutil.which("clang++") is None:
        pytest.skip("clang++ is not installed")
    subprocess.run(["cmake", "--preset", "clang"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(
        ["ninja", "-C", str(CLANG.parent), "xensim"], check=True, stdout=subprocess.DEVNULL
    )
    return CLANG


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


def test_gcc_and_clang_give_the_same_bytes(experiment, clang_build, tmp_path):
    gcc = results(GCC, experiment, tmp_path / "gcc", 2)
    assert gcc == results(clang_build, experiment, tmp_path / "clang", 2)
