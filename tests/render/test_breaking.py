"""Where a long formula goes on in the next line."""

import pytest

from graphtrace.formula.runs import Run
from graphtrace.render.typeset.breaking import broken


def lines(formula: str, widest: float, most: int = 3) -> list[str]:
    return [
        "".join(run.text for run in line)
        for line in broken((Run(formula),), [10.0] * len(formula), widest, most)
    ]


@pytest.mark.parametrize(
    ("formula", "widest", "expected"),
    [
        ("u = a + b", 90, ["u = a + b"]),
        ("u = a + (b + c)", 90, ["u = a", "+ (b + c)"]),
        # Between two factors, not inside one.
        ("A = (s·(s − a)(s − b)(s − c))", 180, ["A = (s·(s − a)", "(s − b)(s − c))"]),
        ("V ← hold if hold > early else early", 190, ["V ← hold", "if hold > early", "else early"]),
    ],
)
def test_a_line_begins_as_far_outside_the_brackets_as_it_can(formula, widest, expected):
    assert lines(formula, widest) == expected


def test_a_formula_that_no_break_makes_narrow_enough_stays_in_one_line():
    assert lines("policy_gradient + b", 100) == ["policy_gradient + b"]
