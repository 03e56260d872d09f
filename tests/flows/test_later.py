"""Waiting questions are asked when a model can be asked: gently, once, and not for ever."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from app.bootstrap import Records, records_of
from app.bootstrap.choosing import choosing_of
from app.briefing import Briefing
from app.clock import HandClock, iso
from app.context.assemble import Assembler
from app.context.tokens import o200k
from app.errors import BudgetSpent, ProviderDown, ProviderRefused
from app.events import Events
from app.later import LIFETIME, LONGEST, LOOK, MOST_TRIES, Later, Parts, after
from app.learner.affect.model import shipped
from app.learner.hearing import Hearing
from app.policy import BudgetPolicy, Policy, WorkspacePolicy
from app.policy import load as load_policy
from app.providers.port import Entry, Limits, Prices
from app.responses.responses import Responses
from app.routing.breaker import State as Breaker
from app.routing.router import Router
from app.running import Running
from app.settings import CONFIG
from app.spending import Spending
from app.storage.memory import MemoryCache
from app.storage.ports import QUESTIONS, TURNS
from app.storage.sqlite import SqliteStore
from app.turn import Parts as TurnParts
from app.turn import Tutor
from app.vocabulary import OFFLINE, Ask, Chunk, Finish, Prompt, Question, Session, State, Turn, Wait
from tests.fakes import ScriptedProvider, entry, routed

POLICY = load_policy(CONFIG / "policy.toml").model_copy(
    update={
        "workspaces": {
            "w": WorkspacePolicy(forbid=frozenset({"other"})),
            "nobody": WorkspacePolicy(forbid=frozenset({"moody", "other"})),
        }
    }
)
FAILS, DECLINED = "Break!", "Tell me what you must not."
PATIENT = Limits(first_token=60, idle=60, total=60)


@dataclass
class Moody:
    """A provider that is out until it is not, and answers when it is let; notes how many ask at once."""

    entry: Entry = field(default_factory=lambda: entry("moody", limits=PATIENT))
    out: bool = True
    asked: int = 0
    now: int = 0
    most: int = 0
    gate: asyncio.Event | None = None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        self.asked += 1
        words = prompt.messages[-1].text
        if self.out or FAILS in words:
            raise ProviderDown("out")
        if DECLINED in words:
            raise ProviderRefused("no")
        self.now += 1
        self.most = max(self.most, self.now)
        if self.gate:
            await self.gate.wait()
        self.now -= 1
        yield Chunk("What do you know already?", Finish.STOP)


@dataclass
class Wired:
    """All that a waiting question meets."""

    clock: HandClock
    records: Records
    model: Moody
    other: Moody
    """Of another provider; the workspace `w` forbids it."""

    router: Router
    running: Running
    later: Later

    async def session(self, workspace: str = "w") -> str:
        """A new session's id."""
        at = iso(self.clock.now())
        talk = Session(self.clock.id(), workspace, "ada", at, at)
        await self.records.sessions.add(talk)
        return talk.id

    async def ask(self, session: str, message: str = "Why is the sky blue?", workspace: str = "w") -> Turn:
        """A turn, at its end."""
        live, _ = await self.running.ask(Ask(workspace, session, message, stream=False))
        return await live.wait()

    async def queued(
        self, session: str | None = None, message: str = "Why is the sky blue?", workspace: str = "w"
    ) -> Question:
        """A question that waits, of a session of its own unless said."""
        turn = await self.ask(session or await self.session(workspace), message, workspace)
        assert turn.degraded
        question = await self.records.questions.add(turn, iso(self.clock.now()))
        self.later.expect()
        return question

    async def found(self, question: Question) -> Question:
        """The question as it is now."""
        found = await self.records.questions.get(question.id)
        assert found is not None
        return found


@asynccontextmanager
async def wired(store: SqliteStore, clock: HandClock, policy: Policy = POLICY) -> AsyncIterator[Wired]:
    """A service in small."""
    events, records, tokens, model = Events(), records_of(store, clock), o200k(), Moody()
    other = Moody(entry("other", limits=PATIENT))
    offline = ScriptedProvider(replace(entry(OFFLINE), provider=OFFLINE))
    router = routed([model, other], offline, events, clock)
    cache = MemoryCache(clock)
    async with Responses.of(cache, clock) as responses:
        tutor = Tutor(
            TurnParts(
                turns=records.turns,
                snapshots=records.snapshots,
                hearing=Hearing(shipped, lambda snapshot, message: ()),
                router=router,
                responses=responses,
                choosing=choosing_of(policy, b""),
                briefing=Briefing(policy, clock),
                assembler=Assembler(tokens),
                tokens=tokens,
                cache=cache,
                events=events,
                clock=clock,
                policy=policy,
                spending=Spending(store.ledger, records.turns, policy, clock),
                draw=lambda: 1.0,
                owner="me",
            )
        )
        async with Running.of(tutor, records.turns) as running:
            asking = Parts(records.questions, records.turns, running, router, policy, clock, "me", lambda: False)
            later = Later(asking)
            events.subscribe(later.hear)
            yield Wired(clock, records, model, other, router, running, later)


