"""Talks to index, and the counter of tokens that all tests of recall share."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from app.context.recall.index import Index
from app.context.recall.search import Question, search
from app.context.recall.select import Selection, select
from app.context.tokens import Tokens, o200k
from app.vocabulary import Passage

NOW = "2026-06-01T10:00:00Z"
BEGAN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

_WORDS = (
    "fraction slope vertex proof integral matrix prime angle circle triangle vector sine ratio decimal equation root "
    "Paris violin yesterday week exam friend 我喜歡數學 привет مرحبا 🎉 don't x^2"
)
WORDS = tuple(_WORDS.split())


@cache
def tokens() -> Tokens:
    """The counter that the service has; its vocabulary is loaded once."""
    return o200k()


def said(place: int, text: str, session: str = "s1", **other: str) -> Passage:
    """A passage; learner and tutor take turns, sessions named by a number are that many days apart."""
    day = int("".join(c for c in session if c.isdigit()) or 0)
    at = other.get("at") or (BEGAN + timedelta(days=day, minutes=place)).isoformat()
    speaker = other.get("speaker") or ("tutor" if place % 2 else "learner")
    return Passage(f"{session}:{place}", session, place, at, speaker, text, "turn")


def indexed(passages: Sequence[Passage]) -> Index:
    """An index of these."""
    index = Index()
    for passage in passages:
        index.add(passage)
    return index


def recalled(index: Index, text: str, room: int = 300) -> Selection:
    """What is selected for a message."""
    return select(search(index, Question(text, NOW)), room, tokens())


def kept(selection: Selection) -> list[str]:
    """Ids of what was kept, best first."""
    return [pick.id for pick in selection.picks if pick.outcome == "kept"]
