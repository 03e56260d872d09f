"""Prose into sentences, in any script, in linear time. A number, a formula or a name is never cut."""

import re
from collections.abc import Iterator

_EMOJI = "\U0001f1e6-\U0001faff\u2600-\u27bf"
_END = re.compile(
    r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？｡؟۔।]+[\"'”’»」』）)\]]*|\n"
    rf"|[{_EMOJI}][\ufe0f\u200d{_EMOJI}]*(?=\s|$)"
)
_ATOM = re.compile(
    r"`[^`\n]{1,400}`|\$(?![\s$])[^$\n]{1,400}(?<!\s)\$(?!\d)|\\\([^\n]{1,200}?\\\)|https?://[^\s<>\"]{0,400}[^\s<>\".!?,;:)]"
)
"""What may hold marks that end no sentence: code and formulas in a line, addresses."""

_ABBREVIATIONS = (
    "mr mrs ms dr prof st no nr vs etc e.g i.e eg ie approx fig eq p pp vol ca bzw z.b d.h u.a usw sog evtl ggf str "
    "z d u hr fr sr sra srta ud uds p.ej ej mme mlle av env art chap ex jan feb mar apr jun jul aug sep sept oct nov "
    "dec a.m p.m u.s"
)
_SHORT = frozenset(_ABBREVIATIONS.split())
"""What stands before a full stop that ends no sentence."""

_BEFORE_ORDINALS = frozenset(
    {"der", "die", "das", "den", "dem", "am", "vom", "zum", "zur", "im", "beim", "ab", "bis", "seit", "mein", "meine"}
)
"""What stands before a number whose full stop makes it an ordinal in German."""

_LONGEST_WORD = 24


def sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the sentences of a paragraph begin and end, without the white space between them.

    >>> text = "Dr. Kim got 3.5 of 5 points. 你好。再见！ Is $f(2. 1)$ right?"
    >>> [text[a:b] for a, b in sentences(text, 0, len(text))]
    ['Dr. Kim got 3.5 of 5 points.', '你好。', '再见！', 'Is $f(2. 1)$ right?']
    """
    atoms = [(m.start(), m.end()) for m in _ATOM.finditer(text, start, end)]
    at, atom = start, 0
    for mark in _END.finditer(text, start, end):
        while atom < len(atoms) and atoms[atom][1] <= mark.start():
            atom += 1
        inside = atom < len(atoms) and atoms[atom][0] <= mark.start()
        if inside or not _ends(text, at, mark):
            continue
        yield from _trimmed(text, at, mark.end())
        at = mark.end()
    yield from _trimmed(text, at, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if stripped := piece.strip():
        begins = start + len(piece) - len(piece.lstrip())
        yield begins, begins + len(stripped)


def _ends(text: str, start: int, mark: re.Match[str]) -> bool:
    """Whether this mark ends the sentence that began at `start`."""
    if mark[0] == "\n":
        return _breaks(text, start, mark)
    following = text[mark.end() : mark.end() + 3].lstrip()
    if mark[0] != ".":
        # "Really?" she asked; I 😀 it
        return mark[0][-1] in "!?….。！？｡؟۔।" or not following[:1].islower()
    before = text[max(start, mark.start() - _LONGEST_WORD) : mark.start()].split()
    word = before[-1].lstrip("([\"'“«") if before else ""
    if following[:1].islower():
        return False
    if word.isdigit() and len(word) <= 2:
        # "in die 9. Klasse", "1. Add them"
        return len(before) > 1 and before[-2].lower() not in _BEFORE_ORDINALS
    # "z. B.", "J. Smith", "Dr. Kim"
    initial = len(word) == 1 and word.isupper() and word != "I"
    return not (initial or word.lower() in _SHORT)


def _breaks(text: str, start: int, mark: re.Match[str]) -> bool:
    """Whether the end of a line ends a sentence: where a new one begins with a capital, or a script has none; a number
    stays with its unit."""
    before, after = (
        text[max(start, mark.start() - 40) : mark.start()].rstrip(),
        text[mark.end() : mark.end() + 40].lstrip(),
    )
    if not before or not after:
        return True
    return not (after[0].islower() or before[-1].isdigit() or after[0].isdigit() or before[-1] in ",;:–-=+*/(")
