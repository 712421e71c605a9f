"""The documents are complete, and what they point to exists."""

import re

import pytest
from house import ROOT, files, name, top_files

FOLDERS = (
    "core models models/cpu models/memory models/io models/guest models/host workloads experiments "
    "bindings/python results tests"
).split()
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:core|models|workloads|results|experiments|bindings|tests|docs)/[\w./-]+\.\w+)`")
CODE_BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)

DOCUMENTS = [path for path in top_files() + files() if path.suffix == ".md"]


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", CODE_BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_says_what_it_is_for(folder):
    assert (ROOT / folder / "README.md").is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document):
    text = document.read_text()
    dead = []
    for link in LINK.findall(CODE_BLOCK.sub("", text)):
        target, _, anchor = link.partition("#")
        if re.match(r"\w+:", target):
            continue
        file = (document.parent / target).resolve() if target else document
        if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
            dead.append(link)
    assert dead == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_files_that_are_named_exist(document):
    named = PATH.findall(CODE_BLOCK.sub("", document.read_text()))
    # NAME stands for whatever the reader adds.
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []
