"""Includes run downward only: a floor may use what is below it, never what is above."""

import re

import pytest
from house import ROOT, files, name
from lint import closure

HARDWARE = ("models/cpu", "models/memory", "models/io")
MODELS = HARDWARE + ("models/guest", "models/host")

# Folder -> what it may include besides itself.
MAY_INCLUDE = {
    "core": (),
    **{floor: ("core",) + HARDWARE for floor in HARDWARE},
    "models/guest": ("core",) + HARDWARE,
    "models/host": ("core",) + HARDWARE + ("models/guest",),
    "workloads": ("core",) + MODELS,
    "results": ("core",),
    "experiments": ("core",) + MODELS + ("workloads", "results"),
    "bindings": ("core",) + MODELS + ("workloads", "results", "experiments"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def floor_of(path: str) -> str | None:
    return next((floor for floor in MAY_INCLUDE if path.startswith(floor + "/")), None)


def includes(path):
    return INCLUDE.findall(path.read_text())


SOURCES = [path for path in files(".hpp", ".cpp") if not name(path).startswith("tests/")]


def test_every_source_file_lives_on_a_floor():
    assert SOURCES
    assert [name(path) for path in SOURCES if floor_of(name(path)) is None] == []


@pytest.mark.parametrize("floor", MAY_INCLUDE)
def test_includes_only_run_downward_from(floor):
    allowed = (floor,) + MAY_INCLUDE[floor]
    wrong = [
        f"{name(path)} includes {target}"
        for path in SOURCES
        if floor_of(name(path)) == floor
        for target in includes(path)
        if not target.startswith(tuple(f"{folder}/" for folder in allowed))
    ]
    assert wrong == []


def test_the_bare_machine_knows_no_monitor():
    native = [path for path in SOURCES if name(path).startswith("models/host/native/")]
    others = ("models/host/monitor/", "models/host/xen/")
    assert native
    assert [name(path) for path in native for target in includes(path) if target.startswith(others)] == []


def test_no_header_of_models_or_workloads_brings_json_along():
    """The library of JSON is most of what compiling a small file takes: only sources that look into values include it."""
    headers = [path for path in SOURCES if path.suffix == ".hpp" and name(path).startswith(("models/", "workloads/"))]
    assert [name(path) for path in headers if ROOT / "core/json.hpp" in closure(path)] == []


def test_includes_are_written_from_the_root():
    wrong = [
        f"{name(path)} includes {target}"
        for path in files(".hpp", ".cpp")
        for target in includes(path)
        if not (ROOT / target).is_file()
    ]
    assert wrong == []


def test_no_headers_include_each_other_in_a_circle():
    graph = {name(path): includes(path) for path in SOURCES}
    done: set[str] = set()

    def visit(file: str, trail: tuple[str, ...]) -> None:
        assert file not in trail, " -> ".join(trail[trail.index(file) :] + (file,))
        if file not in done:
            for target in graph.get(file, ()):
                visit(target, trail + (file,))
            done.add(file)

    for file in graph:
        visit(file, ())
