"""The choices of a turn: by the policy's tables, or by what was learned from rewards. All of it in memory."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from numpy.random import Generator

from app.choices.gate.interventions import Intervention
from app.choices.port import Chosen, Options, Situation
from app.choices.sharing import Pool
from app.choosing.case import Case
from app.choosing.experience import ROWS, Experience, Make, Row
from app.choosing.made import Made
from app.choosing.names import Names
from app.policy import Policy
from app.vocabulary import Choice, Credit, Decision, How, Mode, Reward

log = logging.getLogger("masterx.choosing")

Features = Callable[[str, str], tuple[str, tuple[float, ...]]]
"""The domain of a context, and what describes it and a learner's segment in numbers."""


class Lot(NamedTuple):
    """The arm that an experiment gives a turn, and how likely that was."""

    experiment: str
    arm: str
    propensity: float


Lots = Callable[[Case, Choice, frozenset[str]], Lot | None]
"""The lot of a turn, by an arm among these that may be chosen now; `None` where it is in no experiment."""


def no_lots(case: Case, choice: Choice, arms: frozenset[str]) -> Lot | None:
    """Where there are no experiments."""
    return None


_LATELY = 0.02
"""Weight of a decision in the shares of late."""

_LEARNED_MODES = (Mode.ADAPTIVE, Mode.QUALITY)


@dataclass(frozen=True, slots=True)
class Parts:
    """What choices are made with: the policy, who makes a policy of choice, what describes a turn, what learners are
    known by, chance, and who knows of experiments."""

    policy: Policy
    make: Make
    features: Features
    names: Names
    rng: Generator
    lots: Lots = no_lots


class _Ruling(NamedTuple):
    how: How
    chosen: Chosen
    experiment: str | None = None


