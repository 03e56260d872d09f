"""Budgets of workspaces and learners, by UTC day: money is held before a turn costs anything, and settled after it.

What is promised: what all turns of a day have cost is never more than the limit, as far as no call costs more than the
most that is expected of it (`Entry.most`). Where it is not known what was paid, because a stream broke off or a process
died, the most that it may have been counts as paid: rather too much than too little.

A process that dies leaves its holds behind. They count until they are overdue and somebody looks at the record of the
turn: closed with a charge, that is it; closed without one, by the recovery of a dead process's turns, the whole hold
is. So it is where no record is there: it was erased, or, much rarer, its process died just before it was made. What is
still open stays held.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from app.clock import Clock, iso
from app.context.tokens import Tokens
from app.errors import BudgetSpent, NotFound, StoreUnavailable
from app.policy import Policy, WorkspacePolicy
from app.rounds import Rounds
from app.routing.answer import Request
from app.routing.ledger import Account, Demand, Hold, Ledger, Name, Short
from app.routing.money import NANO, Purse, Tariff, cheaper, nano, unlimited
from app.storage.turns import TurnLog
from app.vocabulary import FRAMING, Prompt, State, Turn

LEASE = 120.0
"""Seconds after which a turn's record is looked at, if nobody has settled it by then."""

_LOOK = 5.0
_KEPT_DAYS = 90

log = logging.getLogger("masterx.budgets")


_NOTHING_OF_ITS_OWN = WorkspacePolicy()


def limits(policy: Policy, workspace: str | None) -> tuple[float | None, float | None]:
    """In dollars a day, `None` where there is none: a workspace's limit, and that of each of its learners. Without a
    name those of any workspace that has none of its own."""
    general, own = policy.budgets, policy.workspaces.get(workspace or "", _NOTHING_OF_ITS_OWN)
    return (
        general.workspace_usd if own.workspace_usd is None else own.workspace_usd,
        general.learner_usd if own.learner_usd is None else own.learner_usd,
    )


