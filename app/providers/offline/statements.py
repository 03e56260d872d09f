"""Finds what learners state in formulas: `3x+5=20 so 3x=15`, `is 7*8=54?`, `what is 1/2+1/4`.

A wrong reading would tell a learner that something right is wrong. So whatever is not plainly a formula between plain
words is left out, and nothing is concluded across it.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from app.providers.offline.formula import MOST_CHARACTERS, Formula, NotAFormula, Token, parse
from app.providers.offline.marks import marks, words
from app.providers.offline.tree import Sym

_END = 1_000
"""Characters that are read at each end of a text."""
_MOST_STATEMENTS = 8

_FORMULA = frozenset({"number", "letter", "op", "equals"})
_PUNCTUATION = frozenset(".,;:?!\"'«»“”„‘’…¿¡[]")
_THEN = words(
    "so then therefore thus hence gives implies follows means get gets got becomes dann also daher folgt deshalb somit"
    " ergibt bekomme donc alors ainsi entonces luego tanto"
)
_OR = words("or oder ou o")
_COUNTING_WORDS = words(
    "times plus minus divided over squared cubed power root roots sqrt percent mod modulo log ln exp sin cos tan lim"
    " half double twice third thirds quarter quarters factorial sum product quotient remainder by than negative not"
    " approximately mal geteilt durch hoch quadrat wurzel prozent hälfte doppelte als nicht summe produkt"
    " fois divisé par moins racine carré pour cent moitié différent somme"
    " por dividido entre raíz cuadrado menos más mitad doble suma"
)
"""Words that belong to the formula beside them, which is therefore only a part of it."""
_OF = words("of von de del du des der")
_WHOLE = words(
    "solution solutions root roots side sides equation equations lösung lösungen gleichung seite seiten solution"
    " équation ecuación solución soluciones raíz raíces"
)
"""Of what a whole equation can be the object: `the solution of 3x = 9`, but not `half of 20 = 10`."""


class Link(StrEnum):
    """How a statement hangs on the one before."""

    FIRST = "first"
    THEN = "then"
    OR = "or"
    BESIDE = "beside"
    APART = "apart"
    """Something stands between that was not understood."""


@dataclass(frozen=True, slots=True)
class Statement:
    """Formulas held to be equal, or a single one; `unfinished` ends in an equals sign: `7*8 =`."""

    sides: tuple[Formula, ...]
    link: Link
    unfinished: bool = False


def statements(text: str) -> tuple[Statement, ...]:
    """What a text states, in order; at most 8 from its first and last 1,000 characters.

    >>> [[side.source for side in s.sides] for s in statements("I think 3x + 5 = 20, so 3x=15. Right?")]
    [['3x + 5', '20'], ['3x', '15']]
    >>> statements("half of 20 = 10, f(2) = 3, 5! = 120 and 50% of 10 = 5")
    ()
    """
    if len(text) > 2 * _END:
        text = f"{text[:_END]}\n…\n{text[-_END:]}"
    if "=" not in text and not any(digit in text for digit in "0123456789"):
        return ()
    read = marks(text)
    found: list[Statement] = []
    last = 0
    for start, end in _runs(read):
        statement = _statement(read, start, end, _link(read[last:start], bool(found)))
        if statement:
            found.append(statement)
            last = end
        if len(found) == _MOST_STATEMENTS:
            break
    return tuple(found)


def _runs(read: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where formulas start and end."""
    start = None
    for i, mark in enumerate(read):
        if mark.kind in _FORMULA:
            start = i if start is None else start
        elif start is not None:
            yield start, i
            start = None
    if start is not None:
        yield start, len(read)


def _link(between: Sequence[Token], follows: bool) -> Link:
    if not follows:
        return Link.FIRST
    said = {mark.text.lower() for mark in between if mark.kind == "word"}
    if any(mark.kind in _FORMULA for mark in between):
        return Link.APART
    if said & _OR:
        return Link.OR
    if said & _THEN or any(mark.kind in ("arrow", "line") or mark.text == ";" for mark in between):
        return Link.THEN
    return Link.BESIDE


