"""Nothing that is simulated goes through the C library's transcendental functions, which differ between its versions
(docs/determinism.md)."""

import re

from house import files, name

FUNCTIONS = "pow hypot lgamma tgamma erf erfc cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2"
CALL = re.compile(rf"std::(?:{'|'.join(FUNCTIONS.split())}|a?(?:sin|cos|tan)h)\(")


def test_the_rule_knows_them_from_others():
    assert all(CALL.search(f"x = std::{function}(y)") for function in ("pow", "exp", "log2", "sin", "atanh"))
    assert not any(CALL.search(f"x = std::{function}(y)") for function in ("sqrt", "lround", "exchange", "logic_error"))


def test_no_transcendental_functions():
    wrong = [
        f"{name(path)}:{number}: {line.strip()}"
        for path in files(".hpp", ".cpp", folders=("core", "models", "workloads", "results"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if CALL.search(line)
    ]
    assert wrong == []
