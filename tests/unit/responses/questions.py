"""Questions and turns that the tests of the response cache ask about."""

from dataclasses import replace
from typing import Any

from app.policy import ResponsesPolicy
from app.responses.key import ResponseKey
from app.responses.responses import Lookup
from app.vocabulary import Finish, LayerReceipt, Message, Outcome, Receipt, State, Task, Turn, Usage
from tests.fakes import entry

ON = ResponsesPolicy(ttl=60)

KEY = ResponseKey(
    workspace="school",
    policy="1",
    task=Task.EXPLANATION,
    hint_level=None,
    mastery_band=None,
    language=None,
    material=None,
    models=(entry("a"), entry("b")),
    messages=(Message("system", "You are a tutor."), Message("user", "Why is 3 + 4 = 7?")),
    max_tokens=100,
    temperature=0.4,
)

TURN = Turn(
    id="1",
    workspace="school",
    session_id="s",
    learner_id="ada",
    seq=1,
    message="Why is 3 + 4 = 7?",
    created_at="2026-11-21T06:50:33.123456Z",
    state=State.COMPLETE,
    reply="What do you know already?",
    task=Task.EXPLANATION,
    provider="a",
    model="a-1",
    finish_reason=Finish.STOP,
    usage=Usage(100, 20, 5, 0.001),
)


def context(**outcomes: Outcome) -> Receipt:
    """The receipt of a first message by a learner whom nothing is known of, but for these layers."""
    layers: dict[str, Outcome] = {"instructions": "kept", "profile": "empty", "memory": "empty", "history": "empty"}
    told = {**layers, "message": "kept", **outcomes}
    made = tuple(LayerReceipt(name, 1, 1, 1.0, outcome, "") for name, outcome in told.items())
    return Receipt(2_048, 9, 9, "o200k", "1", made)


def lookup(streamed: bool = True, rules: ResponsesPolicy = ON, **parts: Any) -> Lookup:
    """What the cache is asked, by a key that differs from `KEY` in these parts."""
    return Lookup(replace(KEY, **parts), rules, context(), streamed)
