"""One idea per file: files that grow past the limit must be split."""

import statistics
import warnings

from house import files, name

HARD_LIMIT = 600
ASK_TO_SPLIT = 400
MEDIAN_LIMIT = 120


def lengths() -> dict[str, int]:
    return {name(path): len(path.read_text().splitlines()) for path in files(".hpp", ".cpp", ".py")}


def test_no_source_file_is_longer_than_the_hard_limit():
    assert {file: n for file, n in lengths().items() if n > HARD_LIMIT} == {}


def test_the_usual_file_is_short():
    assert statistics.median(lengths().values()) <= MEDIAN_LIMIT


def test_files_that_ask_to_be_split_are_named():
    long = {file: n for file, n in lengths().items() if n > ASK_TO_SPLIT}
    for file, n in long.items():
        warnings.warn(f"{file} has {n} lines", stacklevel=1)
    assert len(long) <= len(lengths()) // 20, "one file in twenty may be long, not more"
