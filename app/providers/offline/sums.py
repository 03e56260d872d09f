"""Checks numbers: sums that were worked out, and sums that are to be."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from app.providers.offline import hints
from app.providers.offline.findings import Finding, Verdict, Work
from app.providers.offline.formula import Formula
from app.providers.offline.hints import Hint
from app.providers.offline.tree import Num, Op, Pow, evaluate, symbols

_MOST_DECIMALS = 12


def zero_division(work: Work) -> Finding | None:
    """A division by zero among the numbers."""
    meant = (s for s in work.now if len(s.sides) > 1 or s.unfinished or work.asked)
    for side in (side for statement in meant for side in statement.sides):
        if not symbols(side.node) and evaluate(side.node, {}) is None:
            return Finding(Verdict.DIVIDES_BY_ZERO, Hint.QUOTIENT, {"part": side.source})
    return None


def _numeric(work: Work) -> Iterator[tuple[Formula, Formula]]:
    """Neighbouring sides without unknowns."""
    for statement in work.now:
        for left, right in pairwise(statement.sides):
            if not symbols(left.node) and not symbols(right.node):
                yield left, right


def wrong_numbers(work: Work) -> Finding | None:
    """The first two neighbouring sides that are not equal."""
    for left, right in _numeric(work):
        a, b = number(left), number(right)
        if a != b:
            swapped = hints.is_worked(right.node) and not hints.is_worked(left.node)
            worked, claimed = (right, a) if swapped else (left, b)
            verdict = Verdict.LEFT_LARGER if a > b else Verdict.LEFT_SMALLER
            slots = {"left": left.source, "right": right.source, "part": worked.source}
            if _rounded(number(worked), left if swapped else right):
                return Finding(Verdict.ROUNDED, Hint.EXACT, slots)
            return Finding(verdict, hints.for_wrong_sum(worked.node, claimed), slots)
    return None


def _rounded(value: Fraction, claim: Formula) -> bool:
    """Whether a claim is a value to as many decimals as it was written with: `500/3 = 167`, `2/3 = 0.67`."""
    claimed = number(claim)
    decimals = len(claim.source.replace(",", ".").partition(".")[2])
    endless = (10**_MOST_DECIMALS * value).denominator != 1
    enough = isinstance(claim.node, Num) and (endless or decimals > 0) and claimed != 0
    return enough and abs(value - claimed) <= Fraction(1, 2 * 10**decimals)


def right_numbers(work: Work) -> Finding | None:
    """Numbers that agree, where nothing else is stated."""
    pairs = list(_numeric(work))
    if not pairs or any(symbols(side.node) for statement in work.now for side in statement.sides):
        return None
    claim = f"{pairs[0][0].source} = {pairs[-1][1].source}"
    return Finding(Verdict.AGREE, Hint.EXPLAIN_BACK, {"claim": claim})


def number(formula: Formula) -> Fraction:
    """What a formula without unknowns comes to; 0 where it divides by zero, which is found before."""
    return evaluate(formula.node, {}) or Fraction(0)


def attempt(work: Work) -> Finding | None:
    """A bare number after a sum that was to be worked out."""
    if work.asked or work.problem is None or len(work.now) != 1 or len(work.now[0].sides) != 1:
        return None
    problem, attempt = work.problem.sides[0], work.now[0].sides[0]
    if symbols(problem.node) or not hints.is_plain_number(attempt.node):
        return None
    value, claimed = evaluate(problem.node, {}), number(attempt)
    if value is None:
        return None
    slots = {"claim": attempt.source, "problem": problem.source, "part": problem.source}
    if value == claimed:
        return Finding(Verdict.RIGHT, Hint.EXPLAIN_BACK, slots)
    verdict = Verdict.TOO_LARGE if claimed > value else Verdict.TOO_SMALL
    return Finding(verdict, hints.for_wrong_sum(problem.node, claimed), slots)


def to_work_out(work: Work) -> Finding | None:
    """A sum that is to be worked out."""
    for statement in work.now:
        node, wanted = statement.sides[0].node, work.asked or statement.unfinished
        if wanted and len(statement.sides) == 1 and isinstance(node, (Op, Pow)) and not symbols(node):
            source = statement.sides[0].source
            return Finding(Verdict.TO_WORK_OUT, hints.for_sum(node), {"problem": source, "part": source})
    return None
