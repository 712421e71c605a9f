"""A program waits in a statement of its own: GCC 12 was seen to compile `while (flag && co_await call)` wrongly (a web
server that stopped after eight requests)."""

import re

from house import files, name

BEHIND_AN_OPERATOR = re.compile(r"(?:&&|\|\|)\s*\(*\s*co_await\b")


def test_the_rule_knows_it():
    assert BEHIND_AN_OPERATOR.search("while (waits && co_await self.wait() > 0) {")
    assert BEHIND_AN_OPERATOR.search("if (a ||\n      (co_await self.wait()) > 0) {")
    assert not BEHIND_AN_OPERATOR.search("while (co_await self.wait() > 0 && more) {")


def test_no_program_waits_behind_a_logical_operator():
    wrong = [
        f"{name(path)}: {found.group()}"
        for path in files(".hpp", ".cpp")
        for found in BEHIND_AN_OPERATOR.finditer(path.read_text())
    ]
    assert wrong == []