@pytest.fixture
async def all_of_it(store: SqliteStore, clock: HandClock) -> AsyncIterator[Wired]:
    async with wired(store, clock) as parts:
        yield parts


async def test_the_offline_tutor_does_not_answer_a_question_again(all_of_it: Wired) -> None:
    question = await all_of_it.queued()
    await all_of_it.later.look()
    assert await all_of_it.found(question) == replace(question, tries=1)
    (failed, first) = (await all_of_it.records.turns.newest(question.session_id, 5)).data
    assert (failed.state, failed.answers, failed.unanswered, failed.offers) == (State.FAILED, first.id, False, ())


async def test_after_a_try_in_vain_the_next_ones_come_ever_later(all_of_it: Wired) -> None:
    await all_of_it.queued()
    tries = []
    for _ in range(400):
        before = all_of_it.model.asked
        await all_of_it.later.look()
        if all_of_it.model.asked > before:
            tries.append(all_of_it.clock.monotonic())
        all_of_it.clock.turn(LOOK)
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[:4] == [LOOK, 2 * LOOK, 4 * LOOK, 8 * LOOK]
    assert max(pauses) == LONGEST


async def test_when_a_model_answers_somebody_the_next_look_asks(all_of_it: Wired) -> None:
    question = await all_of_it.queued()
    await all_of_it.later.look()
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert (await all_of_it.found(question)).state is Wait.WAITING
    assert (await all_of_it.ask(await all_of_it.session())).evidence
    await all_of_it.later.look()
    found = await all_of_it.found(question)
    assert (found.state, all_of_it.later.waiting, all_of_it.later.settled["answered"]) == (Wait.ANSWERED, 0, 1)
    answer = await all_of_it.records.turns.get("w", found.answered_by or "")
    assert (answer.answers, answer.degraded, answer.evidence) == (question.id, False, True)


async def test_a_model_that_is_back_is_asked_by_one_then_two_then_four_at_once(all_of_it: Wired) -> None:
    for _ in range(15):
        await all_of_it.queued()
    for one in all_of_it.router.entries:
        await all_of_it.router.guard.reset(one)
    model = all_of_it.model
    model.out = False
    gate = model.gate = asyncio.Event()
    looking, asked = asyncio.ensure_future(all_of_it.later.look()), model.asked
    for width in (1, 2, 4, 4, 4):
        asked += width
        async with asyncio.timeout(30):
            while model.asked < asked:
                await asyncio.sleep(0.005)
        assert model.most == width
        open_now, gate = gate, asyncio.Event()
        model.gate = gate
        open_now.set()
    await looking
    assert all_of_it.later.settled["answered"] == 15


async def test_of_one_session_the_oldest_question_is_asked_first(all_of_it: Wired) -> None:
    session = await all_of_it.session()
    first, second = await all_of_it.queued(session), await all_of_it.queued(session)
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert [(await all_of_it.found(q)).state for q in (first, second)] == [Wait.ANSWERED, Wait.WAITING]
    await all_of_it.later.look()
    assert (await all_of_it.found(second)).state is Wait.ANSWERED


async def test_a_model_that_is_left_alone_is_asked_when_its_breaker_lets_somebody_try(all_of_it: Wired) -> None:
    question = await all_of_it.queued()
    for _ in range(12):
        await all_of_it.ask(question.session_id)
    asked, (model, _) = all_of_it.model.asked, all_of_it.router.entries
    standing = all_of_it.router.guard.standing(model)
    assert standing.state is Breaker.OPEN
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert (all_of_it.model.asked, await all_of_it.found(question)) == (asked, question)
    all_of_it.clock.turn(standing.rest + 0.1)
    await all_of_it.later.look()
    assert (await all_of_it.found(question)).state is Wait.ANSWERED


async def test_a_question_of_a_busy_session_waits_for_it(all_of_it: Wired) -> None:
    session = await all_of_it.session()
    question = await all_of_it.queued(session)
    all_of_it.model.out, all_of_it.model.gate = False, asyncio.Event()
    live, _ = await all_of_it.running.ask(Ask("w", session, "And the sea?", stream=False))
    await all_of_it.later.look()
    assert await all_of_it.found(question) == question
    all_of_it.model.gate.set()
    await live.wait()
    await all_of_it.later.look()
    assert (await all_of_it.found(question)).state is Wait.ANSWERED


