"""Numbers and arrays are printed for people."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

from graphtrace.formula.number import number, value


@pytest.mark.parametrize(
    ("x", "printed"),
    [
        (33.0, "33"),
        (-0.0, "0"),
        (-2.5, "−2.5"),
        (0.1 + 0.2, "0.3"),
        (5.001, "5.001"),
        (33.003, "33.003"),
        (1 / 3, "0.3333"),
        (0.00123, "0.00123"),
        (1.2e-5, "1.2×10⁻⁵"),
        (-1e-10, "−10⁻¹⁰"),
        (123456.0, "123456"),
        (6.02214e23, "6.022×10²³"),
        (99999.9, "99999.9"),
        (0.99999999, "1"),
        (float("nan"), "nan"),
        (float("inf"), "∞"),
        (float("-inf"), "−∞"),
        (True, "True"),
        (10**400, "about 10⁴⁰⁰"),
        (2 - 3j, "2 − 3i"),
        (np.float32(0.5), "0.5"),
        (np.int64(7), "7"),
        (np.bool_(False), "False"),
    ],
)
def test_a_number_is_printed_for_people(x, printed):
    assert number(x) == printed


@given(st.floats(-1e300, 1e300))
def test_a_printed_number_is_near_the_number(x):
    text = number(x).replace("−", "-")
    mantissa, _, power = text.partition("×10")
    if not power and re.match(r"-?10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]", text):
        mantissa, power = text[: text.index("10")] + "1", text[text.index("10") + 2 :]
    exponent = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) or "0"
    assert float(f"{mantissa}e{exponent}") == pytest.approx(x, rel=1e-3)


@pytest.mark.parametrize(
    ("x", "printed"),
    [
        (np.array([1.0, -2.5]), "[1, −2.5]"),
        (np.zeros(5), "5 numbers, all 0"),
        (np.arange(12.0).reshape(3, 4), "3×4, 0 … 11"),
        (np.array([1.0, np.nan] * 3), "6 numbers, with nan"),
        (np.zeros((0, 3)), "0×3"),
        (np.array(2.5), "2.5"),
        (np.array(["a", "b"]), "2 numbers"),
    ],
)
def test_an_array_is_printed_by_its_shape_and_a_look_at_its_values(x, printed):
    assert value(x) == printed
