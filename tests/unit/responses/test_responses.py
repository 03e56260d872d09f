"""The cache of answers: what it tells whom, for how long, and what it does without a cache."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from app.clock import HandClock
from app.errors import CacheUnavailable
from app.policy import ResponsesPolicy
from app.responses.flights import Flights
from app.responses.key import digest
from app.responses.responses import Bypass, Hit, Lookup, Miss, Responses
from app.routing.answer import Answer
from app.routing.money import Purse, Tariff, unlimited
from app.storage.memory import MemoryCache
from app.vocabulary import Finish, Message, Task, Usage
from tests.fakes import entry
from tests.unit.responses.calls import ScriptedCall, heard
from tests.unit.responses.questions import KEY, ON, TURN, context, lookup


class AwayCache(MemoryCache):
    """A cache that cannot be reached: reads raise, writes are lost."""

    async def get(self, key: str) -> bytes | None:
        raise CacheUnavailable("away")

    def set(self, key: str, value: bytes, ttl: float) -> None:
        return None


class Learners:
    """Learners who ask one service."""

    def __init__(self, tasks: asyncio.TaskGroup, cache: type[MemoryCache] = MemoryCache) -> None:
        self.clock = HandClock()
        self.cache = cache(self.clock)
        self.responses = Responses(self.cache, Flights(tasks, self.clock), self.clock)
        self.call = ScriptedCall()

    async def ask(self, asked: Lookup, purse: Purse | None = None) -> tuple[str, str, Answer]:
        """What the header says, the text, and how it came about; a whole answer is kept, as a turn does."""
        looked, answer = await self.responses.look(asked), Answer(purse or unlimited())
        self.call.script(TURN.reply)
        chunks = [chunk async for chunk in self.responses.stream(looked, self.call, answer)]
        self.responses.keep(looked, replace(TURN, cached=answer.cached), answer.purse)
        return looked.x_cache, "".join(chunk.text for chunk in chunks), answer


@asynccontextmanager
async def learners(cache: type[MemoryCache] = MemoryCache) -> AsyncIterator[Learners]:
    """Learners, and all calls ended when the context is left."""
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(30):
        yield Learners(tasks, cache)


async def test_the_same_question_is_answered_from_the_cache_at_no_cost() -> None:
    async with learners() as those:
        assert (await those.ask(lookup()))[:2] == ("miss", TURN.reply)
        for streamed in (True, False):
            x_cache, text, answer = await those.ask(lookup(streamed))
            assert (x_cache, text) == ("hit", TURN.reply)
            assert (answer.cached, answer.attempts, answer.finish) == (True, [], Finish.STOP)
            assert (answer.usage, answer.waited) == (Usage(cost_usd=0.0), 0.0)
            assert answer.entry == entry("a")
    assert those.call.made == 1
    assert dict(those.responses.results) == {"hit": 2, "miss": 1, "bypass": 0, "shared": 0}


@pytest.mark.parametrize(
    "changes",
    [
        {"workspace": "another school"},
        {"policy": "2"},
        {"task": Task.QUICK_ANSWER},
        {"hint_level": 1},
        {"mastery_band": "low"},
        {"language": "de"},
        {"material": "7"},
        {"models": (entry("a"),)},
        {"messages": (KEY.messages[0], Message("user", "Why is 3 + 5 = 7?"))},
        {"messages": (KEY.messages[0], Message("user", "Why is 3 + 4 not 7?"))},
        {"max_tokens": 101},
        {"temperature": 0.5},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_question_that_differs_in_anything_is_asked_for_itself(changes: dict[str, Any]) -> None:
    async with learners() as those:
        await those.ask(lookup())
        assert (await those.ask(lookup(**changes)))[0] == "miss"
    assert those.call.made == 2


async def test_it_is_forgotten_when_its_time_is_over() -> None:
    async with learners() as those:
        await those.ask(lookup())
        those.clock.turn(ON.ttl - 1)
        assert (await those.ask(lookup()))[0] == "hit"
        those.clock.turn(1)
        assert (await those.ask(lookup()))[0] == "miss"
    assert those.call.made == 2


async def test_a_short_time_is_short_for_those_who_listen_to_a_call_too() -> None:
    async with learners() as those:
        asked = lookup(rules=ResponsesPolicy(ttl=1))
        await those.ask(asked)
        those.clock.turn(1)
        await those.ask(asked)
    assert those.call.made == 2


async def test_a_hit_does_not_make_an_answer_live_longer() -> None:
    async with learners() as those:
        await those.ask(lookup())
        those.clock.turn(ON.ttl / 2)
        await those.ask(lookup())
        those.clock.turn(ON.ttl / 2)
        assert (await those.ask(lookup()))[0] == "miss"


@pytest.mark.parametrize(
    "poison", [b"", b"nonsense", b'{"version": 99, "text": "x"}', b'"' + b"x" * 10_000_000 + b'"', b"\xff\xfe"]
)
async def test_a_poisoned_entry_is_none(poison: bytes) -> None:
    async with learners() as those:
        those.cache.set(f"response:{digest(KEY)}", poison, 60)
        assert (await those.ask(lookup()))[:2] == ("miss", TURN.reply)
        assert (await those.ask(lookup()))[0] == "hit"


async def test_an_answer_of_a_model_that_cannot_be_asked_is_not_told() -> None:
    async with learners() as those:
        looked = await those.responses.look(lookup())
        those.responses.keep(looked, replace(TURN, provider="gone", model="gone-1"), unlimited())
        assert isinstance(await those.responses.look(lookup()), Miss)
        those.responses.keep(looked, TURN, unlimited())
        assert isinstance(await those.responses.look(lookup()), Hit)


async def test_without_a_cache_every_question_is_answered_and_none_is_an_error() -> None:
    async with learners(AwayCache) as those:
        for _ in range(2):
            assert (await those.ask(lookup()))[:2] == ("bypass", TURN.reply)
    assert those.call.made == 2
    assert dict(those.responses.bypasses) == {"away": 2}


async def test_a_learner_who_is_known_and_one_who_is_not_share_nothing_in_either_direction() -> None:
    async with learners() as those:
        known = replace(lookup(), context=context(profile="kept"))
        assert await those.responses.look(known) == Bypass("personal")
        await those.ask(known)
        assert (await those.ask(lookup()))[0] == "miss"
        assert (await those.ask(known))[0] == "bypass"
    assert those.call.made == 3


async def test_equal_questions_at_one_time_are_one_call_and_kept_once() -> None:
    async with learners() as those:
        told = [asyncio.get_running_loop().create_task(_hear(those)) for _ in range(100)]
        await those.call.say(TURN.reply)
        await those.call.end()
        assert set(await asyncio.gather(*told)) == {TURN.reply}
    assert those.call.made == 1
    assert dict(those.responses.results) == {"hit": 0, "miss": 1, "bypass": 0, "shared": 99}


async def test_what_one_gets_who_is_short_of_money_is_told_to_nobody_else() -> None:
    async with learners() as those:
        await those.ask(lookup(), short())
        assert (await those.ask(lookup()))[0] == "miss"
        assert (await those.ask(lookup(), short()))[0] == "hit"
    assert those.call.made == 2


async def test_who_is_short_of_money_makes_no_call_for_others_but_listens_to_theirs() -> None:
    async with learners() as those:
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(_hear(those, short()))]
        await heard()
        tasks += [loop.create_task(_hear(those)), loop.create_task(_hear(those, short()))]
        await heard()
        assert those.call.made == 2
        for _ in range(2):
            await those.call.say(TURN.reply)
            await those.call.end()
        await asyncio.wait(tasks)
    assert dict(those.responses.results) == {"hit": 0, "miss": 2, "bypass": 0, "shared": 1}


def short() -> Purse:
    """What one has who cannot pay for every model."""
    return Purse(Tariff(), 0, short=True)


async def _hear(those: Learners, purse: Purse | None = None) -> str:
    looked, answer = await those.responses.look(lookup()), Answer(purse or unlimited())
    return "".join([chunk.text async for chunk in those.responses.stream(looked, those.call, answer)])
