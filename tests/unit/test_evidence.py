"""What a turn may teach us: only a whole answer that one model gave to this very question."""

from dataclasses import replace

import pytest

from app.vocabulary import OFFLINE, State, Turn

WHOLE = Turn("t", "w", "s", "ada", 1, "Hi", "", state=State.COMPLETE, reply="Hello", provider="a")


def test_a_whole_answer_is_evidence() -> None:
    assert WHOLE.evidence


@pytest.mark.parametrize("state", [state for state in State if state is not State.COMPLETE])
def test_what_is_open_broken_off_stopped_or_failed_is_none(state: State) -> None:
    assert not replace(WHOLE, state=state).evidence


def test_what_the_offline_tutor_said_in_a_model_s_place_is_none_nor_what_two_models_said() -> None:
    assert not replace(WHOLE, degraded=True).evidence
    assert not replace(WHOLE, continued=True).evidence


def test_what_the_offline_tutor_said_is_none_also_where_it_was_named_or_no_model_has_a_key() -> None:
    assert not replace(WHOLE, provider=OFFLINE).evidence
    assert not replace(WHOLE, provider=None).evidence


def test_what_was_told_from_the_cache_is_none() -> None:
    assert not replace(WHOLE, cached=True).evidence


@pytest.mark.parametrize(
    ("state", "degraded", "answers", "unanswered"),
    [
        (State.COMPLETE, True, None, True),
        (State.FAILED, False, None, True),
        (State.COMPLETE, False, None, False),
        (State.OPEN, True, None, False),
        (State.INCOMPLETE, False, None, False),
        (State.FAILED, False, "an earlier turn", False),
    ],
)
def test_what_no_model_answered_may_be_asked_again_unless_it_was_so_itself(
    state: State, degraded: bool, answers: str | None, unanswered: bool
) -> None:
    assert replace(WHOLE, state=state, degraded=degraded, answers=answers).unanswered is unanswered
