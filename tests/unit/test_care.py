"""For how long a learner who may be in danger is answered with care."""

from dataclasses import replace

from app.care import cared_for
from app.clock import iso
from app.policy import load
from app.settings import CONFIG
from app.vocabulary import Alarm, Danger, Learner, Session, Snapshot

POLICY = load(CONFIG / "policy.toml")
NOW = 1_000_000.0
ALARM = Alarm(Danger.DANGER, "en")
CALM = Snapshot(Session("s", "w", "ada", "", ""), Learner("l", "w", "ada"), (), (), 4, 0, 0)
FLAGGED = replace(CALM, alarmed=(4, iso(NOW)))


def test_who_says_so_now_is_cared_for() -> None:
    assert cared_for(ALARM, CALM, NOW, POLICY)
    assert not cared_for(None, CALM, NOW, POLICY)


def test_the_next_three_messages_are_answered_with_care() -> None:
    told = [cared_for(None, replace(FLAGGED, last_seq=seq), NOW + 60, POLICY) for seq in range(4, 9)]
    assert told == [True, True, True, False, False]


def test_care_ends_after_as_long_as_the_policy_says() -> None:
    assert cared_for(None, FLAGGED, NOW + 119 * 60, POLICY)
    assert not cared_for(None, FLAGGED, NOW + 121 * 60, POLICY)
