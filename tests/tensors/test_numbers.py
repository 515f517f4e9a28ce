"""Closed forms of numbers, and sums of them in print."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from crysnb.tensors.numbers import Closed, decimal_text, linear_text, recognize

closed = st.builds(
    lambda p, q, n: Closed(p // gcd(p, q), q // gcd(p, q), n),
    st.integers(-40, 40).filter(bool), st.integers(1, 12), st.sampled_from([1, 2, 3, 6]),
).filter(lambda c: abs(float(c)) < 20)  # fmt: skip


@given(closed)
def test_every_closed_form_is_recognised(number: Closed) -> None:
    assert recognize([float(number) * (1 + 1e-14)]) == [number]


@pytest.mark.parametrize("value", [0.123456789, np.pi, 2**0.5 + 1e-7, 1 / 13, 5**0.5, 1e-7, 40.0, 0.5 + 2e-9])
def test_other_numbers_are_not(value: float) -> None:
    assert recognize([value, -value]) == [None, None]


def test_zero_and_the_empty_list() -> None:
    assert recognize([0.0]) == [Closed(0, 1, 1)]
    assert recognize([]) == []


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ([("c14", Closed(-1, 1, 1))], "-c14"),
        ([("c14", Closed(1, 1, 1))], "c14"),
        ([("c11", Closed(1, 2, 1)), ("c12", Closed(-1, 2, 1))], "(c11 - c12)/2"),
        ([("c12", Closed(-1, 1, 2)), ("c13", Closed(1, 1, 2))], "sqrt(2)*(c13 - c12)"),
        ([("c11", Closed(-1, 2, 1)), ("c12", Closed(-1, 2, 1))], "-(c11 + c12)/2"),
        ([("c11", Closed(1, 1, 1)), ("c12", Closed(1, 1, 1))], "c11 + c12"),
        ([("c11", Closed(-1, 1, 1)), ("c12", Closed(-1, 1, 1))], "-(c11 + c12)"),
        ([("c15", Closed(2, 3, 3))], "2*sqrt(3)*c15/3"),
        ([("a", Closed(1, 2, 1)), ("b", Closed(-3, 2, 1)), ("c", Closed(1, 1, 1))], "(a + 2*c - 3*b)/2"),
        ([("a", Closed(1, 2, 1)), ("b", Closed(-1, 2, 3))], "a/2 - sqrt(3)*b/2"),
        ([("a", Closed(4, 1, 1)), ("b", Closed(-6, 1, 1))], "2*(2*a - 3*b)"),
        ([("a", Closed(4, 3, 1)), ("b", Closed(-2, 3, 1))], "2*(2*a - b)/3"),
    ],
)  # fmt: skip
def test_print(terms: list[tuple[str, Closed]], text: str) -> None:
    assert linear_text([n for n, _ in terms], [c for _, c in terms]) == text


@given(st.lists(closed, min_size=1, max_size=4))
def test_printed_text_means_what_it_says(numbers: list[Closed]) -> None:
    names = ["c11", "c12", "c13", "c44"][: len(numbers)]
    printed = sympy.sympify(linear_text(names, numbers))
    wanted = sum(
        (sympy.Rational(*Fraction(c.p, c.q).as_integer_ratio()) * sympy.sqrt(c.n) * sympy.Symbol(name)
         for name, c in zip(names, numbers, strict=True)),
        sympy.Integer(0),
    )  # fmt: skip
    assert sympy.expand(printed - wanted) == 0


def test_decimals() -> None:
    assert decimal_text(["a", "b", "c"], [-0.25, 1.0, 1 / 3]) == "-0.25*a + b + 0.333333333333*c"
    assert decimal_text(["a", "b"], [-1.0, -2.5]) == "-a - 2.5*b"
    assert decimal_text(["a"], [1.0]) == "a"
