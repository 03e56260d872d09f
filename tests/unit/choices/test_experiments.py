"""Experiments as rules: who is in which arm, what is refused, what counts, what follows."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from app.choices.experiments.admit import Known, slots
from app.choices.experiments.assign import assigned
from app.choices.experiments.guardrails import breached
from app.choices.experiments.outcome import Log, participant
from app.choices.experiments.results import results
from app.choices.experiments.rule import concluded
from app.clock import iso
from app.errors import Invalid
from app.vocabulary import Choice, Design, Eligible, Guardrails, Participant, Share, Source, State, Task
from tests.unit.choices.trial import HOUR, KNOWN, NOW, draft, experiment, facts, member, reward, turn

LEARNERS = [f"learner {n}" for n in range(20_000)]
LATE = iso(NOW + 1e6)
WEIGHTS = {Source.FEEDBACK: 0.2, Source.REVIEW: 0.3, Source.FINISHED: 0.1}


def test_lots_are_dealt_as_drawn_and_the_next_experiment_mixes_them_anew() -> None:
    quarter = experiment(arms=(Share("guided", 0.75), Share("hints", 0.25)), slots=((0.1, 0.5),))
    first = {one: assigned([quarter], facts(one)) for one in LEARNERS}
    arms = Counter(found.arm for found in first.values() if found)
    assert arms.total() == pytest.approx(8_000, rel=0.05)
    assert arms["hints"] / arms.total() == pytest.approx(0.25, abs=0.02)
    assert {(found.arm, found.propensity) for found in first.values() if found} == {("guided", 0.75), ("hints", 0.25)}
    second = {one: assigned([replace(quarter, id="e2")], facts(one)) for one in LEARNERS}
    both = [(a.arm, b.arm) for a, b in zip(first.values(), second.values(), strict=True) if a and b]
    assert Counter(both)["hints", "hints"] / len(both) == pytest.approx(1 / 16, abs=0.01)


def test_nobody_is_in_two_experiments_on_one_choice_and_a_critical_turn_is_in_none() -> None:
    one = experiment(name="one", slots=slots(draft(name="one", traffic=0.4), [], KNOWN))
    two = experiment(id="e2", name="two", slots=slots(draft(name="two", traffic=0.6), [one], KNOWN))
    for name in LEARNERS[:2_000]:
        apart = [assigned([each], facts(name)) for each in (one, two)]
        assert sum(found is not None for found in apart) == 1
        assert assigned([one, two], facts(name, critical=True)) is None
        # One arm may not be chosen now: nobody is in it, whichever their arm is.
        assert assigned([one, two], facts(name, arms=frozenset({"guided", "brief"}))) is None
    with pytest.raises(Invalid, match="traffic: 100% of learners are in one, two already"):
        slots(draft(traffic=0.01), [one, two], KNOWN)
    assert slots(draft(eligible=Eligible((Task.GENERAL,))), [replace(one, eligible=Eligible((Task.PRACTICE,)))], KNOWN)


def test_what_cannot_be_tried_is_refused_field_by_field() -> None:
    wrong = draft(arms=(Share("guided", 0.5), Share("shouting", 0.6)), control="hints")
    with pytest.raises(Invalid) as refused:
        slots(wrong, [], KNOWN)
    assert [one.field for one in refused.value.errors] == ["arms.1.arm", "arms", "control"]
    assert "there is no strategy 'shouting' to try here; there is brief, guided, hints" in str(refused.value)
    with pytest.raises(Invalid, match="control: must be what learners get without"):
        slots(draft(control="hints"), [], KNOWN)
    with pytest.raises(Invalid, match=r"eligible.tasks: not all arms may be tried for planning"):
        slots(draft(eligible=Eligible((Task.PLANNING, Task.PRACTICE))), [], KNOWN)
    apart = Known(lambda choice, task: [{"guided", "guided/b"}, {"hints", "hints/b"}], KNOWN.safe)
    with pytest.raises(Invalid, match="there is no task with turns in which all arms may be tried"):
        slots(draft(), [], apart)
    with pytest.raises(Invalid, match="unit"):
        slots(draft(unit="class", traffic=0.1), [experiment(slots=((0.0, 0.1),))], KNOWN)


def test_what_came_of_a_learner_is_final_when_their_time_is_over_and_counts_no_fallback() -> None:
    trial = experiment(design=Design(hours=24))
    fallen = turn(2, NOW + HOUR, degraded=True)
    turns = [turn(1, NOW), fallen, turn(3, NOW + 2 * HOUR), turn(4, NOW + 25 * HOUR)]
    rewards = [
        reward(0, 0.9, NOW - HOUR),
        reward(1, 1.0, NOW + 1),
        reward(1, 1.0, NOW + 1, Source.FINISHED),
        replace(reward(2, 0.0, NOW + HOUR, Source.HARM), credits=()),
        reward(3, 0.0, NOW + 3 * HOUR),
        reward(3, 1.0, NOW + 3 * HOUR, Source.FINISHED),
        reward(4, 0.0, NOW + 26 * HOUR),
    ]
    found = participant(trial, Log(turns, rewards, WEIGHTS))
    assert found is not None
    assert (found.turns, found.fallen, found.prior, found.harmed) == (2, 1, 0.9, False)
    # Feedback was 1 and 0, each turn was finished: (0.2 · 0.5 + 0.1 · 1) / 0.3, however often which was told.
    assert found.value == pytest.approx(2 / 3)
    late = reward(1, 0.0, NOW + 30 * HOUR, Source.REVIEW)
    assert participant(trial, Log(turns, [*rewards, late], WEIGHTS)) == found
    left = turn(3, NOW + 2 * HOUR, state=State.CANCELLED)
    gone = participant(trial, Log([turns[0], left], [reward(3, 0.0, NOW + 2 * HOUR, Source.HARM)], WEIGHTS))
    assert gone is not None
    assert (gone.turns, gone.fallen, gone.harmed) == (2, 0, True)
    other = turn(1, NOW, provider="another")
    model = replace(turn(1, NOW).decisions[0], choice=Choice.MODEL, arm="openai/m")
    by_model = [replace(one, decisions=(model,)) for one in (turns[0], other)]
    counted = participant(trial, Log(by_model, [], WEIGHTS))
    assert counted is not None
    assert (counted.turns, counted.fallen) == (1, 1)


def school(gain: float, n: int = 3_000) -> list[Participant]:
    """Learners whose outcome follows from what was known of them, and from hints by `gain`."""
    rng = np.random.default_rng(7)
    made = []
    for k in range(n):
        arm, able = ("hints", "guided")[int(rng.random() < 0.5)], rng.random()
        right = float(rng.random() < 0.2 + 0.5 * able + gain * (arm == "hints"))
        made.append(member(k, arm, right, prior=float(able), mastery="weak" if able < 0.5 else "strong"))
    return made


def test_an_arm_that_helps_is_adopted_and_one_that_does_nothing_is_not() -> None:
    trial = experiment()
    better = results(trial, school(0.1), LATE)
    (found,) = better.contrasts
    assert found.compared is not None
    assert found.compared.low < 0.1 < found.compared.high
    assert found.compared.explained > 0.05
    assert {one.segment for one in better.segments} == {"weak", "strong"}
    assert (concluded(trial, better).then, concluded(trial, better).arm) == ("adopt", "hints")
    same = concluded(trial, results(trial, school(0.0), LATE))
    assert same.then in ("keep", "wait")
    early = results(trial, school(0.1), iso(NOW))
    assert early.arms[0].waiting == early.arms[0].learners
    assert concluded(trial, early).then == "wait"


def test_lots_that_were_not_dealt_as_drawn_adopt_nothing() -> None:
    lost = [one for n, one in enumerate(school(0.1)) if one.arm == "guided" or n % 4]
    assert concluded(experiment(), results(experiment(), lost, LATE)).then == "rerun"


def test_a_class_counts_once_and_only_when_all_of_it_was_measured() -> None:
    trial = experiment(unit="class")
    pupils = [replace(member(n, "hints", n % 2, unit=f"class {n // 30}")) for n in range(90)]
    found = results(trial, pupils, LATE)
    assert found.contrasts[0].measured == (3, 0)
    assert found.dealt.evidence < 3


def test_guardrails_stop_an_arm_that_harms_pays_less_or_takes_longer() -> None:
    trial = experiment(guardrails=Guardrails(harm=True, reward=0.95, latency=1.5, cost=2.0))
    fine = [member(n, ("hints", "guided")[n % 2], 0.7, ms=1_000.0 + n, cost_usd=0.001) for n in range(400)]
    assert breached(trial, fine, LATE) is None
    harmful = [replace(one, harmed=one.arm == "hints" and n < 10) for n, one in enumerate(fine)]
    assert breached(trial, harmful[:12], LATE) == "hints harmed 5 learners, guided 0"
    even = [replace(one, harmed=n < 40) for n, one in enumerate(fine)]
    assert breached(trial, even, LATE) is None
    worse = [replace(one, value=0.5) if one.arm == "hints" else one for one in fine]
    assert breached(trial, worse, LATE) == "hints earns less than 95% of the reward of guided"
    slow = [replace(one, ms=one.ms and one.ms * 2) if one.arm == "hints" else one for one in fine]
    assert "1.5 times the time" in (breached(trial, slow, iso(NOW)) or "")
    dear = [replace(one, cost_usd=0.01) if one.arm == "hints" else one for one in fine]
    assert "2 times what guided does" in (breached(trial, dear, iso(NOW)) or "")
