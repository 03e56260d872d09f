"""Where to look next: one hint for a sum, an equation or a mistake, never the result."""

from collections.abc import Mapping
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from app.providers.offline.formula import Equation
from app.providers.offline.tree import Neg, Node, Num, Op, Pow, divisors, evaluate, parts, symbols


class Hint(StrEnum):
    """What a hint points at; its words are in the wording."""

    BRACKETS_FIRST = "brackets_first"
    ORDER = "order"
    POWER = "power"
    COMMON_DENOMINATOR = "common_denominator"
    FRACTIONS = "fractions"
    PRODUCT = "product"
    QUOTIENT = "quotient"
    SUM = "sum"
    ORIGIN = "origin"
    EXACT = "exact"
    ADDED_ACROSS = "added_across"
    SIGN = "sign"
    DIVIDE_BY_FACTOR = "divide_by_factor"
    BOTH_SIDES = "both_sides"
    OTHER_SOLUTIONS = "other_solutions"
    DISTRIBUTE = "distribute"
    POWER_OF_SUM = "power_of_sum"
    COMPARE_TERMS = "compare_terms"
    CLEAR_FRACTIONS = "clear_fractions"
    EXPAND = "expand"
    GATHER = "gather"
    UNDO_TERM = "undo_term"
    UNDO_FACTOR = "undo_factor"
    FACTOR = "factor"
    SUBSTITUTE = "substitute"
    EXPLAIN_BACK = "explain_back"


class Pointer(NamedTuple):
    """A hint and what stands in its words."""

    hint: Hint
    slots: Mapping[str, str] = {}


def for_sum(node: Node) -> Hint:
    """What to think of first when working out a number."""
    signs = {part.sign for part in parts(node) if isinstance(part, Op)}
    powers = any(isinstance(part, Pow) for part in parts(node))
    if any(isinstance(part, Op) and part.sign in "*/" and _is_sum(part.left, part.right) for part in parts(node)):
        return Hint.BRACKETS_FIRST
    if signs == {"*", "/"} and sum(isinstance(part, Op) and part.sign == "/" for part in parts(node)) > 1:
        return Hint.FRACTIONS
    if _of_fractions(node):
        return Hint.COMMON_DENOMINATOR
    if (signs & {"*", "/"} or powers) and signs & {"+", "-"}:
        return Hint.ORDER
    if powers:
        return Hint.POWER
    return Hint.PRODUCT if "*" in signs else Hint.QUOTIENT if "/" in signs else Hint.SUM


def for_wrong_sum(node: Node, claimed: Fraction) -> Hint:
    """Where a wrong result may come from, as far as it shows."""
    value = evaluate(node, {})
    if not is_worked(node):
        return Hint.ORIGIN
    if _added_across(node) == claimed:
        return Hint.ADDED_ACROSS
    if value is not None and value == -claimed:
        return Hint.SIGN
    return for_sum(node)


def for_wrong_rewriting(equation: Equation) -> Hint:
    """Where two sides that should be the same may have parted."""
    within = [*parts(equation.left.node), *parts(equation.right.node)]
    if any(isinstance(part, Pow) and _is_sum(part.base) for part in within):
        return Hint.POWER_OF_SUM
    if any(isinstance(part, Op) and part.sign in "*/" and _is_sum(part.left, part.right) for part in within):
        return Hint.DISTRIBUTE
    minus = [part.right for part in within if isinstance(part, Op) and part.sign == "-"]
    if _is_sum(*minus, *(part.part for part in within if isinstance(part, Neg))):
        return Hint.SIGN
    return Hint.COMPARE_TERMS


def next_step(equation: Equation, symbol: str, degree: int) -> Pointer:
    """What could be done next to an equation in one unknown."""
    left, right = equation.left.node, equation.right.node
    if any(symbols(divisor) for divisor in (*divisors(left), *divisors(right))):
        return Pointer(Hint.CLEAR_FRACTIONS)
    if degree > 1:
        return Pointer(Hint.FACTOR)
    if any(_is_product_with_sum(part) for part in (*parts(left), *parts(right))):
        return Pointer(Hint.EXPAND)
    if symbols(left) and symbols(right):
        return Pointer(Hint.GATHER)
    return _undo(left if symbols(left) else right, symbol)