def _statement(read: Sequence[Token], start: int, end: int, link: Link) -> Statement | None:
    run = list(read[start:end])
    if len(run) > MOST_CHARACTERS or not (
        _free_on_the_left(read, start) and _free_on_the_right(read, end) and _well_spaced(run)
    ):
        return None
    sides = _split(_unwrapped(run))
    unfinished = len(sides) > 1 and not sides[-1]
    try:
        formulas = tuple(_formula(side) for side in (sides[:-1] if unfinished else sides))
    except NotAFormula:
        return None
    if len(formulas) == 1 and isinstance(formulas[0].node, Sym):
        return None
    return Statement(formulas, link, unfinished)


def _free_on_the_left(read: Sequence[Token], start: int) -> bool:
    """Nothing before the run belongs to it."""
    first, before = read[start], read[start - 1] if start else None
    opens = first.kind != "op" or first.text == "(" or (first.text == "-" and read[min(start + 1, len(read) - 1)].glued)
    if before is None or not opens:
        return opens
    if start > 1 and _unfinished(read[start - 2]) and before.kind != "arrow":
        return False
    if before.kind != "word":
        return _parts(before, first, read[start - 2] if start > 1 else None)
    if before.text.lower() in _OF:
        return start > 1 and read[start - 2].text.lower() in _WHOLE
    return not first.glued and before.text.lower() not in _COUNTING_WORDS


def _free_on_the_right(read: Sequence[Token], end: int) -> bool:
    """Nothing after the run belongs to it."""
    if end == len(read):
        return True
    after, beyond = read[end], read[end + 1] if end + 1 < len(read) else None
    if after.kind == "word":
        return not after.glued and after.text.lower() not in _COUNTING_WORDS
    return _parts(after, beyond, read[end - 1])


def _unfinished(mark: Token) -> bool:
    return mark.kind == "op" and mark.text != ")"


def _parts(mark: Token, right: Token | None, left: Token | None) -> bool:
    """Whether a mark that is no word parts what stands on its sides: `3, x` but not `3,x`, `5% x` or `3 < x`."""
    if mark.kind in ("arrow", "line"):
        return True
    if mark.text not in _PUNCTUATION:
        return unicodedata.category(mark.text) in ("So", "Sk", "Cf", "Mn")
    between = left is not None and left.kind in _FORMULA and right is not None and right.kind in _FORMULA
    return not between or (mark.glued and right is not None and not right.glued and not _is_sign(right))


def _is_sign(mark: Token) -> bool:
    return mark.kind == "equals" or (mark.kind == "op" and mark.text != "(")


def _well_spaced(run: Sequence[Token]) -> bool:
    """Factors are written side by side; across a space they are two things (`2 1/2`, `x = 3 y`), save `2 (x+3)`."""
    for left, right in pairwise(run):
        operand = left.kind in ("number", "letter") or left.text == ")"
        another = right.kind in ("number", "letter") or right.text == "("
        if operand and another and not right.glued and not (right.text == "(" and left.kind == "number"):
            return False
    return True


def _unwrapped(run: list[Token]) -> list[Token]:
    """A run without the brackets of the sentence that it stands in: `(2+2=5)`, `(say 2+2=5)`."""
    if any(mark.kind == "equals" for mark in run):
        opened, closed = (sum(mark.text == bracket for mark in run) for bracket in "()")
        if run[0].text == "(" and run[-1].text == ")" and opened == closed and _across(run):
            return run[1:-1]
        if run[-1].text == ")" and closed == opened + 1:
            return run[:-1]
    return run


def _across(run: Sequence[Token]) -> bool:
    """Whether the first bracket is still open at the first equals sign."""
    depth = 0
    for mark in run:
        if mark.kind == "equals":
            return depth > 0
        depth += (mark.text == "(") - (mark.text == ")")
    return False


def _split(run: Sequence[Token]) -> list[list[Token]]:
    sides: list[list[Token]] = [[]]
    for mark in run:
        if mark.kind == "equals":
            sides.append([])
        else:
            sides[-1].append(mark)
    return sides


def _formula(side: Sequence[Token]) -> Formula:
    source = "".join(f"{'' if mark.glued else ' '}{mark.text}" for mark in side).strip()
    if len(source) > MOST_CHARACTERS:
        raise NotAFormula("too long")
    return Formula(source, parse(side))