async def test_a_question_that_fails_by_itself_does_not_hold_up_the_others(all_of_it: Wired) -> None:
    broken, good = await all_of_it.queued(message=FAILS), await all_of_it.queued()
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert [(await all_of_it.found(q)).state for q in (broken, good)] == [Wait.WAITING, Wait.WAITING]
    all_of_it.clock.turn(LOOK)
    await all_of_it.later.look()
    assert [(await all_of_it.found(q)).state for q in (broken, good)] == [Wait.WAITING, Wait.ANSWERED]


async def test_a_question_that_models_decline_is_given_up(all_of_it: Wired) -> None:
    declined, good = await all_of_it.queued(message=DECLINED), await all_of_it.queued()
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert [(await all_of_it.found(q)).state for q in (declined, good)] == [Wait.GIVEN_UP, Wait.ANSWERED]


async def test_an_answer_that_was_not_noted_before_a_crash_is_found_and_not_asked_for_again(all_of_it: Wired) -> None:
    question = await all_of_it.queued()
    all_of_it.model.out = False
    await all_of_it.later.look()
    answered = await all_of_it.found(question)
    asked = all_of_it.model.asked
    died = replace(question, state=Wait.ASKING, owner="dead")
    assert await all_of_it.records.questions.settle(answered, died)
    await all_of_it.later.look()
    assert await all_of_it.found(question) == answered
    assert all_of_it.model.asked == asked


async def test_a_question_is_given_up_after_a_day(all_of_it: Wired) -> None:
    question = await all_of_it.queued()
    all_of_it.clock.turn(LIFETIME + 1)
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert (await all_of_it.found(question)).state is Wait.GIVEN_UP
    assert (all_of_it.later.waiting, all_of_it.later.settled["given_up"]) == (0, 1)


async def test_a_question_of_a_turn_that_is_gone_is_forgotten(all_of_it: Wired, store: SqliteStore) -> None:
    question = await all_of_it.queued()
    await all_of_it.records.sessions.remove(await all_of_it.records.sessions.get("w", question.session_id))
    await all_of_it.records.questions.add(Turn(question.id, "w", "s", "ada", 1, "Hi", ""), iso(all_of_it.clock.now()))
    await all_of_it.later.look()
    assert await all_of_it.records.questions.get(question.id) is None


async def test_another_workspace_s_provider_that_answers_does_not_wear_out_a_question(all_of_it: Wired) -> None:
    question = await all_of_it.queued()
    all_of_it.other.out = False
    for _ in range(200):
        assert (await all_of_it.ask(await all_of_it.session("free"), workspace="free")).evidence
        await all_of_it.later.look()
        all_of_it.clock.turn(1)
    found = await all_of_it.found(question)
    assert found.state is Wait.WAITING
    assert 1 <= found.tries <= 5  # after 0, 15, 45 and 105 s, and later where the breaker rests


async def test_a_question_that_only_fails_is_asked_before_its_time_once(all_of_it: Wired) -> None:
    question = await all_of_it.queued(message=FAILS)
    all_of_it.model.out = False
    for _ in range(60):
        await all_of_it.router.guard.reset(all_of_it.model.entry)  # it is well, whatever one question does to it
        assert (await all_of_it.ask(await all_of_it.session())).evidence
        await all_of_it.later.look()
        all_of_it.clock.turn(1)
    assert (await all_of_it.found(question)).tries <= 4  # after 0, 1 and 31 s


async def test_a_workspace_whose_model_is_down_does_not_hold_up_the_others(all_of_it: Wired) -> None:
    stuck = [await all_of_it.queued() for _ in range(3)]
    free = [await all_of_it.queued(workspace="free") for _ in range(3)]
    all_of_it.other.out = False
    for one in all_of_it.router.entries:
        await all_of_it.router.guard.reset(one)
    await all_of_it.later.look()
    assert [(await all_of_it.found(q)).state for q in free] == [Wait.ANSWERED] * 3
    assert [(await all_of_it.found(q)).tries for q in stuck] == [1, 0, 0]
    assert all_of_it.later.waiting == 3


async def test_a_question_that_may_be_sent_to_nobody_is_given_up_and_opens_no_turn(all_of_it: Wired) -> None:
    nobody, other = await all_of_it.queued(workspace="nobody"), await all_of_it.queued()
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert [(await all_of_it.found(q)).state for q in (nobody, other)] == [Wait.GIVEN_UP, Wait.ANSWERED]
    assert len((await all_of_it.records.turns.newest(nobody.session_id, 5)).data) == 1


