"""Records as the JSON that clients get (API.md), and as OpenAPI describes it."""

from typing import Any

import orjson
from pydantic import BaseModel, Field

from app.vocabulary import Choice, Danger, How, LayerReceipt, Page, Question, Receipt, Session, State, Task, Turn, Wait

X_CACHE: dict[str, Any] = {
    "X-Cache": {
        "description": "What the cache of answers had when the question came. A `miss` may still be answered by a call "
        "that is under way for the same question; the turn's `cached` says so. `bypass`: not a question for the cache.",
        "schema": {"type": "string", "enum": ["hit", "miss", "bypass"]},
    }
}


class UsageOut(BaseModel):
    """Tokens as the provider counted them; null where it did not say."""

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None


class TimingOut(BaseModel):
    """Milliseconds. `overhead_ms` is ours: the total less the waiting for providers."""

    context_ms: float | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    overhead_ms: float | None = None


class SpanOut(BaseModel):
    """Words of the message: its characters from `start` to before `end`."""

    start: int
    end: int
    text: str


class AffectOut(BaseModel):
    """How the learner seems to feel; null where unknown."""

    label: str | None = None
    confidence: float | None = None
    valence: float | None = Field(None, description="How pleasant, -1 to 1.")
    frustration: float | None = Field(None, description="0 to 1, smoothed over the session.")
    because: list[SpanOut] = Field([], description="The words that speak most for the label, strongest first.")


class FeltOut(AffectOut):
    """How a learner seemed to feel at one turn."""

    turn_id: str
    session_id: str
    at: str


class SignalOut(BaseModel):
    """A sign of trouble in what a learner does, and the answers or turns that it is seen in, newest last."""

    name: str = Field(examples=["repeated_errors"])
    evidence: list[str]


class FeelingOut(BaseModel):
    """How a learner seems to feel in this sitting: `frustration`, 0 to 1, is that of the newest message under the
    `strain` of what they do."""

    label: str | None
    frustration: float | None
    strain: float
    signals: list[SignalOut]


class AffectPageOut(BaseModel):
    """How a learner seems to feel now (null where that is not to be read), and seemed at each turn, newest first."""

    now: FeelingOut | None
    data: list[FeltOut]
    next_cursor: str | None


class TraitOut(BaseModel):
    """One trait; everything is null while there is too little to tell."""

    value: float | str | list[str] | None
    interval: tuple[float, float] | None = Field(description="Where the true value is, with 95 %.")
    evidence: list[str] = Field(description="The newest turns and answers that it is told from.")
    trend: float | None = Field(description="How far the recent value is above the whole one.")
    n: int
    corrected: bool
    hidden: bool


class ProfileOut(BaseModel):
    """What a learner is like, by trait."""

    learner_id: str
    traits: dict[str, TraitOut]


class ReadingOut(BaseModel):
    """What was read out of the message."""

    affect: AffectOut
    bloom: str | None = None
    skills: list[str] = []


class AttemptOut(BaseModel):
    """One provider that was asked; `outcome` is `ok` or what went wrong."""

    provider: str
    model: str
    outcome: str
    ms: float
    output_tokens: int | None = None
    cost_usd: float | None = None


class OfferOut(BaseModel):
    """What a learner may take up where no model answered: a `hint` with its text; `ask_later`, which is
    `POST /v1/turns/{id}:ask-later`. More kinds will come; leave out those that you do not know."""

    kind: str = Field(examples=["hint"])
    text: str | None = Field(examples=["What undoes the 5 that stands beside `3x`?"])


class LaterOut(BaseModel):
    """How it stands with a question that is to be asked again; `turn_id` is the turn that answered it."""

    state: Wait
    turn_id: str | None


