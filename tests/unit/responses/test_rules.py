"""Which questions are for the cache, which answers are kept, and how they are written down."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.policy import ResponsesPolicy
from app.responses.kept import MOST_TEXT, packed, unpacked
from app.responses.rules import bypass, worth_keeping
from app.vocabulary import Finish, Outcome, State, Task
from tests.unit.responses.questions import ON, TURN, context

OUTCOMES: tuple[Outcome, ...] = ("kept", "cut", "dropped", "empty")


@pytest.mark.parametrize("task", [Task.EXPLANATION, Task.QUICK_ANSWER, Task.GENERAL])
def test_a_first_question_by_whom_nothing_is_known_of_is_for_the_cache(task: Task) -> None:
    assert bypass(ON, task, context()) is None
    assert bypass(ON, task, context(front_end="kept")) is None


def test_without_a_lifetime_nothing_is() -> None:
    assert bypass(ResponsesPolicy(), Task.EXPLANATION, context()) == "off"


@pytest.mark.parametrize("task", [Task.ASSESSMENT, Task.PRACTICE, Task.EMOTIONAL_SUPPORT, Task.PLANNING])
def test_what_is_personal_or_graded_never_is_and_no_policy_can_make_it_so(task: Task) -> None:
    assert bypass(ON, task, context()) == "task"
    with pytest.raises(ValidationError, match="never answered from the cache"):
        ResponsesPolicy(ttl=1, tasks=frozenset({task}))


@pytest.mark.parametrize("layer", ["profile", "memory", "history", "a layer of tomorrow"])
@pytest.mark.parametrize("outcome", ["kept", "cut", "dropped"])
def test_nothing_is_shared_with_a_learner_of_whom_anything_is_known(layer: str, outcome: Outcome) -> None:
    assert bypass(ON, Task.EXPLANATION, context(**{layer: outcome})) == "personal"


@pytest.mark.parametrize("layer", ["message", "front_end", "instructions"])
@pytest.mark.parametrize("outcome", ["cut", "dropped"])
def test_a_text_that_was_cut_is_not_the_question(layer: str, outcome: Outcome) -> None:
    assert bypass(ON, Task.EXPLANATION, context(**{layer: outcome})) == "cut"


def test_a_whole_answer_of_a_model_is_worth_keeping() -> None:
    assert worth_keeping(TURN)


@pytest.mark.parametrize(
    "changes",
    [
        *({"state": state} for state in State if state is not State.COMPLETE),
        {"finish_reason": Finish.LENGTH},
        {"finish_reason": Finish.CONTENT_FILTER},
        {"finish_reason": None},
        {"degraded": True},
        {"cached": True},
        {"continued": True},
        {"provider": "offline"},
        {"provider": None},
        {"reply": ""},
        {"reply": "x" * (MOST_TEXT + 1)},
    ],
    ids=str,
)
def test_no_other_one_is(changes: dict[str, Any]) -> None:
    assert not worth_keeping(replace(TURN, **changes))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=99))
def test_what_is_kept_comes_back_and_names_nobody(reply: str) -> None:
    data = packed(replace(TURN, reply=reply, learner_id="learner-nobody-knows", session_id="session-of-hers"))
    kept = unpacked(data)
    assert kept is not None
    assert (kept.text, kept.provider, kept.model, kept.created_at) == (reply, "a", "a-1", TURN.created_at)
    assert b"learner-nobody-knows" not in data
    assert b"session-of-hers" not in data


def test_the_largest_answer_comes_back() -> None:
    for character in ("\x01", "\N{SLICE OF PIZZA}"):
        assert unpacked(packed(replace(TURN, reply=character * MOST_TEXT))) is not None


@given(st.binary() | st.text().map(str.encode))
def test_nonsense_is_no_answer(data: bytes) -> None:
    assert unpacked(data) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"text": ""},
        {"text": None},
        {"text": ["a"]},
        {"text": "x" * (MOST_TEXT + 1)},
        {"text": "x" * 10_000_000},
        {"finish": "length"},
        {"provider": 7},
        {"input_tokens": "9"},
        {"learner": "ada"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_an_entry_that_is_not_of_this_version_is_no_answer(changes: dict[str, Any]) -> None:
    kept = unpacked(packed(TURN))
    assert kept is not None
    assert unpacked(json.dumps(asdict(kept)).encode()) == kept
    assert unpacked(json.dumps({**asdict(kept), **changes}).encode()) is None
