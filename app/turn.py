"""One message in, one streamed answer out: the product on one screen.

    ask ─► snapshot ─► task, strategy ─► context ─► open (durable) ─► route and stream ─► close (durable) ─► TurnEnded

A turn runs in a task of its own: when the client leaves, it is finished and kept. Whatever happens, it leaves one
record: `complete`, `incomplete` (it broke off), `guarded` (a content policy ended it), `cancelled` (the learner said
so) or `failed` (nobody answered).
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from app.briefing import Briefing, Wish
from app.care import cared_for, comforted, words_for
from app.choosing.case import Seen, case_of
from app.choosing.choosing import Choosing
from app.choosing.credit import unasked
from app.clock import Clock, iso
from app.context.assemble import Assembler
from app.context.brief import mastery_band
from app.context.tokens import Tokens
from app.errors import NoProvider, ProviderError, SessionBusy, StoreUnavailable
from app.events import Events, SafetyFlagged, TurnEnded, TurnOpened
from app.learner.hearing import Hearing
from app.live import Live
from app.policy import Policy
from app.prepared import Prepared, aim, lookup, request, wanted, whom
from app.responses.responses import Responses
from app.routing.answer import Answer
from app.routing.rank import Wanted
from app.routing.router import Router
from app.spending import Asked, Spending
from app.storage.cache import Cache
from app.storage.snapshots import Snapshots
from app.storage.turns import StaleSnapshot, TurnLog
from app.vocabulary import OFFLINE, Ask, Chunk, Finish, Offer, State, Timing, Turn, Usage

_STALE_TRIES = 3
_CLIENT_WAITS = 10.0
"""Seconds that a client waits for a record to become durable before it is told that the store is away."""

log = logging.getLogger("masterx.turn")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a tutor works with."""

    turns: TurnLog
    snapshots: Snapshots
    hearing: Hearing
    router: Router
    responses: Responses
    choosing: Choosing
    briefing: Briefing
    assembler: Assembler
    tokens: Tokens
    cache: Cache
    events: Events
    clock: Clock
    policy: Policy
    spending: Spending
    draw: Callable[[], float]
    owner: str


