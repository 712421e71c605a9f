"""Nothing unfinished and nothing of one particular machine is left in the sources."""

import re

from house import files, name, top_files

# Spelt so that this file does not match itself.
FORBIDDEN = {
    "unfinished work": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
    "a path of one machine": re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me|tm" + r"p)/"),
}
TEXT = (".hpp", ".cpp", ".py", ".md", ".json", ".txt", ".ipynb", "")


def lines():
    for path in top_files() + files():
        if path.suffix in TEXT and path.name != "LICENSE":
            for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
                yield f"{name(path)}:{number}", line


def test_no_forbidden_words():
    wrong = [
        f"{place}: {what}: {line.strip()}"
        for place, line in lines()
        for what, pattern in FORBIDDEN.items()
        if pattern.search(line)
    ]
    assert wrong == []


def test_text_files_end_with_one_newline_and_hold_no_tabs():
    wrong = [
        name(path)
        for path in files(".hpp", ".cpp", ".py", ".md")
        if (text := path.read_text()) and (not text.endswith("\n") or text.endswith("\n\n") or "\t" in text)
    ]
    assert wrong == []