def limited(policy: Policy) -> bool:
    """Whether anybody has a budget."""
    return any(limit is not None for name in (None, *policy.workspaces) for limit in limits(policy, name))


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn that is about to be opened, and what it would ask of whom. One for `models_only` is not answered by the
    offline tutor in their place."""

    turn: Turn
    request: Request
    models_only: bool = False
    free: bool = False
    """Whether its answer is there already, so that nobody is asked."""

    urgent: bool = False
    """Whether it is begun however little is left: its learner may be in danger, and is told so without a model."""


class Spending:
    """Holds and settles what turns cost."""

    def __init__(self, ledger: Ledger, turns: TurnLog, policy: Policy, clock: Clock) -> None:
        self._ledger, self._turns, self._policy, self._clock = ledger, turns, policy, clock
        self._tokenizers: dict[str, Tokens] = {}
        self.limited = limited(policy)
        self._tidied = ""
        self.money = {"reserved": 0.0, "settled": 0.0}
        """US dollars held and settled by this process so far."""

        self.short = dict.fromkeys(("refuse", "cheaper", "offline"), 0)
        """How often a model could not be paid for that would have been asked, by what came of it."""

    def count_by(self, name: str, tokens: Tokens) -> None:
        """Counts prompts also as models with this tokenizer do, instead of holding the most that it could come to."""
        self._tokenizers[name] = tokens

    @asynccontextmanager
    async def held(self, asked: Asked) -> AsyncIterator[Purse]:
        """Holds what the turn may cost while it is opened inside; lets go of it where it is not.

        Raises `BudgetSpent` when there is not enough and the policy says to refuse, `StoreUnavailable`.
        """
        demands = () if asked.free else self._demands(asked.turn)
        if not demands:
            yield unlimited()
            return
        purse = await self._reserve(asked, demands)
        try:
            yield purse
        except BaseException:
            await self._settle(asked.turn, demands, 0)
            raise

    async def settle(self, turn: Turn, charge: int | None) -> None:
        """Charges what a turn has cost that is closed. Where the ledger is away, `audit` does it later."""
        if charge is not None:
            await self._settle(turn, self._demands(turn), charge)

    async def view(self, workspace: str, learner_id: str | None = None) -> tuple[float | None, Account]:
        """Today's limit in dollars, `None` where there is none, and the account."""
        limit = limits(self._policy, workspace)[learner_id is not None]
        return limit, await self._ledger.view(Name(self.today, workspace, learner_id))

    @property
    def today(self) -> str:
        """The day in UTC."""
        return _day(self._clock.now())

    @property
    def renewed_in(self) -> float:
        """Seconds until midnight UTC."""
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        return (midnight - now).total_seconds()

    async def audit(self) -> int:
        """Settles what is overdue by the records of the turns; says how many holds that were."""
        settled = 0
        for name, hold in await self._ledger.overdue(self._clock.now()):
            try:
                settled += await self._audited(name, hold)
            except StoreUnavailable:
                raise
            except Exception:
                # A bulkhead: a record that cannot be read, such as one that another version wrote, must not keep the
                # others from being settled, nor end the service. Its hold counts until somebody can read it.
                log.exception("what turn %s holds is not settled", hold.lease)
        return settled

    async def stay(self) -> None:
        """Looks after what is overdue, and removes accounts of 90 days ago, until cancelled; those also where nobody
        has a budget any more."""
        await Rounds(self._look, partial(log.warning, "budgets are not looked after: %s"), every=_LOOK).stay()

    async def _look(self) -> None:
        await self._tidy()
        if self.limited and await self.audit():
            log.info("settled what turns of dead processes had left behind")

    async def _tidy(self) -> None:
        """Removes old accounts, once a day."""
        now = self._clock.now()
        if self._tidied != _day(now):
            await self._ledger.forget(_day(now - _KEPT_DAYS * 86_400))
            self._tidied = _day(now)

    async def _reserve(self, asked: Asked, demands: Sequence[Demand]) -> Purse:
        """A purse with what could be held: enough for the whole chain, or for what the policy makes do with."""
        request, unpriced = asked.request, self._policy.budgets.unpriced == "allow"
        prompt = request.prompt
        tariff = Tariff(
            *(prompt.most_tokens, prompt.max_tokens, unpriced),
            continued=request.continued is not None,
            own={name: _counted(prompt, tokens) for name, tokens in self._tokenizers.items()},
        )
        bounds, amount = tariff.bounds(request.candidates), tariff.ceiling(request.candidates)
        while amount:
            hold = Hold(asked.turn.id, amount, self._clock.now() + LEASE)
            short = await self._ledger.reserve(hold, demands)
            if short is None:
                self.money["reserved"] += amount / NANO
                break
            amount = self._instead(asked, bounds, short)
        return Purse(tariff, amount, short=amount < tariff.ceiling(request.candidates))

    def _instead(self, asked: Asked, bounds: Sequence[int], short: Short) -> int:
        """What to do with less than the whole chain may cost: one call of any model, else as the policy says."""
        fits, policy = cheaper(bounds, short.left), self._policy.budgets.when_spent
        if asked.urgent:
            return fits or 0
        if fits == bounds[0]:
            return fits
        if policy == "cheaper" and fits is not None:
            self.short["cheaper"] += 1
            return fits
        if policy == "offline" and not asked.models_only:
            self.short["offline"] += 1
            return 0
        self.short["refuse"] += 1
        raise BudgetSpent(short.name.whose, self.renewed_in)

    def _demands(self, turn: Turn) -> tuple[Demand, ...]:
        """The accounts of the day a turn was asked on. The learner's first: theirs is short more often, and asked for
        by fewer."""
        workspace, learner = limits(self._policy, turn.workspace)
        if workspace is learner is None:
            return ()
        day = turn.created_at[:10]
        names = ((Name(day, turn.workspace, turn.learner_id), learner), (Name(day, turn.workspace), workspace))
        return tuple(Demand(name, nano(limit)) for name, limit in names if limit is not None)

    async def _settle(self, turn: Turn, demands: Sequence[Demand], cost: int) -> None:
        try:
            await self._ledger.settle(turn.id, [demand.name for demand in demands], cost)
            self.money["settled"] += cost / NANO
        except StoreUnavailable as error:
            log.warning("turn %s is settled later: %s", turn.id, error)

    async def _audited(self, name: Name, hold: Hold) -> bool:
        """Settles an overdue hold; false while its turn is open."""
        cost = await self._cost_of(name, hold)
        if cost is not None:
            await self._ledger.settle(hold.lease, [name], cost)
        return cost is not None

    async def _cost_of(self, name: Name, hold: Hold) -> int | None:
        """What the turn of an overdue hold is charged; `None` while it is open."""
        try:
            turn = await self._turns.get(name.workspace, hold.lease)
        except NotFound:
            return hold.amount
        if turn.state is State.OPEN:
            return None
        return hold.amount if turn.charge is None else turn.charge


def _counted(prompt: Prompt, tokens: Tokens) -> int:
    """A prompt's tokens by another tokenizer, with the framing that the policy's budget counts."""
    return sum([tokens.count(message.text) + FRAMING for message in prompt.messages])


def _day(now: float) -> str:
    return iso(now)[:10]
