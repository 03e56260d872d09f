"""Which arms may be tried now, and what happened to those that may not: the state of the gate of one kind of choice.

The baseline is never suspended, so that there is always something safe to fall back on. Time comes with the situation.
What is known is joined over replicas (`merge`): the latest suspension wins, and to hear the same twice changes nothing.
How often a learner was tried on is known to one replica only and is not kept.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.choices.gate.budget import Budget, Purse
from app.choices.gate.interventions import Intervention, What
from app.choices.gate.level import least
from app.choices.gate.places import Places, neighbours
from app.choices.gate.standing import Rules, Standing, State
from app.choices.port import Options, Outcome, Situation
from app.vocabulary import Choice

_PLACES = 50_000
_LEARNERS = 10_000
_TOLD = 1_000
_HOUR = 3_600.0
"""Seconds in which the same is told once."""

_NEW = Standing()


class Gate:
    """Lets through what may be tried, suspends what fails or hurts, and tells of each intervention."""

    def __init__(self, choice: Choice, rules: Rules | None = None, budget: Budget | None = None) -> None:
        self._choice, self._rules, self._budget = choice, rules or Rules(), budget or Budget()
        self._places, self._groups = Places(_PLACES), Places(_PLACES)
        self._purses: OrderedDict[str, Purse] = OrderedDict()
        self._told: deque[Intervention] = deque(maxlen=_TOLD)
        self._lately: OrderedDict[tuple[str, What], float] = OrderedDict()

    def allowed(self, situation: Situation, options: Options) -> Options:
        """The same options with only those arms that may be tried now: at least one, in the same order."""
        self._note(situation.context, options.baseline)
        arms = options.arms
        if situation.critical:
            arms = self._approved(situation, options)
        banned = self._banned(situation)
        if banned:
            arms = tuple(arm for arm in arms if arm == options.baseline or arm not in banned)
        if not self._budget.may(self._purse(situation), situation.at):
            arms = self._tried(situation, options, arms)
        if arms == options.arms:
            return options
        return replace(options, arms=arms or _fallback(options, banned))

    def chosen(self, situation: Situation, options: Options, arm: str) -> None:
        """Takes a token of the learner's budget where the arm that was chosen is a trial."""
        if self._trial(situation, options, arm):
            self._purses[situation.learner] = self._budget.spent(self._purse(situation), situation.at)
            self._purses.move_to_end(situation.learner)
            if len(self._purses) > _LEARNERS:
                self._purses.popitem(last=False)

    def learn(self, situation: Situation, outcome: Outcome) -> None:
        """Learns what came of an arm: counts it, and suspends the arm where it has to be."""
        if situation.baseline:
            self._note(situation.context, situation.baseline)
        place, gain = self._places.at(situation.context), outcome.value - outcome.usual
        standing = place.arms.get(outcome.arm, _NEW).counted(gain, outcome.weight, situation.at)
        if outcome.arm == place.baseline:
            known = self._places.at(_domain(situation)).arms.get(outcome.arm, _NEW)
            self._places.put(_domain(situation), outcome.arm, known.counted(gain, outcome.weight, situation.at))
        elif standing.state(situation.at) is not State.SUSPENDED:
            standing = self._judged(situation, outcome, standing)
        self._places.put(situation.context, outcome.arm, standing)
        if outcome.harm:
            self._harmed(situation, outcome.arm)

    def forget(self, learner: str | None) -> None:
        """Forgets how often a learner, or each (`None`), was tried on."""
        for own in [learner] if learner is not None else [*self._purses]:
            self._purses.pop(own, None)

    def interventions(self) -> tuple[Intervention, ...]:
        """What was done since this was asked last: the newest thousand."""
        told = tuple(self._told)
        self._told.clear()
        return told

    def suspended(self, at: float) -> Iterator[tuple[str, str, float]]:
        """Each context (or group of neighbours, `*` for the part that does not matter), arm and end of a suspension."""
        for places in (self._places, self._groups):
            for name, place in places:
                yield from ((name, arm, one.until) for arm, one in place.arms.items() if at < one.until)

    def frozen(self) -> Callable[[], dict[str, Any]]:
        """What gives all that is known now as JSON, in a thread if need be."""
        places, groups = self._places.frozen(), self._groups.frozen()
        return lambda: {"places": places(), "groups": groups()}

    def kept(self) -> dict[str, Any]:
        """What is known, as JSON."""
        return self.frozen()()

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Goes on from what was known."""
        self._places, self._groups = Places(_PLACES), Places(_PLACES)
        self.merge(kept)

    def merge(self, kept: Mapping[str, Any]) -> None:
        """Takes over what another one knows; the same twice changes nothing."""
        self._places.join(kept.get("places", []))
        self._groups.join(kept.get("groups", []))

    def _note(self, context: str, baseline: str) -> None:
        if self._places.at(context).baseline != baseline:
            self._places.base(context, baseline)

    def _approved(self, situation: Situation, options: Options) -> tuple[str, ...]:
        arms = tuple(arm for arm in options.arms if arm in options.approved or arm == options.baseline)
        if arms != options.arms:
            self._tell(situation, None, What.CRITICAL, "it is critical here: only approved arms were allowed")
        return arms

    def _tried(self, situation: Situation, options: Options, arms: tuple[str, ...]) -> tuple[str, ...]:
        known = tuple(arm for arm in arms if not self._trial(situation, options, arm))
        if known != arms:
            until = situation.at + self._budget.wait(self._purse(situation), situation.at)
            reason = "the learner's trials of this hour are spent: only what is known here was allowed"
            self._tell(situation, None, What.BUDGET, reason, until=until)
        return known

    def _trial(self, situation: Situation, options: Options, arm: str) -> bool:
        if arm == options.baseline or arm in options.approved:
            return False
        standing = self._places.at(situation.context).arms.get(arm, _NEW)
        return standing.rewards < self._rules.known or standing.probation > 0

    def _purse(self, situation: Situation) -> Purse:
        return self._purses.get(situation.learner) or self._budget.full(situation.at)

    def _banned(self, situation: Situation) -> frozenset[str]:
        found = [self._places.at(situation.context)]
        if self._groups:
            found += [self._groups.at(group) for group in neighbours(situation.context)]
        at = situation.at
        return frozenset(arm for place in found for arm, one in place.arms.items() if at < one.until)

    def _bar(self, situation: Situation, usual: float) -> float | None:
        """What an arm has to bring here, in the terms of a kind of reward that is `usual` so high."""
        place, domain = self._places.at(situation.context), self._places.at(_domain(situation))
        if place.baseline is None:
            return None
        here = place.arms.get(place.baseline, _NEW).level
        around = domain.arms.get(place.baseline, _NEW).level
        gain = least(here, around, situation.at)
        return None if gain is None else self._rules.floor * (usual + gain)

    def _judged(self, situation: Situation, outcome: Outcome, standing: Standing) -> Standing:
        judged = standing.judged(outcome.value, outcome.weight, self._bar(situation, outcome.usual))
        if judged.short(self._rules):
            judged = judged.suspended(situation.at, self._rules)
            reason = f"its rewards fell under {self._rules.floor:.0%} of the baseline's, beyond doubt"
            self._tell(situation, outcome.arm, What.SUSPENDED, reason, until=judged.until)
        elif judged.probation == 0.0 < standing.probation:
            self._tell(situation, outcome.arm, What.COOLED, "it passed its probation")
        return judged

    def _harmed(self, situation: Situation, arm: str) -> None:
        place = self._places.at(situation.context)
        if arm == place.baseline:
            self._tell(situation, arm, What.HARM, "it hurt somebody; it is the baseline and goes on: look at it")
            return
        suspended = place.arms[arm].suspended(situation.at, self._rules)
        self._places.put(situation.context, arm, suspended)
        for group in neighbours(situation.context):
            known = self._groups.at(group).arms.get(arm, _NEW)
            self._groups.put(group, arm, known.kept_away(situation.at, self._rules))
        reason = "it hurt somebody; suspended here and where all is alike but one part of the context"
        self._tell(situation, arm, What.HARM, reason, until=suspended.until)

    def _tell(
        self, situation: Situation, arm: str | None, what: What, reason: str, *, until: float | None = None
    ) -> None:
        """Tells of one intervention; of those that meet each turn alike once an hour."""
        context, at = situation.context, situation.at
        if arm is None:
            before = self._lately.get((context, what))
            if before is not None and at - before < _HOUR:
                return
            self._lately[context, what] = at
            self._lately.move_to_end((context, what))
            if len(self._lately) > _TOLD:
                self._lately.popitem(last=False)
        self._told.append(Intervention(self._choice, context, arm, what, reason, at, until))


def _domain(situation: Situation) -> str:
    """The place of a domain: no context has a blank in its first part's place."""
    return f" {situation.domain}"


def _fallback(options: Options, banned: frozenset[str]) -> tuple[str, ...]:
    """What is used where nothing may: the baseline, or the first that is not suspended, or just the first."""
    if options.baseline in options.arms:
        return (options.baseline,)
    return (next((arm for arm in options.arms if arm not in banned), options.arms[0]),)
