"""From what learners think of answers to what layers of context are worth: notes rewards, judges what they show."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass

from app.context.worth import FACTORS, NEVER, Sums, Worth, added, next_weights, observed, reward, worth, worths
from app.context.worth import Arm as Key
from app.errors import Conflict, StoreUnavailable
from app.policy import Policy
from app.storage.sessions import Sessions
from app.storage.worths import Arm, Tally, Worths
from app.vocabulary import Feedback, Turn

log = logging.getLogger("masterx.weighing")


@dataclass(frozen=True)
class Row:
    """A layer in a task (`None`: in all of them), from how many rated turns with the whole layer and with `factor` of
    it; `worth` is `None` where these are too few."""

    task: str | None
    layer: str
    factor: float
    whole: int
    shrunk: int
    worth: Worth | None


@dataclass(frozen=True)
class Judgement:
    """What was seen under a policy: a row for each task, layer and factor, its weights, and those that follow."""

    rows: tuple[Row, ...]
    weights: Mapping[str, float]
    proposed: Mapping[str, float]


class Weighing:
    """Notes what ratings show, and reads it."""

    def __init__(self, worths: Worths, sessions: Sessions) -> None:
        self._worths, self._sessions = worths, sessions

    async def note(self, turn: Turn, feedback: Feedback) -> bool:
        """Counts a rating that is already kept; says whether it did. Only the first one of a turn counts, of turns that
        may teach us anything (`Turn.evidence`), in which something was left to chance."""
        explored = turn.receipt and turn.receipt.explored
        if not explored or turn.policy is None or not turn.evidence:
            return False
        try:
            first = first_reward(await self._sessions.ratings(turn.id))
            if first is None or first[0] != feedback.id:
                return False
            r = first[1]
            seen = tuple(Arm(*key, sums=astuple(sums)) for key, sums in observed(explored, r).items())
            return await self._worths.add(Tally.of(turn.workspace, turn.policy, turn.task), turn.id, seen)
        except (StoreUnavailable, Conflict) as error:
            # The rating itself is kept; one reward less makes no estimate wrong.
            log.warning("the rating of turn %s is not counted: %s", turn.id, error)
            return False

    async def judge(self, policy: Policy, workspace: str | None = None) -> Judgement:
        """What the ratings of a workspace, or of all, show about the layers under this policy."""
        by_task: dict[str, dict[Key, Sums]] = {}
        async for tally in self._worths.all(workspace):
            if tally.policy == policy.version:
                seen = {(arm.layer, arm.factor): Sums(*arm.sums) for arm in tally.arms}
                by_task[tally.task] = added([by_task.get(tally.task, {}), seen])
        return judgement(dict[str, float](policy.context.weights.items()), by_task)


def first_reward(ratings: Iterable[Feedback]) -> tuple[str, float] | None:
    """The one rating of a turn that counts, by its id, of all that it has, oldest first."""
    rewards = ((one.id, reward(one)) for one in ratings)
    return next(((name, value) for name, value in rewards if value is not None), None)


def judgement(given: Mapping[str, float], by_task: Mapping[str, Mapping[Key, Sums]]) -> Judgement:
    """The judgement of these sums; a layer without a weight has 1.0."""
    total = added(by_task.values())
    weights = {**{layer: 1.0 for layer, _ in sorted(total) if layer not in NEVER}, **given}
    rows = [row for task, sums in (*sorted(by_task.items()), (None, total)) for row in _rows(task, sums)]
    return Judgement(tuple(rows), weights, next_weights(weights, worths(total)))


def _rows(task: str | None, sums: Mapping[Key, Sums]) -> list[Row]:
    def counted(layer: str, factor: float) -> int:
        return int(sums.get((layer, factor), Sums()).n)

    return [
        Row(task, layer, factor, counted(layer, 1.0), counted(layer, factor), worth(layer, factor, sums))
        for layer in sorted({layer for layer, _ in sums})
        for factor in FACTORS
    ]
