"""Formulas in what learners write: found or left alone, and checked."""

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.providers.offline.check import check, needs_algebra
from app.providers.offline.findings import Verdict, Work
from app.providers.offline.hints import Hint
from app.providers.offline.statements import Link, statements
from app.providers.offline.tree import Neg, Node, Num, Op, Pow, Sym, evaluate

SLOW_MACHINE = 2.0


def found(text: str) -> list[str]:
    return [" = ".join(side.source for side in statement.sides) for statement in statements(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3x+5=20 => x=5", ["3x+5 = 20", "x = 5"]),
        ("can you check if 3x=9 → x=3", ["3x = 9", "x = 3"]),
        ("is 7*8=54?", ["7*8 = 54"]),
        ("I hate fractions, what is 1/2+1/4?", ["1/2+1/4"]),
        ("what is the solution of 3x = 9", ["3x = 9"]),
        ("(a+b)^2 = a^2+2ab+b^2", ["(a+b)^2 = a^2+2ab+b^2"]),
        ("a(b+c) = ab + ac", ["a(b+c) = ab + ac"]),
        ("x² = 9 so x = 3 or x = -3", ["x^2 = 9", "x = 3", "x = -3"]),
        ("7 × 8 = 54 and 10 : 2 = 5", ["7 * 8 = 54", "10 / 2 = 5"]),
        ("2,5 + 2,5 = 5", ["2,5 + 2,5 = 5"]),
        ("a) $3x+5=20$", ["3x+5 = 20"]),
        ("I did (2+2=5) yesterday!", ["2+2 = 5"]),
        ("3x+5=20\n3x=15\nx=5", ["3x+5 = 20", "3x = 15", "x = 5"]),
        ("2 (x+3) = 2x + 6 I think 😀", ["2 (x+3) = 2x + 6"]),
        ("1/2 + 1/3 = 3/6 + 2/6 = 5/6", ["1/2 + 1/3 = 3/6 + 2/6 = 5/6"]),
        ("x**2 == 4", ["x^2 = 4"]),
        ("7*8 = ?", ["7*8"]),
    ],
)
def test_formulas_are_found_between_words(text: str, expected: list[str]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "half of 20 = 10", "50% of 20 = 10", "20% = 0.2", "sqrt(16)=4", "√16=4", "f(x)=x^2", "f'(x)=2x", "y' = 2x",
        "5!=120", "5! = 120", "x!=5", "x ≠ 3", "x >= 3", "|x| = 3", "3 < 2+2=4", "2H2+O2=2H2O", "C + O2 = CO2",
        "NaCl=salt", "? + 5 = 12", "? - 5 = 12", "7*?=56", "5+_=12", "5 + ... = 12", "3x +\n5 = 20", "2 1/2 = 2.5",
        "3 x + 5 = 20", "3x4=12", "5 x 3 = 15", "x = 5 y = 3", "2 . 3 = 6", "f(2, 3)=5", "x_1=5", "x=3.5.2",
        "1.500+500=2.000", "1,000+1=1,001", "the square of 5 = 25", "2 plus 2 = 5", "1/2x = 3", "6/2(1+2)=1",
        "x^1/2=3", "2^3^2=64", "9**9**9", "2^99=1", "x^n=2", "dy/dx = 2", "sin(x)=0", "ln(1)=0", "1e5=100000",
        "{x=3}", "__import__('os').system('x')=1", "().__class__=1", "1234567890123=1", "x^9=1",
        "(((((((((((((((x)))))))))))))))=1", "٣+٣=٦", "1=2=3=4=" * 30,
    ],
)  # fmt: skip
def test_what_is_no_plain_formula_is_left_alone(text: str) -> None:
    assert not [statement for statement in statements(text) if len(statement.sides) > 1]


def test_statements_hang_together_by_what_stands_between_them() -> None:
    links = [s.link for s in statements("3x=9 so x=3 or x=4, 2y=4 and y+√2=1; 2z=2 → z=1")]
    assert links == [Link.FIRST, Link.THEN, Link.OR, Link.BESIDE, Link.APART, Link.THEN]


