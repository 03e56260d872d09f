"""What a learner does tells of trouble, with the answers and turns that it is seen in."""

from app.learner.affect.behaviour import Behaviour, Sent, Signal, signals, strain
from app.learner.doings import Tried
from app.vocabulary import Affect


def after(*events: Tried | Sent) -> Behaviour:
    """Tries without a time are a minute apart, up to now."""
    tries = [one for one in events if isinstance(one, Tried)]
    tries = [t if t.at is not None else t._replace(at=60.0 * (n + 1 - len(tries))) for n, t in enumerate(tries)]
    return Behaviour(tuple(tries), tuple(one for one in events if isinstance(one, Sent)))


def seen(behaviour: Behaviour) -> tuple[Signal, ...]:
    times = [one.at or 0.0 for one in behaviour.tries] + [one.at for one in behaviour.messages]
    return signals(behaviour, max(times, default=0.0))


def names(behaviour: Behaviour) -> list[str]:
    return [signal.name for signal in seen(behaviour)]


def test_nothing_is_seen_in_a_learner_who_gets_on() -> None:
    calm = after(*(Tried(str(n), "sums", n % 3 > 0, seconds=20.0, at=60.0 * n) for n in range(12)))
    assert seen(calm) == ()
    assert strain(()) == 0.0


def test_errors_in_a_row_count_within_a_skill_until_one_is_right() -> None:
    wrong = [Tried(str(n), "sums", False) for n in range(3)]
    between = Tried("x", "words", True)
    assert names(after(wrong[0], wrong[1], between, wrong[2])) == ["repeated_errors"]
    assert names(after(wrong[0], wrong[1], Tried("y", "sums", True), wrong[2])) == []


def test_hints_taken_faster_than_they_can_be_read_are_a_rush() -> None:
    rushed = after(*(Tried(str(n), f"s{n}", True, hints=3, seconds=12.0) for n in range(2)))
    read = after(*(Tried(str(n), f"s{n}", True, hints=3, seconds=90.0) for n in range(2)))
    assert (names(rushed), names(read)) == (["hint_rush"], [])


def test_wrong_answers_that_come_too_fast_are_guesses() -> None:
    slow = [Tried(f"a{n}", f"s{n}", True, seconds=40.0) for n in range(4)]
    guesses = [Tried(f"b{n}", f"t{n}", False, seconds=6.0) for n in range(2)]
    assert seen(after(*slow, *guesses)) == (Signal("very_fast", ("b0", "b1")),)
    assert names(after(*slow, *(one._replace(correct=True) for one in guesses))) == []


def test_three_messages_of_a_word_or_two_are_short() -> None:
    assert names(after(*(Sent(str(n), 1, 10.0 * n) for n in range(3)))) == ["very_short"]
    assert names(after(Sent("0", 1, 0), Sent("1", 9, 10), Sent("2", 2, 20))) == []


def test_a_gap_is_long_only_within_one_sitting() -> None:
    for gap, found in ((60.0, []), (600.0, ["long_gap"]), (86_400.0, [])):
        assert names(after(Tried("a", "s", True, at=0.0), Sent("b", 9, gap))) == found


def test_what_was_done_before_this_sitting_is_no_sign_any_more() -> None:
    wrong = [Tried(str(n), "sums", False, at=60.0 * n) for n in range(3)]
    assert [one.name for one in signals(after(*wrong), 1_000.0)] == ["repeated_errors"]
    assert signals(after(*wrong), 3_000.0) == ()
    assert names(after(*wrong[:2], wrong[2]._replace(at=9_000.0))) == []


def test_a_strain_adds_to_frustration_as_a_reason_of_its_own() -> None:
    assert Affect(frustration=0.5).strained(0.5).frustration == 0.75
    assert Affect(label="joy").strained(0.4) == Affect(label="joy", frustration=0.4)
    assert Affect().strained(0.0) == Affect()
