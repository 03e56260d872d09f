"""Finds what is worth quoting: from the material in the prompt and from earlier in the conversation."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.providers.offline.reading import is_term, words
from app.providers.offline.wording import Language, Wording
from app.vocabulary import Message

_MOST_MATERIAL = 12_000
_MOST_MESSAGES = 20
_MOST_OF_A_MESSAGE = 600
_LONGEST_QUOTE = 160
_STEM = 6
"""Letters by which two forms of a word are taken for the same: differ, different, difference."""
_TELLING = 7
"""Letters of a word that is telling enough to be shared alone."""

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_DATE = re.compile(r"^- \d{4}-\d{2}-\d{2}: ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """Where something can be quoted from: the name of its reference in the wording, and the text."""

    reference: str
    text: str


def recall(message: str, sources: Iterable[Source], language: Language) -> tuple[str, str] | None:
    """The reference and the sentence that shares most words with a message; `None` where none shares enough."""
    wanted = _stems(message, language)
    best: tuple[int, str, str] | None = None
    for source in sources:
        for sentence in _SENTENCE.findall(source.text):
            shared = wanted & _stems(sentence, language)
            if _enough(shared) and (best is None or len(shared) > best[0]) and sentence.strip() != message.strip():
                best = len(shared), source.reference, sentence
    return (best[1], quotable(best[2])) if best else None


def _enough(shared: set[str]) -> bool:
    return len(shared) > 1 or any(len(stem) > _STEM for stem in shared)


def _stems(text: str, language: Language) -> set[str]:
    """The words of a text by their first letters; a seventh one marks those that are telling."""
    terms = (word.lower() for _, word in words(text) if is_term(word, language))
    return {term[:_STEM] + ("…" if len(term) >= _TELLING else "") for term in terms}


def quotable(text: str) -> str:
    """A text in one short line without anything invisible.

    >>> quotable(" - Water\\tmoves\\u202e ")
    'Water moves'
    """
    line = "".join(c for c in " ".join(text.split()) if c.isprintable()).lstrip("-*#> ")
    if len(line) <= _LONGEST_QUOTE:
        return line.rstrip(".")
    return f"{line[:_LONGEST_QUOTE].rsplit(' ', 1)[0]} …"


def material(messages: Sequence[Message], wording: Wording) -> list[Source]:
    """Course material, then earlier sessions, from system messages and notes: what stands under a title known for it.

    Instructions are never quoted, nor is what is known about the learner.
    """
    text = "\n\n".join(message.text if message.role == "system" else message.notes for message in messages)
    # In alphabetical order material comes before memory.
    return sorted(_sections(text[:_MOST_MATERIAL], wording), key=lambda source: source.reference)


def _sections(text: str, wording: Wording) -> Iterator[Source]:
    """The quotable sections of a system message: a block that starts with a line ending in a colon begins one."""
    reference: str | None = None
    for block in text.split("\n\n"):
        title, _, body = block.strip().partition("\n")
        if title.endswith(":"):
            reference = _reference(title, wording)
        if reference:
            yield Source(reference, _DATE.sub("", body if title.endswith(":") else block))


def _reference(title: str, wording: Wording) -> str | None:
    if title.startswith(wording.material_titles):
        return "from_material"
    return "from_memory" if title.startswith(wording.memory_titles) else None


def conversation(earlier: Sequence[Message], own_words: Sequence[str]) -> Iterator[Source]:
    """What was said before, newest first; answers of this tutor (they carry `own_words`) say nothing new."""
    for message in reversed(earlier[-_MOST_MESSAGES:]):
        if message.role == "user":
            yield Source("said_before", message.words[:_MOST_OF_A_MESSAGE])
        elif message.role == "assistant" and not any(words in message.text for words in own_words):
            yield Source("told_before", message.text[:_MOST_OF_A_MESSAGE])
