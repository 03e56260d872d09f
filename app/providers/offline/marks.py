"""Text as marks: numbers, letters of formulas, signs, words and all else, before anyone asks what they say."""

import re
from collections.abc import Iterator, Sequence

from app.providers.offline.formula import Token

_MARK = re.compile(
    r"(?P<number>[0-9]+(?:[.,][0-9]+)*|[.,][0-9]+)|(?P<word>[^\W\d_]+)|(?P<arrow><?=+>|-+>|[→⇒⟹⇔∴])|(?P<equals>==?)"
    r"|(?P<op>\*\*|[-+*/^()])|(?P<line>\n)|(?P<space>[^\S\n]+)|(?P<other>.)",
    re.DOTALL,
)
_ENUMERATION = re.compile(r"^[ \t]{0,8}\(?[0-9a-zA-Z]{1,2}\)[ \t]+(?=[^\s=+*/^-])", re.MULTILINE)
_PLAIN = str.maketrans(
    {"×": "*", "·": "*", "⋅": "*", "∙": "*", "÷": "/", "−": "-", "–": "-", "²": "^2", "³": "^3", "$": " ", "`": " "}
)


def words(text: str) -> frozenset[str]:
    """A set of words from a list of them.

    >>> sorted(words("so then"))
    ['so', 'then']
    """
    return frozenset(text.split())


_UNITS = words("mm cm dm km mg kg ml cl dl ms kb mb gb hz kw pa mi ft lb oz")
_SHORT_WORDS = words(
    "am an as at be by do go he hi if in is it me my no of oh ok on or so to up us we and are but can did for get got"
    " has how not now out see the was why yes you da du er es ob um wo zu im ja aus bei das der die ich ist mit und"
    " von was wie au ce et il je la le ne ou se si tu un une les des est que qui al de el en lo su te ya yo con los"
    " por sin"
)
_FREE_LETTERS = frozenset("IaAeEoOuUyY")
"""Letters that are words of their own in English, French or Spanish."""


def marks(text: str) -> list[Token]:
    """The marks of a text without its spaces. Words are letters where they stand in a formula, as in `2ab` or `a + ab`.

    >>> [mark.text for mark in marks("is 2ab = ba·2?")]
    ['is', '2', 'a', 'b', '=', 'b', 'a', '*', '2', '?']
    """
    read = list(_read(_ENUMERATION.sub("", text).translate(_PLAIN)))
    return [mark for i in range(len(read)) for mark in _settled(read, i)]


def _read(text: str) -> Iterator[Token]:
    glued = False
    for found in _MARK.finditer(text):
        kind = str(found.lastgroup)
        if kind != "space":
            written = {"**": "^", "==": "="}.get(found.group(), found.group())
            yield Token(kind, written, glued)
        glued = kind not in ("space", "line")


def _settled(read: Sequence[Token], i: int) -> Sequence[Token]:
    """The mark at `i` once its neighbours are known."""
    mark = read[i]
    before, after = read[i - 1] if i else None, read[i + 1] if i + 1 < len(read) else None
    if mark.text == ":" and _divides(mark, before, after):
        return (Token("op", "/", mark.glued),)
    if mark.kind != "word" or not _in_formula(mark, before, after):
        return (mark,)
    return [Token("letter", letter, mark.glued or n > 0) for n, letter in enumerate(mark.text)]


def _divides(mark: Token, before: Token | None, after: Token | None) -> bool:
    """A colon between numbers, with a space on both sides or on neither, divides: `10:2`, `10 : 2`, not `8:00`."""
    if before is None or after is None or mark.glued != after.glued:
        return False
    if mark.glued and len(after.text) == 2 and after.text.isdecimal():
        return False
    return (before.kind == "number" or before.text == ")") and (after.kind == "number" or after.text == "(")


def _in_formula(word: Token, before: Token | None, after: Token | None) -> bool:
    text = word.text
    if not text.isascii() or len(text) > 3:
        return False
    after_number = before is not None and before.kind in ("number", "letter") and word.glued
    beside_sign = _is_sign(before) or _is_sign(after)
    if len(text) == 1:
        before_bracket = after is not None and after.text == "(" and after.glued
        return text not in _FREE_LETTERS or after_number or beside_sign or before_bracket
    tight = (_is_sign(before) and word.glued) or (_is_sign(after) and after is not None and after.glued)
    if not text.islower() or text in _UNITS:
        return False
    return after_number or (text not in _SHORT_WORDS and (tight or (len(text) == 2 and beside_sign)))


def _is_sign(mark: Token | None) -> bool:
    return mark is not None and (mark.kind == "equals" or (mark.kind == "op" and mark.text not in "()"))