class Tutor:
    """Answers learners' messages."""

    def __init__(self, parts: Parts) -> None:
        self._p = parts

    async def prepare(self, ask: Ask, budget: int | None = None, draw: float | None = None) -> Prepared:
        """Reads the message and assembles its context; changes nothing. `draw` is the lot of a turn (`Brief.draw`)."""
        p, started = self._p, self._p.clock.monotonic()
        snapshot = await p.snapshots.of(ask.workspace, ask.session_id)
        heard = p.hearing.hear(ask.message, snapshot, p.policy)
        cared = cared_for(heard.alarm, snapshot, p.clock.now(), p.policy)
        task, strategy = aim(ask, p.policy, cared=cared)
        assembling = p.clock.monotonic()
        seen = Seen(task, strategy, heard.affect, cared=cared, preview=draw is None)
        made = p.choosing.begin(case_of(snapshot, seen, p.clock.now()))
        wish = Wish(task, made.strategy, budget, draw, heard.affect, made.profile, made.variant)
        brief = await p.briefing.brief(ask, snapshot, wish)
        assembly = p.assembler.assemble(brief)
        context_ms = (p.clock.monotonic() - assembling) * 1e3
        fit = wanted(ask, task, assembly, p.policy)
        fit, candidates = whom(fit, heard.alarm, p.policy, partial(p.router.candidates, lead=made.lead))
        asked, decisions = request(ask, assembly, p.policy, (fit, candidates)), tuple(made.decisions)
        return Prepared(snapshot, heard, fit, made.strategy, assembly, asked, started, context_ms, decisions)

    async def open(self, ask: Ask) -> tuple[Prepared, Live]:
        """Makes the learner's message durable; from here on the turn leaves exactly one record."""
        p = self._p
        for _ in range(_STALE_TRIES):
            prepared = await self.prepare(ask, draw=p.draw())
            looked = await p.responses.look(lookup(ask, prepared, p.policy))
            turn = self._opened(ask, prepared)
            only = ask.model is not None or ask.answers is not None
            free, urgent = looked.x_cache == "hit", turn.safety is not None
            asked = Asked(turn, prepared.request, models_only=only, free=free, urgent=urgent)
            try:
                async with p.spending.held(asked) as purse:
                    await p.turns.open(turn)
                    await p.turns.confirm(turn)
            except StaleSnapshot:
                p.snapshots.drop(ask.session_id)
                continue
            self._tell(turn)
            return replace(prepared, purse=purse), Live(turn, ask.stream, p.cache, looked)
        # Others were faster each time: to this caller the session is simply busy.
        raise SessionBusy(f"other turns are running in session {ask.session_id}")

    async def answer(self, prepared: Prepared, live: Live) -> None:
        """Answers an open turn, closes its record, then says so."""
        p, answer = self._p, Answer(prepared.purse)
        state, problem = await self._speak(prepared, live, answer)
        closed = self._closed(prepared, live, answer, (state, problem))
        try:
            turn = await self._record(live, closed)
            p.responses.keep(live.looked, turn, prepared.purse)
            p.snapshots.advance(prepared.snapshot, turn)
            live.end(turn)
            p.events.publish(TurnEnded(turn))
        finally:  # what was paid counts also where the record was erased meanwhile
            await p.spending.settle(live.turn, closed.charge)

    async def _speak(self, prepared: Prepared, live: Live, answer: Answer) -> tuple[State, str | None]:
        """Relays the answer to whoever listens; says how it ended."""
        live.speaking(asyncio.current_task())
        try:
            async with aclosing(self._said(prepared, live, answer)) as chunks:
                async for chunk in chunks:
                    if chunk.text:
                        self._relay(live, answer, chunk.text)
            return (State.GUARDED if answer.finish is Finish.CONTENT_FILTER else State.COMPLETE), None
        except NoProvider:
            return State.FAILED, "no-provider"
        except ProviderError:
            return State.INCOMPLETE, "answer-broke-off"
        except asyncio.CancelledError:
            if not live.stopped:
                raise
            _carry_on()
            return (State.CANCELLED, None) if live.stopped == "cancelled" else (State.INCOMPLETE, live.stopped)
        finally:
            live.speaking(None)

    def _said(self, prepared: Prepared, live: Live, answer: Answer) -> AsyncGenerator[Chunk, None]:
        """What is answered; a learner who may be in danger is told where help is first."""
        p = self._p
        said = p.responses.stream(live.looked, partial(p.router.stream, prepared.request), answer)
        if prepared.heard.alarm is None:
            return said
        words = words_for(prepared.heard.alarm, prepared.snapshot.learner, p.policy)
        return comforted(words, said, answer, p.clock.monotonic)

    def _tell(self, turn: Turn) -> None:
        """Says that a message is durable."""
        self._p.events.publish(TurnOpened(turn.task))
        if turn.safety is not None:
            log.warning("turn %s: its learner may be in danger (%s)", turn.id, turn.safety)
            self._p.events.publish(SafetyFlagged(turn.safety, turn))

    def _relay(self, live: Live, answer: Answer, text: str) -> None:
        if not live.pieces:
            provider, model = (answer.entry.provider, answer.entry.model) if answer.entry else (None, None)
            live.start(provider, model, live.turn.task)
        if live.streamed:
            self._p.turns.jot(live.turn.id, live.pieces, text)
        live.say(text)

    async def _record(self, live: Live, turn: Turn) -> Turn:
        """Makes the outcome durable, however long the store is away; gives the record that stands."""
        waited = 0.0
        for pause in _pauses():
            try:
                if await self._p.turns.close(turn):
                    return turn
                return await self._p.turns.get(turn.workspace, turn.id)
            except StoreUnavailable as error:
                if waited <= _CLIENT_WAITS < waited + pause:
                    live.end(replace(live.turn, problem="store-unavailable"))
                log.warning("turn %s cannot be closed yet: %s", turn.id, error)
                waited += pause
                await asyncio.sleep(pause)
        raise AssertionError("pauses never end")

    def _opened(self, ask: Ask, prepared: Prepared) -> Turn:
        snapshot, clock = prepared.snapshot, self._p.clock
        return Turn(
            id=clock.id(),
            workspace=ask.workspace,
            session_id=ask.session_id,
            learner_id=snapshot.session.learner_id,
            seq=snapshot.last_seq + 1,
            message=ask.message,
            created_at=iso(clock.now()),
            task=prepared.wanted.task,
            strategy=prepared.strategy,
            reading=replace(prepared.heard.reading, mastery=mastery_band(snapshot)),
            safety=prepared.heard.alarm.kind if prepared.heard.alarm else None,
            policy=self._p.policy.version,
            receipt=prepared.assembly.receipt,
            message_tokens=prepared.assembly.message_tokens,
            history_items=snapshot.history_items,
            history_tokens=snapshot.history_tokens,
            owner=self._p.owner,
            idempotency_key=ask.idempotency_key,
            digest=ask.digest,
            streamed=ask.stream,
            answers=ask.answers,
            decisions=prepared.decisions,
        )

    def _closed(self, prepared: Prepared, live: Live, answer: Answer, end: tuple[State, str | None]) -> Turn:
        clock, entry, reply = self._p.clock, answer.entry, live.text
        total = clock.monotonic() - prepared.started
        stepped_in = entry is not None and entry.provider == OFFLINE and self._degrades(prepared.wanted)
        closed = replace(
            live.turn,
            state=end[0],
            problem=end[1],
            reply=reply,
            reply_tokens=self._p.tokens.count(reply),
            provider=entry.provider if entry else None,
            model=entry.model if entry else None,
            usage=_priced(answer),
            timing=Timing(
                context_ms=_ms(prepared.context_ms / 1e3),
                first_token_ms=None if answer.first_token_at is None else _ms(answer.first_token_at - prepared.started),
                total_ms=_ms(total),
                overhead_ms=_ms(total - answer.waited),
            ),
            attempts=tuple(answer.attempts),
            retry_after=answer.retry_after,
            charge=answer.purse.close(),
            degraded=stepped_in,
            continued=answer.continued,
            cached=answer.cached,
            decisions=unasked(live.turn.decisions) if answer.cached else live.turn.decisions,
            finish_reason=answer.finish if end[0] in (State.COMPLETE, State.GUARDED) else None,
            closed_at=iso(clock.now()),
        )
        # Who named a model wants no other's answer, and this one's wishes are not kept.
        may_wait = closed.unanswered and prepared.wanted.model is None
        return replace(closed, offers=(*answer.offers, Offer("ask_later"))) if may_wait else closed

    def _degrades(self, wanted: Wanted) -> bool:
        """Whether an answer of the offline tutor is less than was to be had: there are models, and it was not named."""
        return bool(self._p.router.entries) and wanted.model is None


def _priced(answer: Answer) -> Usage:
    """The usage with its cost, which a provider that is free says itself."""
    if answer.entry is None or answer.usage.cost_usd is not None:
        return answer.usage
    return replace(answer.usage, cost_usd=answer.entry.prices.cost(answer.usage))


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 3)


def _pauses() -> Iterator[float]:
    """Seconds between tries to close a turn: 50 ms doubling up to 2 s."""
    pause = 0.05
    while True:
        yield pause
        pause = min(pause * 2, 2.0)


def _carry_on() -> None:
    """Takes back the cancellation that stopped the answer, so that the record can still be written."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()
