"""Checks steps from one equation to the next: whether the solutions stay the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.providers.offline import hints
from app.providers.offline.algebra import Relation, degree, relation
from app.providers.offline.findings import Finding, Verdict, Work
from app.providers.offline.formula import Equation
from app.providers.offline.hints import Hint, shown
from app.providers.offline.statements import Link, Statement
from app.providers.offline.sums import number
from app.providers.offline.tree import Sym, evaluate

_MOST_ALTERNATIVES = 4


@dataclass(frozen=True, slots=True)
class _Group:
    """Equations joined by "or", and how they hang on the group before."""

    equations: tuple[Equation, ...]
    link: Link

    @property
    def isolated(self) -> bool:
        """Whether each is a value of the unknown."""
        return all(equation.isolated for equation in self.equations)

    @property
    def symbol(self) -> str | None:
        """The one unknown."""
        names = frozenset[str]().union(*(equation.symbols for equation in self.equations))
        return next(iter(names)) if len(names) == 1 else None

    @property
    def source(self) -> str:
        """How they were written."""
        return " / ".join(equation.source for equation in self.equations)


def _groups(statements: Sequence[Statement]) -> list[_Group]:
    groups: list[_Group] = []
    for statement in statements:
        last = groups[-1].equations[-1] if groups else None
        equation = _equation(statement, last)
        if equation is None:
            continue
        if statement.link is Link.OR and groups and len(groups[-1].equations) < _MOST_ALTERNATIVES:
            groups[-1] = _Group((*groups[-1].equations, equation), groups[-1].link)
        else:
            groups.append(_Group((equation,), statement.link))
    return groups


def _equation(statement: Statement, last: Equation | None) -> Equation | None:
    """A statement as an equation with unknowns; `or -3` after `x = 3` is one."""
    if len(statement.sides) == 2:
        equation = Equation(*statement.sides)
        return equation if equation.symbols else None
    short = len(statement.sides) == 1 and statement.link is Link.OR and last is not None and last.isolated
    return Equation(last.left, statement.sides[0]) if short and last and isinstance(last.left.node, Sym) else None


def steps(work: Work) -> Finding | None:
    """The first step that fails, else the last one that holds."""
    groups = _groups(work.now)
    if len(groups) == 1 and work.problem and not work.asked:
        groups = [*_groups([work.problem]), _Group(groups[0].equations, Link.THEN)]
    if len(groups) == 2 and groups[0].isolated and groups[1].link is Link.BESIDE:
        groups.reverse()
    held = None
    for before, after in pairwise(groups):
        finding = _step(before, after)
        if finding and finding.verdict is not Verdict.STEP_HOLDS:
            return finding
        held = finding or held
    return held


def _step(before: _Group, after: _Group) -> Finding | None:
    symbol = before.symbol
    claimed = after.link is Link.THEN or (after.isolated and not before.isolated and after.link is not Link.APART)
    if symbol is None or symbol != after.symbol or not claimed:
        return None
    slots = {"problem": before.source, "claim": after.source, "symbol": symbol}
    match relation(before.equations, after.equations, symbol):
        case None:
            return None
        case Relation.SAME:
            return Finding(Verdict.STEP_HOLDS, *_onward(after, symbol, slots))
        case Relation.FEWER:
            return Finding(Verdict.STEP_LOSES, Hint.OTHER_SOLUTIONS, slots)
        case Relation.MORE:
            return _tried(before, after, slots) or Finding(Verdict.STEP_GAINS, Hint.OTHER_SOLUTIONS, slots)
        case _:
            return _tried(before, after, slots) or Finding(Verdict.STEP_FAILS, Hint.BOTH_SIDES, slots)


def _onward(group: _Group, symbol: str, slots: Mapping[str, str]) -> tuple[Hint, Mapping[str, str]]:
    """What comes after a step that holds."""
    if group.isolated or len(group.equations) > 1:
        return Hint.SUBSTITUTE, slots
    pointer = hints.next_step(group.equations[0], symbol, degree(group.equations[0]) or 1)
    return pointer.hint, {**slots, **pointer.slots}


def _tried(before: _Group, after: _Group, slots: Mapping[str, str]) -> Finding | None:
    """A claimed value put into the equation, where it does not fit."""
    if len(before.equations) > 1:
        return None
    equation, symbol = before.equations[0], slots["symbol"]
    for value in (number(side) for claim in after.equations if (side := claim.isolated)):
        left, right = (evaluate(side.node, {symbol: value}) for side in (equation.left, equation.right))
        if left is None or right is None:
            part = f"{equation.source} ({symbol} = {shown(value)})"
            return Finding(Verdict.DIVIDES_BY_ZERO, Hint.QUOTIENT, {**slots, "part": part})
        if left != right:
            put_in = {"value": shown(value), "left": shown(left), "right": shown(right)}
            return Finding(Verdict.NO_SOLUTION, hints.for_wrong_solution(equation, symbol, value), {**slots, **put_in})
    return None
