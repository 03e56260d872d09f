"""What earlier texts have said already: word for word, and nearly."""

import re

from app.context.prose.bearing import bears
from app.context.prose.pieces import Piece
from app.context.prose.sentences import sentences

_WORD = re.compile(r"\w+")
_SHINGLE = 3
"""Words that are compared together (Broder 1997)."""

_LIKE = 0.8
"""The share of a sentence's shingles that were there before from which on it is said again."""

_LEAST = 8
"""Words below which a repetition may be meant: "I do not understand", "No."."""


class Said:
    """The sentences so far; each is looked up in time that does not grow with their number."""

    def __init__(self) -> None:
        self._exact: set[str] = set()
        self._shingles: set[tuple[str, ...]] = set()

    def add(self, text: str) -> None:
        """Notes a sentence that is kept."""
        words = _words(text)
        self._exact.add(" ".join(words))
        if len(words) >= _LEAST:
            self._shingles.update(_shingles(words))

    def repeats(self, piece: Piece) -> bool:
        """Whether a piece says again what is kept: the same words, signs and all; or, where it bears nothing that could
        differ, nearly the same."""
        words = _words(piece.text)
        if len(words) < _LEAST:
            return False
        return " ".join(words) in self._exact or (self._nearly(words) and not bears(piece.text))

    def quotes(self, piece: Piece) -> bool:
        """Whether a quoted line repeats what is kept."""
        quoted = piece.text.lstrip("> \t")
        said = [" ".join(_words(quoted[a:b])) for a, b in sentences(quoted, 0, len(quoted))]
        return bool(said) and all(one in self._exact for one in said)

    def _nearly(self, words: list[str]) -> bool:
        shingles = _shingles(words)
        # The first word may be a name that only looks like any first word.
        return shingles[0] in self._shingles and sum(s in self._shingles for s in shingles) >= _LIKE * len(shingles)


def _words(text: str) -> list[str]:
    """A sentence as it is compared: with its numbers and signs, without the marks at its end and the letters' case."""
    return text.lower().rstrip(" .!…*").split()


def _shingles(words: list[str]) -> list[tuple[str, ...]]:
    plain = [_WORD.search(word) for word in words]
    bare = [m[0] if m else word for m, word in zip(plain, words, strict=True)]
    return [tuple(bare[n : n + _SHINGLE]) for n in range(len(bare) - _SHINGLE + 1)]
