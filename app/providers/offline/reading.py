"""What a learner's message says, as far as rules can tell: its language, kind, feeling and topic."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.providers.offline.wording import Language, Wording, heard

_END = 2_000
"""Characters that are read at each end of a message."""
_SHORTEST_TERM = 3
_LONGEST_TERM = 40
_LONGEST_NAME = 3
_MOST_TERMS = 2
_CERTAIN = 2
"""Words of a language that settle which one it is; a message of few words needs one."""
_FEW_WORDS = 4

_WORD = re.compile(r"(?<![^\W\d_])(?:(?<=['’])|(?![^\W\d_]{1,2}['’]))[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as it was understood; `terms` are its own words for its topic."""

    language: Language
    kind: str
    feeling: str | None
    danger: bool
    terms: tuple[str, ...]


def ends(text: str) -> str:
    """What is read of a text: all of it, or both ends of a long one."""
    return text if len(text) <= 2 * _END else f"{text[:_END]}\n{text[-_END:]}"


def read(message: str, earlier: Sequence[str], preferred: str | None, wording: Wording) -> Reading:
    """A message in the light of what its learner said before, newest last, and of the language they prefer."""
    text = ends(message)
    sounds = heard(text)
    language = _spoken(sounds, wording) or _preferred(preferred, wording)
    language = language or _spoken(heard(" ".join(earlier[-3:])[-_END:]), wording) or wording.default
    return Reading(
        language=language,
        kind=next((name for name, kind in language.kinds.items() if _any(kind.cues, sounds)), "other"),
        feeling=next((name for name, feeling in language.feelings.items() if _any(feeling.cues, sounds)), None),
        danger=_any(wording.danger, sounds),
        terms=_terms(text, language),
    )


def _any(cues: Sequence[str], sounds: str) -> bool:
    return any(cue in sounds for cue in cues)


def _spoken(sounds: str, wording: Wording) -> Language | None:
    """The language most of whose common words were heard, `None` where that is not clear."""
    said = sounds.split()
    words = set(said)
    found = sorted(
        ((len(words & language.stop_words), name) for name, language in wording.languages.items()), reverse=True
    )
    (most, name), (next_most, _) = found[0], found[1]
    clear = most >= _CERTAIN or (most == 1 and len(said) <= _FEW_WORDS)
    return wording.languages[name] if clear and most > next_most else None


def _preferred(name: str | None, wording: Wording) -> Language | None:
    wanted = heard(name or "")
    return next((language for language in wording.languages.values() if wanted in language.names), None)


def _terms(text: str, language: Language) -> tuple[str, ...]:
    """The words that say what a message is about: its longest, in the order in which they stand."""
    phrases: list[str] = []
    end = -1
    for start, word in words(text):
        if phrases and start == end + 1 and text[end] == " " and _continues(phrases[-1], word, language):
            phrases[-1] += f" {word}"
        elif is_term(word, language):
            phrases.append(word)
        else:
            continue
        end = start + len(word)
    longest = sorted({phrase.lower(): phrase for phrase in reversed(phrases)}.values(), key=len)[-_MOST_TERMS:]
    return tuple(sorted(longest, key=phrases.index))


def words(text: str) -> Iterator[tuple[int, str]]:
    """The words of a text and where they start, without what is elided before them: `l'eau` is `eau`.

    >>> list(words("L'eau? Don't!"))
    [(2, 'eau'), (7, "Don't")]
    """
    for found in _WORD.finditer(text):
        yield found.start(), found.group()


def is_term(word: str, language: Language) -> bool:
    """Whether a word says what a message is about."""
    if not _SHORTEST_TERM <= len(word) <= _LONGEST_TERM:
        return False
    small = word.lower().replace("'", "").replace("’", "")
    return small not in language.stop_words and small not in language.filler


def _continues(phrase: str, word: str, language: Language) -> bool:
    """Whether a word belongs to the name before it: World War II."""
    named = phrase[0].isupper() and word[0].isupper() and phrase.count(" ") < _LONGEST_NAME - 1
    return named and (is_term(word, language) or (word.isupper() and len(word) > 1))
