"""From a row of results to the run behind it: its configuration, its seed, the command, traces."""

import json
import os
import shlex
import subprocess

import pandas
import pytest
import xensim


def command(line: str, *more: str) -> subprocess.CompletedProcess:
    program, *words = shlex.split(line)
    assert program == "xensim"
    return subprocess.run([os.environ["XENSIM"], *words, *more], capture_output=True, text=True, check=True)


def rows_of(frame: pandas.DataFrame, one: xensim.OneRun) -> pandas.DataFrame:
    same = frame["replication"] == one.replication
    for path, label in one.point.items():
        column = {"domains[0].count": "domains"}.get(path, path)
        same &= frame[column].astype(str) == label
    return frame[same].reset_index(drop=True)


def test_every_row_leads_to_its_run(swept):
    frame = swept.run(progress=False)
    for row in frame.groupby(["platform", "domains", "replication"]).head(1).itertuples(index=False):
        one = swept.one(row._asdict())
        assert (one.point["platform"], one.point["domains[0].count"]) == (row.platform, str(row.domains))
        assert one.replication == row.replication
    one = swept.one(frame.iloc[-1])
    assert one.seed == swept.runs[-1].seed
    assert one.document["domains"][0]["count"] == 4
    pandas.testing.assert_frame_equal(one.run(explain=False).metrics, rows_of(frame, one))


def test_what_was_swept_can_be_named_instead(swept):
    one = swept.one(platform="xen", domains=4, replication=1)
    assert one.point == {"platform": "xen", "domains[0].count": "4"}
    assert one.replication == 1
    means = xensim.summary(swept.run(progress=False))
    assert swept.one(means.iloc[-1]).replication == 0, "of all that a mean is of, the first"
    assert "domains[0].count=4, replication=1" in repr(one)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"platform": "xen"}, "found no 'domains'; expected one of its values: 1, 4"),
        ({"platform": "xne", "domains": 1}, "expected native, xen"),
        ({"platform": "xen", "domains": 3}, "domains=3; expected 1, 4"),
        ({"platform": "xen", "domains": 1, "replication": 2}, "replication=2; expected 0 to 1"),
        ({"platform": "xen", "domains": 1, "weight": 2}, "'weight', which is not swept"),
    ],
)
def test_what_no_run_has_is_refused(swept, point, message):
    with pytest.raises(xensim.InputError, match=message):
        swept.one(**point)


def test_a_cell_leads_to_the_runs_it_is_made_of(swept):
    runs = swept.behind("swept/xen/4")
    assert [one.replication for one in runs] == [0, 1]
    assert {one.point["platform"] for one in runs} == {"xen"}
    with pytest.raises(xensim.InputError, match="found no cell 'swept/xen/9'; expected one of swept/native/1"):
        swept.behind("swept/xen/9")


def test_the_command_of_a_changed_experiment_repeats_the_run(tmp_path):
    changed = (
        xensim.load("figure6")
        .with_({"measure.duration": "100 ms", "measure.warm_up": "50 ms"})
        .sweep(domains=[1, 3])
        .replications(2)
    )
    one = changed.one(platform="xen_5ms", domains=3, replication=1, **{"domains[0].workload.programs": "gzip-vpr-gcc"})
    command(one.command, "--output", str(tmp_path))
    here = one.run(explain=False).metrics
    pandas.testing.assert_frame_equal(xensim.read_metrics(tmp_path), here)

    again = xensim.experiment_of(tmp_path).one(xensim.read_metrics(tmp_path).iloc[0])
    assert again.seed == one.seed
    pandas.testing.assert_frame_equal(again.run(explain=False).metrics, here)


def test_an_experiment_without_a_file_is_saved(swept, tmp_path):
    one = swept.one(platform="native", domains=4)
    with pytest.raises(xensim.InputError, match="comes from no file"):
        _ = one.command
    line = one.save(tmp_path / "file.json")
    command(line, "--output", str(tmp_path / "output"))
    pandas.testing.assert_frame_equal(xensim.read_metrics(tmp_path / "output"), one.run(explain=False).metrics)


