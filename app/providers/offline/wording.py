"""What the offline tutor says and listens for, by language: `config/offline.toml`, checked once and frozen."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from app.errors import SettingsError
from app.providers.offline.findings import Verdict
from app.providers.offline.hints import Hint

SLOTS = dict.fromkeys(("problem", "claim", "symbol", "value", "left", "right", "at", "part", "term", "constant"), "")
"""All that can be filled into verdicts and hints; a finding fills those that it has."""

NEEDED_KINDS = frozenset(
    {"check", "confused", "stuck", "compute", "solve", "how", "what", "small_step", "unclear", "other"}
)

_NOT_WORDS = re.compile(r"\W+")


def heard(text: str) -> str:
    """The words of a text in lower case without apostrophes, one space around each.

    >>> heard("I don't get it!")
    ' i dont get it '
    """
    bare = unicodedata.normalize("NFC", text).lower().replace("'", "").replace("’", "")
    return f" {_NOT_WORDS.sub(' ', bare).strip()} "


def _cues(given: object) -> object:
    return tuple(heard(cue) for cue in given.split("/")) if isinstance(given, str) else given


def _words(given: object) -> object:
    return frozenset(given.split()) if isinstance(given, str) else given


def _filled_with(*names: str) -> AfterValidator:
    """Refuses a text with other braces than these."""

    def check(text: str) -> str:
        unknown = {field for _, field, _, _ in Formatter().parse(text) if field is not None} - set(names)
        if unknown:
            raise ValueError(f"{{{min(unknown)}}} cannot be filled in; allowed are {', '.join(names)}")
        return text

    return AfterValidator(check)


def _one_question(text: str) -> str:
    if text.count("?") != 1:
        raise ValueError(f"one question with one question mark is wanted: {text!r}")
    return text


Cues = Annotated[tuple[str, ...], BeforeValidator(_cues)]
Words = Annotated[frozenset[str], BeforeValidator(_words)]
Question = Annotated[str, AfterValidator(_one_question), _filled_with("topic")]
Pointing = Annotated[str, AfterValidator(_one_question), _filled_with(*SLOTS)]
Judgement = Annotated[str, _filled_with(*SLOTS)]
Reference = Annotated[str, _filled_with("quote")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Feeling(_Part):
    """How a learner may feel: what shows it and what is said to it."""

    cues: Cues
    reply: str


class Kind(_Part):
    """A kind of message: what shows it and what is asked back."""

    cues: Cues = ()
    questions: tuple[Question, ...]


class Language(_Part):
    """All that is said and heard in one language. Of feelings and kinds the first one heard counts."""

    names: Cues
    stop_words: Words
    filler: Words
    and_word: str
    no_topic: str
    quotes: tuple[str, str]
    note: str
    short_note: str
    danger: str
    said_before: Reference
    told_before: Reference
    from_material: Reference
    from_memory: Reference
    feelings: dict[str, Feeling]
    kinds: dict[str, Kind]
    verdicts: dict[Verdict, Judgement]
    hints: dict[Hint, tuple[Pointing, ...]]

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> "Language":
        _refuse_missing(NEEDED_KINDS, self.kinds)
        _refuse_missing(Verdict, self.verdicts)
        _refuse_missing(Hint, self.hints)
        return self


def _refuse_missing(wanted: Iterable[str], given: Iterable[str]) -> None:
    missing = sorted(set(wanted) - set(given))
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")


class Wording(_Part):
    """All languages, the first one for whoever writes in none of them, and what is heard in each."""

    material_titles: tuple[str, ...]
    memory_titles: tuple[str, ...]
    danger: Cues
    languages: dict[str, Language]

    @property
    def default(self) -> Language:
        """The first language."""
        return next(iter(self.languages.values()))


def load(path: Path) -> Wording:
    """The wording in a TOML file; `SettingsError` with one line for the first thing that is wrong."""
    try:
        return Wording.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise SettingsError(f"offline tutor: cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"offline tutor: {path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "wording"
        raise SettingsError(f"offline tutor: {path}: {where}: {first['msg']}") from error
