"""Whether a message says that its writer wants to hurt themselves or is in danger: rules, no model, no state.

They are always on, whatever a workspace's setting, and nothing of such a message is scored.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from unicodedata import category, combining, normalize

from app.learner.safety.said import PATTERNS, PLAY, STEMS
from app.vocabulary import Alarm, Danger

_MARKS = str.maketrans(
    {"’": None, "‘": None, "ʼ": None, "'": None, "`": None, "´": None, "ß": "ss", "*": None, "_": " "}
)
_BREAKS = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_SPACES = re.compile(r"[\s,;:()\"“”«»…-]+")
_STOPS = re.compile(r" ?[.!?|][.!?| ]*")
_READ = 4_000
_MOST = 1_200
_STEMS = {language: tuple(stems.split(",")) for language, stems in STEMS.items()}
_PLAYED = re.compile(PLAY)
_ALL_STEMS = tuple({stem for stems in _STEMS.values() for stem in stems})


def danger(message: str) -> Alarm | None:
    """What a learner says of their own safety, and in which language; `None` for the usual message.

    Of a long message its first and last 4,000 characters are read: learners say it at the beginning or at the end,
    pasted text stands between. A line break ends a sentence or stands within one: a text that has some is read both
    ways.

    >>> danger("I want to kill\\nmyself").language
    'en'
    >>> danger("This homework is killing me, how do I kill the process?")
    >>> danger("Mein Vater schlägt mich").kind.value
    'danger'
    """
    text = message if len(message) <= 2 * _READ else f"{message[:_READ]}\n{message[-_READ:]}"
    return next(filter(None, map(_alarm, _suspects(text))), None)


def _suspects(text: str) -> Iterator[str]:
    """The sentences that might say it, 1,200 characters of them from either end."""
    sentences = dict.fromkeys(sentence for gap in ("|", " ") for sentence in plain(_BREAKS.sub(gap, text)).split("|"))
    known = "|".join(sentences)
    stems = [stem for stem in _ALL_STEMS if stem in known]
    found = "|".join(sentence for sentence in sentences if any(stem in sentence for stem in stems))
    ends = (found,) if len(found) <= 2 * _MOST else (found[:_MOST], found[-_MOST:])
    for end in ends:
        yield from end.split("|")


def _alarm(sentence: str) -> Alarm | None:
    for language, kinds in _patterns().items():
        if any(stem in sentence for stem in _STEMS[language]):
            for expression, alarm in kinds:
                if expression.search(sentence) and not (alarm.kind is Danger.DANGER and _PLAYED.search(sentence)):
                    return alarm
    return None


def plain(message: str) -> str:
    """A message as the patterns expect it: lower case, no accents, apostrophes or invisible characters, one space
    between words and `|` between sentences.

    >>> plain("I don’t  want to l\u200bive...J’ai été là")
    'i dont want to live|jai ete la'
    """
    bare = message.translate(_MARKS)
    if not bare.isascii():
        bare = "".join(c for c in normalize("NFKD", bare) if not combining(c) and category(c) != "Cf")
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