def test_traces_are_written_and_change_nothing(swept, tmp_path):
    one = swept.one(platform="xen", domains=4)
    plain = one.run(explain=False)
    perfetto, xentrace = tmp_path / "trace.json", tmp_path / "trace.bin"
    traced = one.run(trace=[f"perfetto:{perfetto}", f"xentrace:{xentrace}"], explain=False)
    pandas.testing.assert_frame_equal(traced.metrics, plain.metrics)
    names = {event["args"]["name"] for event in json.loads(perfetto.read_text())["traceEvents"] if event["ph"] == "M"}
    assert {"CPU 0", "dom0 (vCPU 0)", "spec/0 (vCPU 1)", "processes of spec/3"} <= names
    assert xentrace.stat().st_size > 0
    # The command writes the same bytes.
    line = one.save(tmp_path / "file.json")
    command(line, "--output", str(tmp_path / "output"), "--trace", f"perfetto:{tmp_path / 'other.json'}")
    assert (tmp_path / "other.json").read_bytes() == perfetto.read_bytes()


def test_a_trace_that_cannot_be_made_is_refused_before_anything_runs(swept, tmp_path):
    with pytest.raises(xensim.InputError, match="exactly one run to trace"):
        swept.run(trace=f"perfetto:{tmp_path / 'trace'}", progress=False)
    one = swept.one(platform="native", domains=1)
    with pytest.raises(xensim.InputError, match="did you mean \"perfetto\""):
        one.run(trace="perfeto:trace")
    with pytest.raises(xensim.InputError, match="without virtual processors"):
        one.run(trace=f"xentrace:{tmp_path / 'trace'}")
    with pytest.raises(xensim.InputError, match="cannot be written"):
        one.run(trace=f"block:{tmp_path}/no/such/directory/trace")
    assert list(tmp_path.iterdir()) == []


def test_series_come_as_a_table(swept):
    sampled = swept.with_({"measure.sample": "100 ms", "measure.series": ["throughput", "spec/0"]})
    results = sampled.results(progress=False)
    series = results.series
    assert list(series.columns) == ["platform", "domains", "replication", "series", "time_s", "unit", "value"]
    assert set(series["unit"]) == {"s/s"}
    assert len(series) == len(sampled.runs) * 2 * 3
    assert series["time_s"].unique().tolist() == [0.1, 0.2, 0.3]
    # Samples are work in equal intervals that fill the measurement.
    means = series[series["series"] == "throughput"].groupby(["platform", "domains", "replication"])["value"].mean()
    totals = results.metrics.query("metric == 'throughput'").set_index(["platform", "domains", "replication"])["value"]
    assert means.to_dict() == pytest.approx(totals.to_dict())
    pandas.testing.assert_frame_equal(results.metrics, sampled.run(progress=False))
    assert swept.one(platform="xen", domains=1).run().series.empty


def test_counts_tell_what_was_done_per_operation():
    bench = xensim.load("table3").replications(1)
    [one] = [bench.one(dict(run.point)) for run in bench.runs if ("domains[0].workload", "fork_proc") in run.point][:1]
    counts = one.run().counts
    assert list(counts.columns)[-3:] == ["workload", "operation", "value"]
    by_operation = counts.set_index("operation")["value"]
    assert by_operation["faults"] >= 1, "a child that writes copies pages"
    assert by_operation["context_switches"] == 2, "to the child and back"
    assert one.run(explain=False).counts.empty
    assert shlex.split(one.command)[:4] == ["xensim", "run", "table3", "--only"], "nothing is changed for this run"


def test_an_experiment_with_a_precision_leads_to_each_of_its_runs(swept, tmp_path):
    precise = swept.precision("throughput", 0.5, minimum=2, maximum=4)
    frame = precise.run(progress=False)
    one = precise.one(frame.iloc[-1])
    command(one.save(tmp_path / "file.json"), "--output", str(tmp_path / "output"))
    pandas.testing.assert_frame_equal(xensim.read_metrics(tmp_path / "output"), rows_of(frame, one))


def test_waits_add_up_to_the_time_that_each_was_runnable(swept, tmp_path):
    one = swept.one(platform="xen", domains=4)
    waits = one.waits()
    assert list(waits.columns) == ["waited", "ran", "time_s"]
    one.run(trace=f"perfetto:{tmp_path / 'trace.json'}")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    names = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["ph"] == "M"}
    runnable: dict[str, float] = {}
    for event in events:
        if event["ph"] == "X" and names[event["pid"], 0] == "vCPUs" and event["name"] == "runnable":
            name = names[event["pid"], event["tid"]].partition(" (")[0]
            runnable[name] = runnable.get(name, 0) + event["dur"] * 1e-6
    totals = waits.groupby("waited")["time_s"].sum()
    assert totals.to_dict() == pytest.approx(runnable, abs=1e-5), "to the nanoseconds that the viewer has"
    # Four on two processors: each of them waits for one other.
    assert (waits.query("waited.str.startswith('spec')").groupby("waited")["time_s"].max() > 0.05).all()
