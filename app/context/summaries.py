"""An older stretch of a conversation in few tokens: its most telling sentences, word for word, each with its turn.

Chosen by what a sentence adds for its length (`prose.cover`), those that bear a number, a name, a formula, a negation
or a question before others. A summary and what came after it are summed up together, so that a stretch is read once and
its sentences keep their turns. A summary that a model makes is held against it (`refusal`).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.context.compress.idle import polite
from app.context.prose.bearing import bears, names, numbers
from app.context.prose.cover import by_cover, idf
from app.context.prose.pieces import pieces
from app.context.recall.words import stem, terms

Count = Callable[[str], int]
"""Tokens in a text."""

_LONGEST = 600
"""Characters beyond which a piece, such as pasted code, is too long to stand for anything."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was said in a turn, and by whom."""

    turn_id: str
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences of a stretch, in order, each a line with its turn; `since` and `until` are the first and the last turn
    of the stretch, `turns` how many it has."""

    lines: tuple[Line, ...] = ()
    since: str | None = None
    until: str | None = None
    turns: int = 0

    @property
    def shown(self) -> tuple[str, ...]:
        """Its lines as a model reads them, with who said them."""
        return tuple(map(_shown, self.lines))

    @property
    def text(self) -> str:
        """All of it as a model reads it."""
        return "\n".join(self.shown)

    @property
    def turn_ids(self) -> tuple[str, ...]:
        """The turns that what is left comes from."""
        return tuple(dict.fromkeys(line.turn_id for line in self.lines))


@dataclass(frozen=True, slots=True)
class Stretch:
    """The sentences of a stretch in order, as a model reads them, their places best first, and what its summary says
    of itself."""

    lines: tuple[Line, ...]
    shown: tuple[str, ...]
    order: tuple[int, ...]
    since: str | None
    until: str | None
    turns: int

    def within(self, limit: int, count: Count) -> Summary:
        """Its summary in at most `limit` tokens."""
        room, kept = limit, list[int]()
        for n in self.order:
            cost = count(self.shown[n]) + 1
            if cost <= room:
                kept.append(n)
                room -= cost
        return Summary(tuple(self.lines[n] for n in sorted(kept)), self.since, self.until, self.turns)


def read(before: Summary, newer: Sequence[Line]) -> Stretch:
    """What was summed up `before` and what was said since, ready to be summed up in any room."""
    lines = (*before.lines, *_sentences(newer))
    turns = list(dict.fromkeys(line.turn_id for line in newer))
    since, until = before.since or (turns[0] if turns else None), turns[-1] if turns else before.until
    return Stretch(lines, tuple(map(_shown, lines)), tuple(_by_worth(lines)), since, until, before.turns + len(turns))


def summed_up(before: Summary, newer: Sequence[Line], limit: int, count: Count) -> Summary:
    """The summary of what was summed up `before` and of what was said since, in at most `limit` tokens.

    >>> said = [Line("t1", "learner", "Hi there! I got x = 4. It was fun."), Line("t2", "tutor", "Thanks!")]
    >>> summed_up(Summary(), said, 7, lambda text: len(text.split())).lines
    (Line(turn_id='t1', speaker='learner', text='I got x = 4.'),)
    """
    return read(before, newer).within(limit, count)


def _shown(line: Line) -> str:
    return f"{line.speaker}: {line.text}"


def _sentences(said: Sequence[Line]) -> list[Line]:
    return [
        Line(line.turn_id, line.speaker, piece.text)
        for line in said
        for piece in pieces(line.text)
        if piece.kind != "quote" and len(piece.text) <= _LONGEST and not polite(piece.text)
    ]


_BEARS = 1.5
_FIXED = 40
"""As in compression (`compress.compress`)."""


def _by_worth(lines: Sequence[Line]) -> list[int]:
    """The places of the lines, best first."""
    said = [frozenset(terms(line.text)) for line in lines]
    factors = [(_BEARS if bears(line.text) else 1.0) / (len(line.text) + _FIXED) for line in lines]
    return by_cover(said, factors, idf(said))


def refusal(made: str, extract: Summary, said: Sequence[Line]) -> str | None:
    """Why a summary that a model made of a stretch is not kept, `None` where it may be.

    It must have every number and name that the extract has, and none that was not said. Words with a capital count as
    names but those that may begin any sentence, so that "Practised a lot" is refused where nobody said "practise":
    better one summary too few than a name that nobody had.

    >>> said = [Line("t1", "learner", "Then Ada got 4.")]
    >>> refusal("The learner says that Ada got 5.", summed_up(Summary(), said, 50, len), said)
    'loses 4'
    """
    kept, source = extract.text, "\n".join(_shown(line) for line in said) + "\n" + extract.text
    if lost := sorted(numbers(kept) - numbers(made)):
        return f"loses {', '.join(lost)}"
    if added := sorted(numbers(made) - numbers(source)):
        return f"adds {', '.join(added)}"
    known, there = _words(source), _words(made)
    if gone := sorted({name for line in extract.lines for name in names(line.text) if not _known(name, there)}):
        return f"loses {', '.join(gone)}"
    if new := sorted({name for name in _called(made) if not _known(name, known)}):
        return f"adds {', '.join(new)}"
    return None


_PLAIN = frozenset(
    {
        *("the", "a", "an", "they", "he", "she", "it", "we", "you", "both", "this", "that", "these", "those", "there"),
        *("then", "later", "after", "before", "next", "finally", "also", "when", "while", "since", "so", "and", "but"),
        *("learner", "tutor", "student", "teacher", "in", "at", "on", "with", "for", "by", "to", "from", "of", "as"),
        *("der", "die", "das", "sie", "er", "es", "le", "la", "les", "il", "elle", "el", "los", "las", "ella", "él"),
    }
)
"""Words that may begin any sentence."""

_WORD = re.compile(r"[^\W\d_]+")


def _known(name: str, said: frozenset[str]) -> bool:
    parts = _WORD.findall(name.lower())
    return all(part in said or stem(part) in said for part in parts)


def _words(text: str) -> frozenset[str]:
    found = _WORD.findall(text.lower())
    return frozenset(found) | frozenset(map(stem, found))


def _called(text: str) -> set[str]:
    """What may be a name in a text: any word with a capital but those that may begin any sentence."""
    return {
        word
        for piece in pieces(text)
        for line in piece.text.split("\n")
        for word in _WORD.findall(line)
        if word[0].isupper() and word.lower() not in _PLAIN and word != "I"
    }