class DecisionOut(BaseModel):
    """One choice of the turn: out of which arms, in which context, with which probability, by whom and why. `how`:
    `fixed` by the policy's tables, `learned`, by an `experiment`, or `safe` where only approved arms were allowed."""

    choice: Choice
    context: str = Field(examples=["practice/algebra/even/weak"])
    arms: list[str]
    arm: str = Field(examples=["worked_example"])
    propensity: float | None
    how: How
    reason: str
    critical: bool
    experiment: str | None
    under: str | None = Field(description="The pace of exploration that was in force, where there are several.")
    baseline: str | None = Field(description="The safe fallback, also where it could not be chosen at that moment.")
    segment: str = Field(description="Whom the learner is like.", examples=["mastery=weak level=grade 8"])


class TurnOut(BaseModel):
    """One message and its answer. `answers` is the turn whose question this one asked again."""

    id: str = Field(examples=["0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77"])
    session_id: str
    seq: int
    state: State
    message: str
    reply: str
    task: Task
    strategy: str | None
    provider: str | None
    model: str | None
    usage: UsageOut
    timing: TimingOut
    reading: ReadingOut
    safety: Danger | None = Field(description="The learner may be in danger: the answer begins with help lines.")
    attempts: list[AttemptOut]
    degraded: bool
    continued: bool
    cached: bool = Field(description="Told from an answer to the same question; no provider was asked for this turn.")
    offers: list[OfferOut]
    later: LaterOut | None
    answers: str | None
    finish_reason: str | None
    created_at: str
    decisions: list[DecisionOut] = Field(description="What was chosen for it, and how likely that was.")


class SessionOut(BaseModel):
    """A conversation of one learner."""

    id: str
    learner_id: str
    subject: str | None
    goal: str | None
    course_id: str | None
    title: str | None
    created_at: str
    updated_at: str


class ItemOut(BaseModel):
    """What became of one item of a layer; `displaced` would be in its place otherwise."""

    id: str
    outcome: str
    tokens: int
    why: str
    displaced: str | None


class LayerOut(BaseModel):
    """What became of one layer of context, and of the items worth telling about; `room` is the tokens it was given."""

    name: str
    tokens: int
    full_tokens: int
    weight: float
    outcome: str
    why: str
    items: int | None
    full_items: int | None
    first_seq: int | None
    room: int | None
    told: list[ItemOut]


class ExploredOut(BaseModel):
    """A lot about the layers of a context: which one was shrunk to what, with which probability, out of which."""

    layers: list[str]
    propensity: float
    layer: str | None
    factor: float


class ContextOut(BaseModel):
    """What a model gets to read for a message."""

    messages: list[dict[str, str]]
    layers: list[LayerOut]
    tokens: int
    full_tokens: int
    budget: int
    tokenizer: str
    policy: str
    explored: ExploredOut | None
    assembly_ms: float


class ProblemOut(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(examples=["/problems/session-not-found"])
    title: str
    status: int
    detail: str
    instance: str | None
    request_id: str
    errors: list[dict[str, str]]


TURN_FIELDS = tuple(name for name in TurnOut.model_fields if name != "later")
SESSION_FIELDS = tuple(SessionOut.model_fields)


def turn(record: Turn, question: Question | None = None) -> dict[str, Any]:
    """A turn as clients see it, with its `question` where that is to be asked again."""
    seen = {name: getattr(record, name) for name in TURN_FIELDS}
    seen["later"] = {"state": question.state, "turn_id": question.answered_by} if question else None
    return seen


def session(record: Session) -> dict[str, Any]:
    """A session as clients see it."""
    return {name: getattr(record, name) for name in SESSION_FIELDS}


def receipt(record: Receipt) -> dict[str, Any]:
    """A receipt as clients see it; layers that had nothing to say are listed last."""
    names = ("tokens", "full_tokens", "budget", "tokenizer", "policy", "explored", "memory")
    seen = {name: getattr(record, name) for name in names}
    empty = [LayerReceipt(name, 0, 0, 0.0, "empty", "nothing to say yet", 0, 0) for name in record.empty]
    return {"layers": [*record.layers, *empty], **seen}


def page(records: Page[Any], shape: Any) -> bytes:
    """A list as clients see it."""
    return orjson.dumps({"data": [shape(r) for r in records.data], "next_cursor": records.next_cursor})