async def test_a_question_that_no_model_has_room_for_is_given_up(all_of_it: Wired) -> None:
    all_of_it.model.entry = replace(all_of_it.model.entry, context_window=300)
    nobody, other = await all_of_it.queued(), await all_of_it.queued(workspace="free")
    all_of_it.other.out = False
    await all_of_it.later.look()
    assert [(await all_of_it.found(q)).state for q in (nobody, other)] == [Wait.GIVEN_UP, Wait.ANSWERED]
    assert all_of_it.model.asked == 0


async def test_a_spent_budget_costs_a_waiting_question_no_try(store: SqliteStore, clock: HandClock) -> None:
    spent = BudgetPolicy(workspace_usd=0.0, when_spent="offline")
    async with wired(store, clock, POLICY.model_copy(update={"budgets": spent})) as parts:
        parts.model.entry = replace(parts.model.entry, prices=Prices(1.0, None, 2.0))
        parts.model.out = False
        question = await parts.queued()
        await parts.later.look()
        assert await parts.found(question) == question
        assert len((await parts.records.turns.newest(question.session_id, 5)).data) == 1
        again = Ask("w", question.session_id, "Hi", stream=False, answers=question.id)
        with pytest.raises(BudgetSpent):
            await parts.running.ask(again)


async def test_a_question_that_only_models_of_unknown_price_could_answer_is_given_up(
    store: SqliteStore, clock: HandClock
) -> None:
    limited = BudgetPolicy(workspace_usd=1.0, unpriced="refuse")
    async with wired(store, clock, POLICY.model_copy(update={"budgets": limited})) as parts:
        parts.model.out = False
        question = await parts.queued()
        await parts.later.look()
        assert (await parts.found(question)).state is Wait.GIVEN_UP


async def test_a_turn_that_cannot_be_read_ends_its_own_question_and_no_other(
    all_of_it: Wired, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    odd, good = await all_of_it.queued(), await all_of_it.queued()
    doc = await store.get(TURNS, odd.id)
    assert doc is not None
    assert await store.replace(TURNS, {**doc, "task": "of another version"}, {})
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert await all_of_it.found(odd) == replace(odd, tries=1)
    assert (await all_of_it.found(good)).state is Wait.ANSWERED
    assert f"question {odd.id} could not be asked" in caplog.text
    for _ in range(MOST_TRIES - 1):
        all_of_it.clock.turn(LONGEST)
        await all_of_it.later.look()
    assert (await all_of_it.found(odd)).state is Wait.GIVEN_UP


async def test_a_question_that_cannot_be_read_stands_in_nobodys_way_and_what_it_says_is_not_logged(
    all_of_it: Wired, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    good, odd = await all_of_it.queued(), {"id": "odd", "session_id": "s", "learner_id": "ada", "state": Wait.WAITING}
    await store.insert(QUESTIONS, {**odd, "tries": "a learner's words"})
    all_of_it.model.out = False
    await all_of_it.later.look()
    assert (await all_of_it.found(good)).state is Wait.ANSWERED
    assert "odd is left out: no Question: " in caplog.text
    assert "words" not in caplog.text


QUESTION = Question("q", "w", "s", "ada", "", Wait.ASKING, "me")
TURN = Turn("t", "w", "s", "ada", 2, "Hi", "", answers="q")


def test_a_turn_that_listened_to_a_call_of_another_and_failed_is_asked_again() -> None:
    failed = replace(TURN, state=State.FAILED)
    assert [after(QUESTION, failed, able=able).state for able in (True, False)] == [Wait.WAITING, Wait.GIVEN_UP]


@pytest.mark.parametrize(
    ("state", "tries", "wait"),
    [
        (State.COMPLETE, 0, Wait.ANSWERED),
        (State.GUARDED, 0, Wait.ANSWERED),
        (State.OPEN, 0, Wait.WAITING),
        (State.FAILED, 0, Wait.WAITING),
        (State.INCOMPLETE, 0, Wait.WAITING),
        (State.CANCELLED, 0, Wait.GIVEN_UP),
        (State.FAILED, MOST_TRIES - 1, Wait.GIVEN_UP),
    ],
)
def test_how_the_turn_ended_says_how_the_question_stands(state: State, tries: int, wait: Wait) -> None:
    settled = after(replace(QUESTION, tries=tries), replace(TURN, state=state))
    assert (settled.state, settled.owner) == (wait, None)
    assert settled.answered_by == ("t" if wait is Wait.ANSWERED else None)
    assert settled.tries == tries + (state not in (State.COMPLETE, State.GUARDED, State.OPEN))
