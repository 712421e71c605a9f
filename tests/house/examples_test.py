"""The C++ in the documents that say how to add something is complete, and compiles as our own does."""

import re
import subprocess

import pytest
from house import ROOT, name

BLOCK = re.compile(r"^```cpp\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = {
    f"{name(document)}:{number}": code
    for document in sorted((ROOT / "docs").glob("add-a-*.md"))
    for number, code in enumerate(BLOCK.findall(document.read_text()), 1)
}
COMPILE = "g++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -x c++ -".split()


def test_each_document_has_an_example():
    assert {place.split(":")[0] for place in EXAMPLES} == {
        "docs/add-a-platform.md",
        "docs/add-a-scheduler.md",
        "docs/add-a-workload.md",
    }


@pytest.mark.parametrize("code", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_examples_compile(code):
    run = subprocess.run([*COMPILE, f"-I{ROOT}"], input=code, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("code", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_examples_are_laid_out_as_our_sources(code):
    style = f"--style=file:{ROOT / '.clang-format'}"
    run = subprocess.run(["clang-format", style], input=code, capture_output=True, text=True, check=True)
    assert run.stdout == code
