"""Runs that were done already."""

import concurrent.futures
import os
import subprocess

import pytest
import xensim


def entries(directory) -> list[str]:
    return sorted(os.listdir(directory))


def test_results_are_the_same_with_and_without(small, tmp_path):
    plain = small.run(jobs=1, progress=False)
    swept = small.sweep(domains=[1, 3])
    assert small.run(jobs=1, progress=False, cache=tmp_path / "runs").equals(plain)
    assert len(entries(tmp_path / "runs")) == 2
    for jobs in (1, 2):
        assert small.run(jobs=jobs, progress=False, cache=tmp_path / "runs").equals(plain)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        frame = swept.run(executor=pool, progress=False, cache=tmp_path / "runs")
    assert frame.equals(swept.run(jobs=1, progress=False))
    assert len(entries(tmp_path / "runs")) == 4, "a point of a sweep is the run that it was without"


def test_what_is_there_is_not_run_again(small, tmp_path):
    quick = small.replications(1)
    quick.run(jobs=1, progress=False, cache=tmp_path)
    [entry] = tmp_path.iterdir()
    before = entry.stat().st_mtime_ns
    quick.run(jobs=1, progress=False, cache=tmp_path)
    assert entry.stat().st_mtime_ns == before


def test_damage_is_warned_of_and_mended(small, tmp_path, capfd):
    plain = small.run(jobs=1, progress=False)
    small.run(jobs=1, progress=False, cache=tmp_path)
    for entry in tmp_path.iterdir():
        entry.write_bytes(entry.read_bytes()[:-30])
    assert small.run(jobs=2, progress=False, cache=tmp_path).equals(plain)
    assert capfd.readouterr().err.count("the run is done again") == 2
    small.run(jobs=1, progress=False, cache=tmp_path)
    assert capfd.readouterr().err == ""


def test_what_is_written_in_python_is_always_run(document, tmp_path):
    runs = []

    @xensim.workload("counted in Python")
    def counted(instance, random):
        runs.append(instance)
        yield xensim.compute(ms=1)

    document["domains"][0] = {"name": "spec", "count": 1, "workload": "counted in Python"}
    document["replications"] = 1
    for expected in (1, 2):
        xensim.load(document).run(jobs=1, progress=False, cache=tmp_path)
        assert len(runs) == expected
    assert entries(tmp_path) == []


def test_other_experiments_are_cached_although_there_are_plugins(small, tmp_path):
    @xensim.workload("not used by anybody")
    def unused(instance, random):
        yield xensim.compute(ms=1)

    small.run(jobs=1, progress=False, cache=tmp_path)
    assert len(entries(tmp_path)) == 2


def test_the_command_and_python_share_it(small, tmp_path):
    file = tmp_path / "small.json"
    file.write_text(xensim.experiment.json.dumps(small.document))
    small.run(jobs=1, progress=False, cache=tmp_path / "runs")
    before = entries(tmp_path / "runs")
    subprocess.run(
        [os.environ["XENSIM"], "run", file, "--output", tmp_path / "out", "--cache", tmp_path / "runs", "--quiet"],
        check=True, capture_output=True,
    )  # fmt: skip
    assert entries(tmp_path / "runs") == before


def test_a_place_that_cannot_be_a_directory_is_refused(small, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(xensim.InputError, match="directory"):
        small.run(jobs=1, progress=False, cache=tmp_path / "file")
