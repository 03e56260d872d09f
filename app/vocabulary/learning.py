"""Graded answers as they are kept, and what was told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.vocabulary.graded import Answer
from app.vocabulary.keeping import SCHEMA


class Estimate(NamedTuple):
    """What was told of one answer: the chance of success predicted before it, mastery of its skill and the standard
    deviation of that after it."""

    predicted: float
    mastery: float
    uncertainty: float


@dataclass(frozen=True)
class Sheet:
    """The answers of one call, in order: the truth that a learner's state is derived from.

    `seq` numbers a learner's sheets from 1 without a gap. `first_at` and `until` are the oldest and the newest time of
    an answer in it (ISO 8601 UTC; the latter is unique, its sequence number follows it). `lessons` are what the answers
    were met with (`learner.knowledge`), `told` what was told of each: with them, deriving again gives the same state.
    `adds` is what the answers add to the workspace's counts, and `pending` is set until these have it. `rows` says for
    each row of the call which answer it became, `None` for one that had been counted before; `ids` the front end's own
    name for an answer and `noted` what was odd about it, both by its place as text. `digest` is the hash of the body
    that an idempotency key was used with.
    """

    id: str
    workspace: str
    learner_id: str
    seq: int
    created_at: str
    first_at: str
    until: str
    answers: Sequence[Answer]
    lessons: Sequence[tuple[float, tuple[int, int]]]
    told: Sequence[Estimate]
    rows: Sequence[int | None]
    adds: Mapping[str, Any] = field(default_factory=dict)
    ids: Mapping[str, str] = field(default_factory=dict)
    noted: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pending: str | None = "yes"
    idempotency_key: str | None = None
    digest: str | None = None
    schema: int = SCHEMA
