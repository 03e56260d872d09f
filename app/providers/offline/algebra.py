"""What equations have to do with each other, exactly, by SymPy.

SymPy takes a second to import and 45 MB of memory, so it is imported on first use, which belongs in a worker thread.
It only ever sees trees within the limits of `tree.py`, built into its objects one by one.
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import Any

from app.providers.offline.formula import Equation
from app.providers.offline.tree import Neg, Node, Num, Op, Pow, Sym, divisors, evaluate, symbols

_HIGHEST_DEGREE = 24
_POINTS = tuple(Fraction(n) for n in (1, 2, 3, 5, 0, -1, 4, 7, -2, 10, 11, -3, 13))


class Relation(StrEnum):
    """The real solutions of a claim beside those of the equation it was drawn from."""

    SAME = "same"
    FEWER = "fewer"
    MORE = "more"
    OTHER = "other"


def point(names: Sequence[str], n: int) -> dict[str, Fraction]:
    """The `n`-th choice of small values to try, another one for each unknown."""
    return {name: _POINTS[(n + i) % len(_POINTS)] for i, name in enumerate(names)}


def points(names: Sequence[str]) -> list[dict[str, Fraction]]:
    """Small values to try."""
    return [point(names, n) for n in range(len(_POINTS))]


def degree(equation: Equation) -> int | None:
    """Of what is left of a polynomial equation when one side is taken from the other: -1 if nothing is.

    0 for an equation without a solution; `None` where it divides by something that is always 0.
    """
    top = _top(equation)
    if top is None:
        return None
    import sympy

    polynomial = sympy.Poly(top, *(sympy.Symbol(name) for name in sorted(equation.symbols)))
    return -1 if polynomial.is_zero else int(polynomial.total_degree())


def side_degree(node: Node) -> int:
    """Degree of the numerator of one side that has unknowns."""
    import sympy

    top, _ = sympy.fraction(sympy.cancel(sympy.together(_built(node))))
    return int(sympy.Poly(top, *(sympy.Symbol(name) for name in sorted(symbols(node)))).total_degree())


def relation(problem: Sequence[Equation], claim: Sequence[Equation], symbol: str) -> Relation | None:
    """How the solutions of a claim compare with those of the problem; each is any of its equations.

    `None` where one of them holds for every value, is of too high a degree or divides by 0.
    """
    expected, found = _solutions(problem, symbol), _solutions(claim, symbol)
    if expected is None or found is None:
        return None
    common = expected.gcd(found).count_roots()
    if common == expected.count_roots():
        return Relation.SAME if common == found.count_roots() else Relation.MORE if common else Relation.OTHER
    return Relation.FEWER if common and common == found.count_roots() else Relation.OTHER


def _solutions(equations: Sequence[Equation], symbol: str) -> Any:
    """A polynomial whose real roots are the solutions of any of the equations."""
    import sympy

    unknown = sympy.Symbol(symbol)
    product = sympy.Poly(1, unknown)
    for equation in equations:
        top = _top(equation)
        polynomial = None if top is None else sympy.Poly(top, unknown)
        if polynomial is None or polynomial.is_zero or product.degree() + polynomial.degree() > _HIGHEST_DEGREE:
            return None
        product *= _without_holes(polynomial.sqf_part(), equation, unknown)
    return product.sqf_part()


def _without_holes(polynomial: Any, equation: Equation, unknown: Any) -> Any:
    """The polynomial without the roots at which the equation divides by zero."""
    import sympy

    for divisor in (*divisors(equation.left.node), *divisors(equation.right.node)):
        top, _ = sympy.fraction(sympy.cancel(sympy.together(_built(divisor))))
        polynomial = polynomial.quo(polynomial.gcd(sympy.Poly(top, unknown)))
    return polynomial


def _top(equation: Equation) -> Any:
    """The numerator of one side less the other, without common factors."""
    left, right = equation.left.node, equation.right.node
    if any(_always_zero(divisor) for divisor in (*divisors(left), *divisors(right))):
        return None
    import sympy

    return sympy.fraction(sympy.cancel(sympy.together(_built(left) - _built(right))))[0]


def _always_zero(node: Node) -> bool:
    """Whether a part is 0 or undefined at every value tried, which is one more than its degree."""
    return not any(evaluate(node, values) for values in points(sorted(symbols(node))))


def _built(node: Node) -> Any:
    import sympy

    match node:
        case Num(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Sym(name):
            return sympy.Symbol(name)
        case Neg(part):
            return -_built(part)
        case Pow(base, exponent):
            return _built(base) ** exponent
        case Op(sign, left, right):
            a, b = _built(left), _built(right)
            return a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a / b
