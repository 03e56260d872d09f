"""Puts an answer together: what was found, what is worth recalling, and one question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.providers.offline.findings import Finding
from app.providers.offline.reading import Reading
from app.providers.offline.recall import quotable
from app.providers.offline.wording import SLOTS, Language

_HEAVY = frozenset({"discouraged", "anxious", "frustrated"})
_OPEN = frozenset({"other", "stuck", "confused", "thanks", "greeting"})


@dataclass(frozen=True, slots=True)
class Notes:
    """All that goes into an answer. `turn` counts this tutor's and others' answers before; `rung` hints on the same."""

    reading: Reading
    finding: Finding | None
    recalled: tuple[str, str] | None
    turn: int
    rung: int
    introduced: bool


def compose(notes: Notes) -> str:
    """The answer: sentences, then a line that says who gives it."""
    language = notes.reading.language
    if notes.reading.danger:
        return language.danger
    note = language.short_note if notes.introduced else language.note
    return f"{' '.join(_sentences(notes))}\n\n{note}"


def next_hint(notes: Notes) -> str | None:
    """The hint that would come after that of the answer; `None` where there is none."""
    finding, language = notes.finding, notes.reading.language
    later = language.hints[finding.hint][notes.rung + 1 :] if finding else ()
    return later[0].format(**{**SLOTS, **finding.slots}) if finding and later else None


def _sentences(notes: Notes) -> Iterator[str]:
    language, finding = notes.reading.language, notes.finding
    if notes.reading.feeling:
        yield language.feelings[notes.reading.feeling].reply
    if finding:
        slots = {**SLOTS, **finding.slots}
        hints = language.hints[finding.hint]
        yield language.verdicts[finding.verdict].format(**slots)
        yield hints[min(notes.rung, len(hints) - 1)].format(**slots)
        return
    if notes.recalled:
        reference, quote = notes.recalled
        yield _reference(language, reference).format(quote=_quoted(language, quote))
    questions = language.kinds[_kind(notes.reading)].questions
    yield questions[notes.turn % len(questions)].format(topic=_topic(notes.reading))


def _kind(reading: Reading) -> str:
    """A smaller step for whoever feels low and asks nothing in particular."""
    if reading.feeling in _HEAVY and reading.kind in _OPEN:
        return "small_step"
    return "unclear" if reading.kind == "other" and not reading.terms else reading.kind


def _reference(language: Language, name: str) -> str:
    references = {
        "said_before": language.said_before,
        "told_before": language.told_before,
        "from_material": language.from_material,
        "from_memory": language.from_memory,
    }
    return references[name]


def _quoted(language: Language, text: str) -> str:
    return f"{language.quotes[0]}{text}{language.quotes[1]}"


def _topic(reading: Reading) -> str:
    language = reading.language
    terms: Sequence[str] = [_quoted(language, quotable(term)) for term in reading.terms]
    return f" {language.and_word} ".join(terms) or language.no_topic
