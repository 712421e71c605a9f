"""Experiments are values that can be loaded, changed and swept."""

import json

import pytest
import xensim


def test_a_file_a_name_and_a_dictionary_load_alike(document, tmp_path):
    path = tmp_path / "small.json"
    path.write_text(json.dumps(document))
    assert xensim.load(path).document == xensim.load(str(path)).document == document
    assert xensim.load(document).document == document
    assert xensim.load("figure6").name == "figure6"


def test_experiments_come_from_load(document):
    with pytest.raises(TypeError, match=r"found dict; expected xensim.load"):
        xensim.Experiment(document)


def test_a_change_gives_a_new_experiment_and_leaves_the_old_one(small):
    changed = small.with_({"platform.scheduler.slice": "5 ms"}, measure__duration="1 s", domains=4)
    assert changed.document["platform"]["scheduler"] == {"name": "round-robin", "slice": "5 ms"}
    assert changed.document["measure"]["duration"] == "1 s"
    assert changed.document["domains"][0]["count"] == 4
    assert small.document["domains"][0]["count"] == 3


def test_the_document_is_a_copy(small):
    small.document["domains"].clear()
    assert len(small.document["domains"]) == 2


def test_a_sweep_covers_every_combination_with_the_last_axis_fastest(small):
    swept = small.replications(1).sweep({"measure.warm_up": ["1 ms", "2 ms"]}, domains=[1, 2])
    assert [[label for _, label in run.point] for run in swept.runs] == [
        ["1 ms", "1"],
        ["1 ms", "2"],
        ["2 ms", "1"],
        ["2 ms", "2"],
    ]


def test_replications_differ_in_their_seed_and_points_share_it(small):
    seeds = {
        (run.point[0][1], run.replication): run.seed for run in small.sweep(domains=[1, 2]).runs
    }
    assert seeds["1", 0] == seeds["2", 0] != seeds["1", 1] == seeds["2", 1]
    assert small.seed(8).runs[0].seed != small.runs[0].seed


def test_a_value_for_a_swept_path_takes_it_out_of_the_sweep(small):
    assert len(small.sweep(domains=[1, 2, 3]).with_(domains=2).runs) == len(small.runs)


@pytest.fixture
def over_templates(document) -> xensim.Experiment:
    """Swept over its list of domains, as figure 5 is."""
    one, other = document["domains"]
    document["sweep"] = {"domains": [{"label": d["name"], "value": [d]} for d in (one, other)]}
    return xensim.load(document | {"replications": 1, "measure": {"warm_up": "0 s", "duration": "50 ms"}})


def test_templates_and_their_number_are_two_axes(over_templates, tmp_path):
    swept = over_templates.sweep({"domains[0].count": [1, 2]})
    assert repr(swept).endswith("(domains: 2, domains[0].count: 2)>")
    frame = swept.run(jobs=1, progress=False).query("metric == 'throughput'")
    axes = frame[["domains", "domains[0].count"]].to_numpy().tolist()
    assert axes == [["spec", 1], ["spec", 2], ["rests", 1], ["rests", 2]]
    assert len(xensim.summary(frame)) == 4

    header = "run,domains,domains[0].count,replication,metric,unit,value\n"
    (tmp_path / "metrics.csv").write_text(header + "0,spec,1,0,throughput,s/s,0.5\n1,rests,1,0,throughput,s/s,1\n")
    assert len(xensim.summary(xensim.read_metrics(tmp_path))) == 2


def test_where_templates_are_swept_their_name_means_them(over_templates):
    with pytest.raises(xensim.InputError, match=r"domains"):
        over_templates.sweep(domains=[1, 2])
    template = over_templates.document["sweep"]["domains"][0]["value"]
    assert over_templates.with_(domains=template).document["domains"] == template
    assert len(over_templates.with_(domains=template).runs) == 1