class Choosing:
    """Makes choices, and learns from rewards."""

    def __init__(self, parts: Parts) -> None:
        self._p, self._workspaces = parts, dict[str, Experience]()
        self._shares = dict[str, dict[Row, float]]()
        self._told = list[tuple[str, Intervention]]()
        self._shared: Mapping[Row, float] = {}
        self.made = Counter[tuple[str, str]]()
        """Decisions by choice and who made them."""

    def begin(self, case: Case) -> Made:
        """The strategy of a turn, its variant and the profile; who is asked first follows when its prompt is there."""
        policy = self._p.policy.choices
        made = Made(case, self._decide, policy.approved, case.strategy)
        if case.cared:
            return made
        strategies = policy.strategies.get(case.task, (case.strategy,))
        made.strategy = made.choose(Choice.STRATEGY, self._options(strategies, case.strategy))
        variants = policy.variants_of(made.strategy)
        made.variant = made.choose(Choice.VARIANT, self._options(variants, variants[0])).rpartition("/")[2]
        profiles = policy.profiles_of(case.task)
        made.profile = made.choose(Choice.PROFILE, self._options(profiles, profiles[0]))
        return made

    def experience(self, workspace: str) -> Experience:
        """What a workspace has learned."""
        if (found := self._workspaces.get(workspace)) is None:
            found = self._workspaces[workspace] = self.fresh()
        return found

    def fresh(self) -> Experience:
        """What a workspace begins with, of none."""
        return Experience(self._p.make, self._p.policy.choices.rewards, self._p.names.deployment)

    def take(self, workspace: str, experience: Experience) -> None:
        """Goes on from this in the place of what a workspace has learned."""
        self._workspaces[workspace] = experience

    async def share(self) -> None:
        """Pools anew what workspaces that allow it were told of their arms; one at a time, others being served between
        them."""
        pool = Pool[Row]()
        for workspace, experience in [*self._workspaces.items()]:
            if self._p.policy.shares(workspace):
                for row, mean in experience.rows.items():
                    pool.add(row, mean.weight, mean.total)
                await asyncio.sleep(0)
        self._shared = pool.gains()

    def _start(self, case: Case, choice: Choice, options: Options) -> Options:
        """Options whose priors say also what other workspaces were told of the arms, where this one takes part."""
        if not (self._shared and self._p.policy.shares(case.workspace)):
            return options
        gains = {arm: self._shared.get(Row(choice, case.task.value, arm), 0.0) for arm in options.arms}
        priors = {arm: min(max(options.priors.get(arm, 0.5) + gain, 0.0), 1.0) for arm, gain in gains.items()}
        return replace(options, priors=priors)

    @property
    def workspaces(self) -> Mapping[str, Experience]:
        """What is learned, by workspace."""
        return self._workspaces

    def stirred(self, workspace: str) -> bool:
        """Whether anybody ever told in a workspace how a turn went."""
        found = self._workspaces.get(workspace)
        return found is not None and found.stirred

    def lately(self, workspace: str) -> Mapping[Row, float]:
        """In which share of the last fifty or so decisions of a task each arm was chosen here."""
        return self._shares.get(workspace, {})

    def learn(self, reward: Reward, *, here: bool = True) -> bool:
        """Takes a reward; false where it was taken before. What gates do about one that another process noted
        (`here` false) is for that process to tell."""
        experience = self.experience(reward.workspace)
        if not here:
            self._told += [(reward.workspace, one) for one in experience.interventions()]
        taken = experience.take(reward, self._situation)
        if not here:
            experience.interventions()
        return taken

    def interventions(self) -> list[tuple[str, Intervention]]:
        """What gates did since this was asked last, each with its workspace."""
        found, self._told = self._told, []
        for workspace, experience in self._workspaces.items():
            found += [(workspace, one) for one in experience.interventions()]
        return found

    def forget(self, workspace: str | None = None) -> None:
        """Forgets what a workspace has learned, or all, to learn it again."""
        for one in [*self._workspaces] if workspace is None else [workspace]:
            self._workspaces.pop(one, None)

    def erase(self, workspace: str, learner_id: str) -> None:
        """Forgets what a workspace has learned of a learner alone."""
        self.experience(workspace).erase(self._p.names.of(workspace, learner_id))

    def _situation(self, reward: Reward, credit: Credit) -> Situation:
        """The situation that a choice was made in."""
        domain, numbers = self._p.features(credit.context, credit.segment)
        return Situation(
            context=credit.context,
            domain=domain,
            features=numbers,
            learner=self._p.names.of(reward.workspace, reward.learner_id),
            critical=credit.critical,
            at=datetime.fromisoformat(reward.at).timestamp(),
            segment=credit.segment,
            baseline=credit.baseline,
        )

    def _options(self, arms: Sequence[str], baseline: str) -> Options:
        approved = self._p.policy.choices.approved.intersection(arms)
        rest = [arm for arm in arms if arm != baseline]
        return Options((baseline, *rest), baseline, approved | {baseline}, {})

    def _decide(self, case: Case, choice: Choice, options: Options, table: str) -> Decision | None:
        if len(options.arms) < 2:
            return None
        made = self._ruling(case, choice, options, table)
        if case.open:
            self._note(case, choice, options, made)
        return _decision(case, choice, options, made)

    def _ruling(self, case: Case, choice: Choice, options: Options, table: str) -> _Ruling:
        try:
            if lot := self._lot(case, choice, options):
                return _Ruling("experiment", Chosen(lot.arm, lot.propensity, "by an experiment's lot"), lot.experiment)
            if why := self._fixed(case, choice):
                return _by_table(table, why)
            return _Ruling("safe" if case.critical else "learned", self._learned(case, choice, options))
        except Exception:
            # A bulkhead: whatever an experiment or a policy of choice does, the learner is answered.
            log.exception("no %s was chosen for %s", choice, case.context)
            return _by_table(table, "the policy of choice failed")

    def _lot(self, case: Case, choice: Choice, options: Options) -> Lot | None:
        """Nobody's lot is drawn for a preview, nor where only approved arms may be chosen."""
        if case.critical or not case.open:
            return None
        return self._p.lots(case, choice, frozenset(options.arms))

    def _note(self, case: Case, choice: Choice, options: Options, made: _Ruling) -> None:
        self.made[choice, made.how] += 1
        shares = self._shares.setdefault(case.workspace, {})
        for arm in options.arms:
            row, here = Row(choice, case.task.value, arm), float(arm == made.chosen.arm)
            if (share := shares.get(row)) is not None or len(shares) < ROWS:
                shares[row] = here if share is None else share + _LATELY * (here - share)

    def _fixed(self, case: Case, choice: Choice) -> str | None:
        """Why nothing is tried, in words."""
        policy = self._p.policy
        if policy.choices.mode == "fixed":
            return "choices.mode is fixed"
        if not case.open:
            return "a preview tries nothing"
        if choice is Choice.MODEL and policy.routing.mode not in _LEARNED_MODES:
            return f"routing.mode is {policy.routing.mode}"
        known = self._workspaces.get(case.workspace)
        told, least = known.told.get(choice, 0) if known else 0, policy.choices.least
        return f"{told} of {least} rewards are there" if told < least else None

    def _learned(self, case: Case, choice: Choice, options: Options) -> Chosen:
        domain, numbers = self._p.features(case.context, case.segment)
        situation = Situation(
            context=case.context,
            domain=domain,
            features=numbers,
            learner=self._p.names.of(case.workspace, case.learner),
            critical=case.critical is not None,
            at=case.at,
            segment=case.segment,
            baseline=options.baseline,
        )
        options = self._start(case, choice, options)
        chosen = self.experience(case.workspace).chooser(choice).decide(situation, options, self._p.rng)
        return chosen._replace(reason=f"{case.critical}: {chosen.reason}") if case.critical else chosen


def _by_table(arm: str, why: str) -> _Ruling:
    return _Ruling("fixed", Chosen(arm, 1.0, why))


def _decision(case: Case, choice: Choice, options: Options, made: _Ruling) -> Decision:
    chosen = made.chosen
    return Decision(
        choice=choice,
        context=case.context,
        arms=options.arms,
        arm=chosen.arm,
        propensity=chosen.propensity,
        how=made.how,
        reason=chosen.reason,
        critical=case.critical is not None,
        experiment=made.experiment,
        under=chosen.under,
        baseline=options.baseline,
        segment=case.segment,
    )
