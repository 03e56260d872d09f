"""What the decision log tells of a candidate policy, choice by choice."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

from app.choices.offline.entries import Entry, Read, read
from app.choices.offline.expected import Expected
from app.choices.offline.judge import Choose, Judged, greedy, judged
from app.experimenting.noting import weights_of
from app.policy import Policy
from app.storage.ports import Store
from app.storage.rewards import Rewards
from app.storage.turns import TurnLog
from app.vocabulary import Choice, Reward, Task, Turn

MOST = 1_000_000
"""Decisions of one kind that are read: some 300 MB."""

_PAGE = 200


@dataclass(frozen=True)
class Verdict:
    """What is told of one kind of choice, and the gaps in its log."""

    choice: Choice
    judged: Judged
    gaps: Counter[str]


async def verdicts(store: Store, policy: Policy, workspace: str | None) -> list[Verdict]:
    """What the log of a workspace, or of all, tells of each kind of choice under a policy."""
    weights, logs = weights_of(policy), {choice: Read([], Counter()) for choice in Choice}
    async for turn, rewards in _log(store, workspace):
        for choice, found in read(turn, rewards, weights):
            log = logs[choice]
            if isinstance(found, str):
                log.gaps[found] += 1
            elif len(log.entries) < MOST:
                log.entries.append(found)
    return [_verdict(choice, log, policy) for choice, log in logs.items()]


def _verdict(choice: Choice, log: Read, policy: Policy) -> Verdict:
    expected = Expected(log.entries)
    learned = policy.choices.mode == "learned"
    choose = greedy(expected, partial(allowed, choice, policy)) if learned else fixed(choice, policy)
    return Verdict(choice, judged(log.entries, choose, expected), log.gaps)


def allowed(choice: Choice, policy: Policy, entry: Entry) -> Sequence[str]:
    """The arms of a decision that a policy lets be tried; those of the log where it has none of them."""
    tried = {arm for arms in policy.offered(choice, Task(entry.task)) for arm in arms}
    return [arm for arm in entry.arms if arm in tried] or entry.arms


def fixed(choice: Choice, policy: Policy) -> Choose:
    """The arm by a policy's tables: of variants that of the strategy, of models the one that stood first for the
    turn."""
    match choice:
        case Choice.STRATEGY:
            return lambda entry: policy.tasks[Task(entry.task)]
        case Choice.VARIANT:
            return lambda entry: policy.choices.variants_of(entry.arms[0].rpartition("/")[0])[0]
        case Choice.PROFILE:
            return lambda entry: policy.choices.profiles_of(Task(entry.task))[0]
        case Choice.MODEL:
            return lambda entry: entry.arms[0]


async def _log(store: Store, workspace: str | None) -> AsyncIterator[tuple[Turn, list[Reward]]]:
    """Turns in which something was chosen, each with its rewards."""
    turns, kept = TurnLog(store), Rewards(store)
    places = [workspace] if workspace is not None else [place async for place in turns.workspaces()]
    for place in places:
        async for learner in turns.learners(place):
            rewards: dict[str, list[Reward]] = {}
            async for one in kept.all_of(place, learner):
                rewards.setdefault(one.turn_id, []).append(one)
            async for turn in _turns(turns, place, learner):
                yield turn, rewards.get(turn.id, [])


async def _turns(log: TurnLog, workspace: str, learner: str) -> AsyncIterator[Turn]:
    after: str | None = None
    while found := await log.since(workspace, learner, after, _PAGE):
        for turn in found:
            if turn.decisions:
                yield turn
        after = found[-1].id