def test_a_label_of_a_swept_path_stands_for_its_value(small):
    slow = {"label": "slow", "value": {"name": "xen", "tick": "30 ms"}, "with": {"measure.warm_up": "1 ms"}}
    named = {"name": "native", "smp": False}
    swept = small.sweep(platform=[slow, named])
    assert swept.with_(platform="slow").document["platform"] == slow["value"]
    assert swept.with_(platform="slow").document["measure"]["warm_up"] == "1 ms"
    assert swept.with_(platform="native").document["platform"] == named
    assert small.with_(platform="native").document["platform"] == "native"


def test_numbers_of_numpy_are_numbers(small):
    numpy = pytest.importorskip("numpy")
    assert len(small.sweep(domains=2 ** numpy.arange(3)).runs) == 3 * len(small.runs)


def test_the_catalogue_and_the_schema_name_the_built_in_scheduler():
    names = [entry["name"] for entry in xensim.catalogue()["schedulers"]]
    assert "round-robin" in names
    assert xensim.schema()["type"] == "object"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda e: e.with_(domains=-1), r"^with_\(domains\[0\]\.count=-1\): \$\.domains\[0\]\.count: found -1"),
        (lambda e: e.with_(platform__schedler="bvt"), '^with_.*did you mean "platform.scheduler"'),
        (lambda e: e.sweep(domains=[1, -1]), r"^sweep\(domains\[0\]\.count=\[1, -1\]\): .* found -1"),
        (lambda e: e.seed(-1), r"^with_\(seed=-1\): .* a whole number from 0 to"),
        (lambda e: e.with_(scheduler="bvt-xen"), 'platform.scheduler: found unknown scheduler "bvt-xen"'),
        (lambda e: e.with_({"measure.duration": "5 parsecs"}), "measure.duration: found"),
        (lambda e: e.with_({"measure.duration": float("nan")}), "finite"),
        (lambda e: e.sweep(domains=[]), r"sweep\.domains\[0\]\.count: found no values"),
        (lambda e: e.sweep(domains=[1, 1]), "labelled"),
        (lambda e: e.replications(0), "replications: found 0"),
        (lambda e: e.run(jobs=0), "jobs=0"),
    ],
)
def test_bad_input_is_refused_with_its_place(small, wrong, message):
    with pytest.raises(xensim.InputError, match=message):
        wrong(small)


def test_a_bad_file_is_refused_with_its_line(document, tmp_path):
    document["domains"][1]["count"] = "many"
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(document, indent=1))
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if '"many"' in text)
    with pytest.raises(xensim.InputError, match=rf"bad\.json:{line}: \$\.domains\[1\]\.count"):
        xensim.load(path)
    with pytest.raises(xensim.InputError, match="nowhere"):
        xensim.load("nowhere")


def test_a_change_of_an_experiment_from_a_file_is_not_blamed_on_the_file():
    with pytest.raises(xensim.InputError, match=r"^with_\(domains\[0\]\.count=-3\): \$\.domains"):
        xensim.load("weights").with_(domains=-3)


@pytest.mark.parametrize("changes", [3, "domains", [("domains", 2)], {3: 4}])
def test_changes_are_a_mapping_of_paths(small, changes):
    with pytest.raises(xensim.InputError, match="expected a mapping of paths to values"):
        small.with_(changes)


def test_input_errors_are_value_errors():
    assert issubclass(xensim.InputError, ValueError)
    assert issubclass(xensim.SimulationError, RuntimeError)


@pytest.mark.parametrize("values", ["round-robin", 3, {"label": "one", "value": "bvt"}, None])
def test_a_sweep_is_over_a_list(small, values):
    with pytest.raises(xensim.InputError, match="to sweep scheduler over; expected a list"):
        small.sweep(scheduler=values)


def test_a_sweep_is_not_over_what_all_runs_share(small):
    with pytest.raises(xensim.InputError, match="the same in all runs"):
        small.sweep(seed=[1, 2])
