"""A model that falls silent is noticed by the calls that wait for it."""

from app.routing.pulse import LATE, Pulse


def spoken(times: int, took: float) -> Pulse:
    """A model that has answered so often, each time after `took` seconds."""
    pulse = Pulse(limit=8.0)
    for call in range(times):
        pulse.began(-call, call)
        pulse.heard(-call, call + took)
    return pulse


def test_patience_follows_what_was_heard_within_its_bounds() -> None:
    assert Pulse(limit=8.0).patience == 2.0
    assert spoken(50, 0.05).patience == 0.25
    assert 1.0 <= spoken(50, 0.5).patience < 1.1
    assert spoken(50, 7.0).patience == 8.0


def test_several_late_calls_and_no_word_from_any_other_make_it_silent() -> None:
    pulse = spoken(50, 0.05)
    for call in range(LATE):
        pulse.began(call, 100.0)
    assert pulse.late(100.24) == []
    assert pulse.late(100.3) == list(range(LATE))
    assert not pulse.admits(100.31)


def test_fewer_late_calls_are_only_slow_ones() -> None:
    pulse = spoken(50, 0.05)
    for call in range(LATE - 1):
        pulse.began(call, 100.0)
    assert pulse.late(200.0) == []
    assert pulse.admits(200.0)


def test_a_word_heard_meanwhile_says_that_it_is_there() -> None:
    pulse = spoken(50, 0.05)
    for call in range(LATE + 1):
        pulse.began(call, 100.0)
    pulse.heard(LATE, 100.2)
    assert pulse.late(100.3) == []
    assert pulse.late(100.9) == list(range(LATE))


def test_a_silent_model_is_asked_by_one_at_a_time_ever_more_seldom_and_patiently() -> None:
    pulse, now, pauses, patience = spoken(50, 0.05), 100.0, [], []
    for call in range(LATE):
        pulse.began(call, now)
    for call in pulse.late(now := 101.0):
        pulse.ended(call)
    for call in range(100, 108):
        doubted = now
        while not pulse.admits(now):
            now += 0.01
        pauses.append(now - doubted)
        pulse.began(call, now)
        assert not pulse.admits(now)
        asked = now
        while not pulse.late(now):
            now += 0.01
        patience.append(now - asked)
        pulse.ended(call)
    assert [round(pause, 1) for pause in pauses] == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]
    assert [round(wait, 1) for wait in patience] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0]
    pulse.began(200, now := now + 15)
    pulse.heard(200, now + 3)
    assert pulse.admits(now + 3)
    assert pulse.doubts == 0
