"""A text as the words that the model of affect knows, and their features as numbers. The training uses it, too."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from zlib import crc32

LONGEST = 2_000
"""Characters of a text that are read: its beginning."""

MOST = 128
"""Words of it that are read."""

BUCKETS = 1 << 16
"""Buckets that the features of a text are hashed into."""

LABELS = ("anxiety", "confidence", "confusion", "curiosity", "discouragement", "frustration", "joy", "neutral")

WHOLE = 2
"""What a whole word or a pair of words counts beside a piece of one."""

_WORD = re.compile(r"\[[a-z]+\]|[^\W\d_]+(?:['’][^\W\d_]+)?|[!?]+|\.\.+|\d+|[:;]['-]?[()dp/]|[^\w\s]", re.IGNORECASE)
_SHORTEST, _LONGEST = 3, 5


def words(text: str) -> list[str]:
    """Words, numbers, marks and faces of a text in lower case; "don't" are two, "!!!!" is as loud as "!!!".

    >>> words("I don't get it!!!! :( Can't")
    ['i', 'do', 'not', 'get', 'it', '!!!', ':(', 'can', 'not']
    """
    found: list[str] = []
    for word in _WORD.findall(text[:LONGEST].lower()):
        found += (word,) if word.isalnum() else _parts(word)
    return found[:MOST]


def spans(text: str) -> list[tuple[int, int]]:
    """Where each of `words` stands in the text, as its first character and the one past its last."""
    places: list[tuple[int, int]] = []
    for match in _WORD.finditer(text[:LONGEST]):
        places += [match.span()] * len(_parts(match.group().lower()))
    return places[:MOST]


def _parts(word: str) -> tuple[str, ...]:
    if word[0] in "!?.":
        return (word[:3],)
    if not word[0].isalpha():
        return (word,)
    left, mark, right = word.replace("’", "'").partition("'")
    if not mark:
        return (word,)
    if right == "t" and left.endswith("n"):
        return ("can", "not") if left == "can" else (left[:-1], "not")
    return left, f"'{right}"


def key(word: str) -> int:
    """The number that a word is known by: words themselves are not kept."""
    return crc32(word.encode())


def buckets(word: str) -> list[int]:
    """The buckets of a word: its own and those of its pieces of three to five characters."""
    framed = f"<{word}>"
    pieces = (
        framed[at : at + size]
        for size in range(_SHORTEST, min(_LONGEST, len(framed) - 1) + 1)
        for at in range(len(framed) - size + 1)
    )
    return [crc32(b"w" + word.encode()) % BUCKETS, *(crc32(piece.encode()) % BUCKETS for piece in pieces)]


def pairs(found: Sequence[str]) -> Iterator[int]:
    """The bucket of each two words that follow each other."""
    return (crc32(f"{a} {b}".encode()) % BUCKETS for a, b in pairwise(found))
