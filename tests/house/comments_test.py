"""Comments are wrapped as a whole: clang-format breaks a line that is too long, and leaves what follows."""

import re

from house import files, name

LINE = re.compile(r"\s*///?(?!<) ?(.*)$")
ENDS = tuple(".:;,)")


def torn(lines: list[str]) -> list[int]:
    """Numbers of lines that hold a word or two in the middle of a sentence."""
    texts = [match.group(1).strip() if (match := LINE.match(line)) else "" for line in lines]
    return [
        number + 1
        for number in range(1, len(lines) - 1)
        if texts[number - 1] and 0 < len(texts[number]) < 20 and texts[number + 1]
        if not texts[number].endswith(ENDS)
    ]


def test_a_torn_paragraph_is_found():
    assert torn(["/// - a line that was too long for", "/// it", "///   and goes on here."]) == [2]


def test_no_comment_is_torn():
    wrong = [
        f"{name(path)}:{number}"
        for path in files(".hpp", ".cpp")
        for number in torn(path.read_text().splitlines())
    ]
    assert wrong == []
