"""Whether a message says that its writer wants to hurt themselves or is in danger: rules, no model, no state.

They are always on, whatever a workspace's setting, and nothing of such a message is scored.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from unicodedata import combining, normalize

from app.learner.safety.said import PATTERNS, STEMS
from app.vocabulary import Alarm

_MARKS = str.maketrans({"’": None, "'": None, "`": None, "´": None, "ß": "ss", "\n": ".", "*": None, "_": " "})
_SPACES = re.compile(r"[\s,;:()\"“”«»…-]+")
_STOPS = re.compile(r" ?[.!?|][.!?| ]*")
_MOST = 2_000
_STEMS = {language: tuple(stems.split(",")) for language, stems in STEMS.items()}
_ALL_STEMS = tuple({stem for stems in _STEMS.values() for stem in stems})


def danger(message: str) -> Alarm | None:
    """What a learner says of their own safety, and in which language; `None` for the usual message.

    >>> danger("I want to kill myself").language
    'en'
    >>> danger("This homework is killing me, how do I kill the process?")
    >>> danger("Mein Vater schlägt mich").kind.value
    'danger'
    """
    return next(filter(None, map(_alarm, _sentences(plain(message)))), None)


def _sentences(text: str) -> Iterator[str]:
    """The sentences that might say it, 2,000 characters of them from either end: learners say it at the beginning or at
    the end, pasted text stands between."""
    found = [sentence for sentence in text.split("|") if any(stem in sentence for stem in _ALL_STEMS)]
    if sum(map(len, found)) <= 2 * _MOST:
        yield from found
        return
    for some in (found, found[::-1]):
        left = _MOST
        for sentence in some:
            yield sentence[:left]
            left -= len(sentence)
            if left <= 0:
                break


def _alarm(sentence: str) -> Alarm | None:
    for language, kinds in _patterns().items():
        if any(stem in sentence for stem in _STEMS[language]):
            for expression, alarm in kinds:
                if expression.search(sentence):
                    return alarm
    return None


def plain(message: str) -> str:
    """A message as the patterns expect it: lower case, no accents, no apostrophes, one space between words and `|`
    between sentences.

    >>> plain("I don’t  want to live...\\nJ’ai été là")
    'i dont want to live|jai ete la'
    """
    bare = message.translate(_MARKS)
    if not bare.isascii():
        bare = "".join(c for c in normalize("NFKD", bare) if not combining(c))
    return _STOPS.sub("|", _SPACES.sub(" ", bare.lower())).strip()


@cache
def _patterns() -> Mapping[str, Sequence[tuple[re.Pattern[str], Alarm]]]:
    """By language, one expression for each kind; compiled when the first message comes."""
    return {
        language: [
            (re.compile("|".join(map("(?:{})".format, said))), Alarm(kind, language)) for kind, said in kinds.items()
        ]
        for language, kinds in PATTERNS.items()
    }