@pytest.mark.parametrize(
    ("text", "verdict", "hint"),
    [
        ("7*8=56", Verdict.AGREE, Hint.EXPLAIN_BACK),
        ("is 7*8=54?", Verdict.LEFT_LARGER, Hint.PRODUCT),
        ("1/2+1/3=2/5", Verdict.LEFT_LARGER, Hint.ADDED_ACROSS),
        ("1/2+1/3=4/6", Verdict.LEFT_LARGER, Hint.COMMON_DENOMINATOR),
        ("1/2 + 1/3 = 3/6 + 2/6 = 4/6", Verdict.LEFT_LARGER, Hint.COMMON_DENOMINATOR),
        ("2+3*4=20", Verdict.LEFT_SMALLER, Hint.ORDER),
        ("3^2=6", Verdict.LEFT_LARGER, Hint.POWER),
        ("2*(3+4)=10", Verdict.LEFT_LARGER, Hint.BRACKETS_FIRST),
        ("3-5=2", Verdict.LEFT_SMALLER, Hint.SIGN),
        ("56/7=9", Verdict.LEFT_SMALLER, Hint.QUOTIENT),
        ("5=6", Verdict.LEFT_SMALLER, Hint.ORIGIN),
        ("1/0=5", Verdict.DIVIDES_BY_ZERO, Hint.QUOTIENT),
        ("500/3=167", Verdict.ROUNDED, Hint.EXACT),
        ("2/3=0.67", Verdict.ROUNDED, Hint.EXACT),
        ("1/2=1", Verdict.LEFT_SMALLER, Hint.ORIGIN),
        ("0.1+0.2=0.3", Verdict.AGREE, Hint.EXPLAIN_BACK),
        ("(a+b)^2=a^2+2ab+b^2", Verdict.SAME_FOR_ALL, Hint.EXPLAIN_BACK),
        ("(x+1)^2=x^2+2x+1=x(x+2)+1", Verdict.SAME_FOR_ALL, Hint.EXPLAIN_BACK),
        ("2(x+3)=2x+3", Verdict.NOT_THE_SAME, Hint.DISTRIBUTE),
        ("(x+1)^2=x^2+1", Verdict.NOT_THE_SAME, Hint.POWER_OF_SUM),
        ("a-(b-c)=a-b-c", Verdict.NOT_THE_SAME, Hint.SIGN),
        ("2x+3x=6x+1-x", Verdict.NOT_THE_SAME, Hint.COMPARE_TERMS),
        ("3x+5=20 => x=5", Verdict.STEP_HOLDS, Hint.SUBSTITUTE),
        ("3x+5=20 => 3x=15", Verdict.STEP_HOLDS, Hint.UNDO_FACTOR),
        ("3x+5=20 => 3x=25", Verdict.STEP_FAILS, Hint.BOTH_SIDES),
        ("3x+5=20 => x=25/3", Verdict.NO_SOLUTION, Hint.SIGN),
        ("3x=15, x=12", Verdict.NO_SOLUTION, Hint.DIVIDE_BY_FACTOR),
        ("is x=4 the solution of 3x=9?", Verdict.NO_SOLUTION, Hint.BOTH_SIDES),
        ("x^2=9 so x=3", Verdict.STEP_LOSES, Hint.OTHER_SOLUTIONS),
        ("x^2=9 so x=3 or x=-3", Verdict.STEP_HOLDS, Hint.SUBSTITUTE),
        ("x^2=9 so x=3 or -3", Verdict.STEP_HOLDS, Hint.SUBSTITUTE),
        ("x^2=9 so x=3 or x=4", Verdict.NO_SOLUTION, Hint.BOTH_SIDES),
        ("x=3 so x^2=9", Verdict.STEP_GAINS, Hint.OTHER_SOLUTIONS),
        ("(x^2-1)/(x-1)=2 => x=1", Verdict.DIVIDES_BY_ZERO, Hint.QUOTIENT),
        ("x^2=-4 so x=2", Verdict.NO_SOLUTION, Hint.BOTH_SIDES),
        ("x^3=8 so x=2", Verdict.STEP_HOLDS, Hint.SUBSTITUTE),
        ("2x+3=7\n2x=4\nx=3", Verdict.NO_SOLUTION, Hint.BOTH_SIDES),
        ("3x+5=20", Verdict.TO_SOLVE, Hint.UNDO_TERM),
        ("20=3x+5", Verdict.TO_SOLVE, Hint.UNDO_TERM),
        ("x/4=3", Verdict.TO_SOLVE, Hint.UNDO_FACTOR),
        ("5x+3=2x+9", Verdict.TO_SOLVE, Hint.GATHER),
        ("2(x+1)=8", Verdict.TO_SOLVE, Hint.EXPAND),
        ("1/(x+1)=2", Verdict.TO_SOLVE, Hint.CLEAR_FRACTIONS),
        ("x^2-5x+6=0", Verdict.TO_SOLVE, Hint.FACTOR),
        ("7*8=", Verdict.TO_WORK_OUT, Hint.PRODUCT),
        ("1/2*3/4=", Verdict.TO_WORK_OUT, Hint.FRACTIONS),
        ("17+25=", Verdict.TO_WORK_OUT, Hint.SUM),
    ],
)  # fmt: skip
def test_what_was_written_is_judged_and_a_hint_shows_where_to_look(text: str, verdict: Verdict, hint: Hint) -> None:
    finding = check(Work(statements(text)))
    assert finding is not None
    assert (finding.verdict, finding.hint) == (verdict, hint)


