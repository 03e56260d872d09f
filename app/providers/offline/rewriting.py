"""Checks a lone equation: the same thing written in two ways, a failed attempt at that, or one to solve."""

from itertools import pairwise

from app.providers.offline import hints
from app.providers.offline.algebra import degree, points, side_degree
from app.providers.offline.findings import Finding, Verdict, Work
from app.providers.offline.formula import Equation
from app.providers.offline.hints import Hint, shown
from app.providers.offline.tree import Sym, evaluate, symbols


def rewriting(work: Work) -> Finding | None:
    """A lone equation: the same thing written in two ways, a failed attempt at that, or one to solve."""
    symbolic = [s for s in work.now if len(s.sides) > 1 and any(symbols(side.node) for side in s.sides)]
    if len(symbolic) != 1:
        return None
    sides = symbolic[0].sides
    for equation in (Equation(left, right) for left, right in pairwise(sides)):
        finding = _lone(equation)
        if finding is None or finding.verdict is not Verdict.SAME_FOR_ALL:
            return finding if len(sides) == 2 or (finding and finding.verdict is Verdict.NOT_THE_SAME) else None
    claim = " = ".join(side.source for side in sides)
    return Finding(Verdict.SAME_FOR_ALL, Hint.EXPLAIN_BACK, {"claim": claim})


def _lone(equation: Equation) -> Finding | None:
    left, right = symbols(equation.left.node), symbols(equation.right.node)
    # `i = i + 1` is an assignment, `F = m*a` a law, `x = 5` a value: none of them asks for anything.
    if isinstance(equation.left.node, Sym) or equation.isolated:
        return None
    degrees = degree(equation)
    if degrees is None or (left != right and len(left | right) > 1):
        return None
    if degrees == -1:
        return Finding(Verdict.SAME_FOR_ALL, Hint.EXPLAIN_BACK, {"claim": equation.source})
    if left == right and _meant_as_same(equation, degrees):
        return _differs(equation)
    (symbol,) = left | right
    pointer = hints.next_step(equation, symbol, degrees)
    slots = {"problem": equation.source, "symbol": symbol, **pointer.slots}
    return Finding(Verdict.TO_SOLVE, pointer.hint, slots)


def _meant_as_same(equation: Equation, degrees: int) -> bool:
    """Equations in several unknowns, without a solution, or whose leading terms agree are attempts at rewriting."""
    leading = max(side_degree(equation.left.node), side_degree(equation.right.node))
    return len(equation.symbols) > 1 or degrees == 0 or degrees < leading


def _differs(equation: Equation) -> Finding | None:
    """A small value for which the two sides differ."""
    for values in points(sorted(equation.symbols)):
        left, right = (evaluate(side.node, values) for side in (equation.left, equation.right))
        if left is not None and right is not None and left != right:
            at = ", ".join(f"{name} = {shown(value)}" for name, value in values.items())
            slots = {"claim": equation.source, "at": at, "left": shown(left), "right": shown(right)}
            return Finding(Verdict.NOT_THE_SAME, hints.for_wrong_rewriting(equation), slots)
    return None