def _undo(side: Node, symbol: str) -> Pointer:
    """How to free the unknown on the side that has it."""
    line = _line(side, symbol)
    if line is None:
        return Pointer(Hint.GATHER)
    factor, constant = line
    if constant:
        return Pointer(Hint.UNDO_TERM, {"term": _term(factor, symbol), "constant": shown(abs(constant))})
    return Pointer(Hint.SUBSTITUTE if factor == 1 else Hint.UNDO_FACTOR)


def for_wrong_solution(equation: Equation, symbol: str, claimed: Fraction) -> Hint:
    """Which slip leads from a linear equation to a wrong value, as far as it shows."""
    left, right = _line(equation.left.node, symbol), _line(equation.right.node, symbol)
    if left is None or right is None or left[0] == right[0]:
        return Hint.BOTH_SIDES
    factor, constant = left[0] - right[0], right[1] - left[1]
    signs = [-constant / factor, (left[1] + right[1]) / factor, -(left[1] + right[1]) / factor]
    if left[0] + right[0]:
        signs.append(constant / (left[0] + right[0]))
    if claimed in signs:
        return Hint.SIGN
    return Hint.DIVIDE_BY_FACTOR if claimed in (constant, constant - factor, constant * factor) else Hint.BOTH_SIDES


def shown(value: Fraction) -> str:
    """A number as learners write it.

    >>> shown(Fraction(4)), shown(Fraction(-1, 2))
    ('4', '-1/2')
    """
    return str(value)


def _line(node: Node, symbol: str) -> tuple[Fraction, Fraction] | None:
    """Factor and constant of a part that is a straight line in its unknown, seen at four points."""
    values = [evaluate(node, {symbol: Fraction(n)}) for n in (0, 1, 2, 5)]
    if any(value is None for value in values):
        return None
    zero, one, two, five = (value or Fraction(0) for value in values)
    factor = one - zero
    return (factor, zero) if two == zero + 2 * factor and five == zero + 5 * factor else None


def _term(factor: Fraction, symbol: str) -> str:
    sign, size = "-" if factor < 0 else "", abs(factor)
    if size == 1:
        return f"{sign}{symbol}"
    return f"{sign}{size}{symbol}" if size.denominator == 1 else f"{sign}({size}){symbol}"


def _is_sum(*nodes: Node) -> bool:
    return any(isinstance(node, Op) and node.sign in "+-" for node in nodes)


def _is_product_with_sum(node: Node) -> bool:
    return (
        isinstance(node, Op) and node.sign in "*/" and any(_is_sum(n) and symbols(n) for n in (node.left, node.right))
    )


def _fraction(node: Node) -> tuple[Fraction, Fraction] | None:
    if isinstance(node, Op) and node.sign == "/" and isinstance(node.left, Num) and isinstance(node.right, Num):
        return node.left.value, node.right.value
    return None


def _of_fractions(node: Node) -> bool:
    return isinstance(node, Op) and node.sign in "+-" and bool(_fraction(node.left) or _fraction(node.right))


def _added_across(node: Node) -> Fraction | None:
    """What comes out when numerators and denominators are each added on their own."""
    if not isinstance(node, Op) or node.sign not in "+-":
        return None
    a, b = _fraction(node.left), _fraction(node.right)
    if a is None or b is None:
        return None
    sign = 1 if node.sign == "+" else -1
    bottom = a[1] + sign * b[1]
    return (a[0] + sign * b[0]) / bottom if bottom else None


def is_worked(node: Node) -> bool:
    """Whether there is something to work out: not in `5` or `2/3`, but in `56/7`."""
    value = evaluate(node, {})
    return not is_plain_number(node) or (isinstance(node, Op) and value is not None and value.denominator == 1)


def is_plain_number(node: Node) -> bool:
    """A number, a fraction or the negative of one: what an answer looks like.

    >>> three = Num(Fraction(3))
    >>> is_plain_number(three), is_plain_number(Op("/", three, three)), is_plain_number(Op("+", three, three))
    (True, True, False)
    """
    if isinstance(node, Neg):
        return is_plain_number(node.part)
    return isinstance(node, Num) or _fraction(node) is not None