@pytest.mark.parametrize(
    "text",
    [
        "at 8:00",
        "10:30",
        "7:30-8:00 every day",
        "8/0",
        "F=m*a",
        "y=2x+3",
        "i = i+1",
        "x=5",
        "2x=4 and 3x=9",
        "x+y=10 so y=10-x",
        "10/11/2026",
        "3x=9 √ x=4",
        "x/(x-x)=2",
    ],
)
def test_it_says_nothing_where_it_cannot_know_what_was_meant(text: str) -> None:
    assert check(Work(statements(text))) is None


def test_a_counterexample_is_given_in_numbers() -> None:
    finding = check(Work(statements("2(x+3)=2x+3")))
    assert finding is not None
    assert (finding.slots["at"], finding.slots["left"], finding.slots["right"]) == ("x = 1", "8", "5")


def test_numbers_alone_need_no_algebra() -> None:
    assert not needs_algebra(Work(statements("7*8=54")))
    assert needs_algebra(Work(statements("x=5"), statements("2x=10")[0]))


@pytest.mark.parametrize(
    "text",
    [
        "(a+b+c)^6=(a+b+c)^6+a-a",
        "1/(a^2+1)+1/(b+c)=(a^3+1)/(b^2+c)",
        "\n".join(["1/(x+1)+1/(x+2)+1/(x+3)=1/(x+11)+1/(x+12)+1/(x+13)"] * 8),
        "\n".join(f"(x+{n})^8=(x-{n + 3})^8+x^7+123456789012" for n in range(8)),
        "\n".join(f"x^3/(x+{n})^3=(x+3)^3/(x-1)^3" for n in range(8)),
    ],
)
def test_the_hardest_formulas_within_the_limits_take_bounded_time(text: str) -> None:
    check(Work(statements("2x=4 so x=2")))
    start = time.process_time()
    assert check(Work(statements(text))) is not None
    assert time.process_time() - start < SLOW_MACHINE


NUMBERS = st.integers(0, 99).map(lambda n: Num(Fraction(n)))


def _grown(smaller: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    joined = st.builds(Op, st.sampled_from(["+", "-", "*", "/"]), smaller, smaller)
    return joined | st.builds(Neg, smaller) | st.builds(Pow, smaller, st.integers(0, 3))


TREES: st.SearchStrategy[Node] = st.recursive(NUMBERS, _grown, max_leaves=5)


def _written(node: Node) -> str:
    match node:
        case Num(value):
            return str(value)
        case Sym(name):
            return name
        case Neg(part):
            return f"(-{_written(part)})"
        case Pow(base, exponent):
            return f"({_written(base)})^{exponent}"
        case Op(sign, left, right):
            return f"({_written(left)}{sign}{_written(right)})"


@settings(max_examples=300)
@given(TREES)
def test_a_tree_that_is_written_down_is_read_with_the_same_value(tree: Node) -> None:
    text = f"{_written(tree)}=1"
    for statement in statements(text):
        assert evaluate(statement.sides[0].node, {}) == evaluate(tree, {})


@settings(max_examples=100, deadline=None)
@given(st.integers(-9, 9).filter(bool), st.integers(-20, 20), st.integers(-20, 20), st.integers(-50, 50))
def test_a_value_is_judged_as_putting_it_in_says(a: int, b: int, x: int, claimed: int) -> None:
    text = f"{a}x {'-' if b < 0 else '+'} {abs(b)} = {a * x + b} so x = {claimed}"
    finding = check(Work(statements(text)))
    assert finding is not None
    assert (finding.verdict is Verdict.STEP_HOLDS) == (claimed == x)
