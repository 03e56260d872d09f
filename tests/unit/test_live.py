"""Who listens to a turn hears each event once, in order, from any point on."""

import asyncio

import orjson

from app.clock import HandClock
from app.live import Event, Live, Name, log_name, past
from app.storage.memory import MemoryCache
from app.vocabulary import State, Task, Turn

OPEN = Turn("t1", "w", "s", "ada", 1, "Hi", "2026-11-21T00:00:00Z")
DONE = Turn("t1", "w", "s", "ada", 1, "Hi", "2026-11-21T00:00:00Z", state=State.COMPLETE, reply="Hello there")


async def heard(live: Live, after: int = 0) -> list[Event]:
    return [event async for events in live.listen(after) for event in events]


def told(live: Live) -> None:
    live.start("groq", "m", Task.GENERAL)
    live.say("Hello ")
    live.say("there")
    live.end(DONE)


async def test_every_listener_hears_everything_from_where_it_begins() -> None:
    live = Live(OPEN, streamed=True)
    listeners = [asyncio.ensure_future(heard(live, after)) for after in (0, 2)]
    await asyncio.sleep(0)
    told(live)
    first, second = await asyncio.gather(*listeners)
    assert [e.name for e in first] == [Name.STARTED, Name.DELTA, Name.DELTA, Name.ENDED]
    assert [e.n for e in first] == [1, 2, 3, 4]
    assert second == first[2:]
    assert await heard(live, 3) == first[3:]
    assert await heard(live, 99) == []


async def test_events_are_kept_in_the_cache_for_other_replicas() -> None:
    cache = MemoryCache(HandClock())
    live = Live(OPEN, streamed=True, cache=cache)
    told(live)
    entries = await cache.read(log_name("t1"), 0, 0)
    assert [n for n, _ in entries] == [1, 2, 3, 4]
    assert entries[1][1] == b'delta {"text":"Hello "}'


async def test_silence_is_told_after_a_beat() -> None:
    live = Live(OPEN, streamed=True)
    listening = live.listen(beat=0.01)
    assert await anext(listening) == []
    live.say("Hello")
    assert [orjson.loads(e.data) for e in await anext(listening)] == [{"text": "Hello"}]


async def test_a_turn_that_fails_at_once_still_starts_before_it_ends() -> None:
    live = Live(OPEN, streamed=True)
    live.end(Turn("t1", "w", "s", "ada", 1, "Hi", "2026-11-21T00:00:00Z", state=State.FAILED))
    assert [e.name for e in await heard(live)] == [Name.STARTED, Name.ENDED]


async def test_only_the_first_end_is_heard() -> None:
    live = Live(OPEN, streamed=True)
    live.end(OPEN)
    live.end(DONE)
    assert [e.name for e in await heard(live)] == [Name.STARTED, Name.ENDED]
    assert live.turn is DONE


async def test_a_closed_turn_can_be_told_again() -> None:
    events = await heard(past(DONE))
    assert [e.name for e in events] == [Name.STARTED, Name.DELTA, Name.ENDED]
    assert orjson.loads(events[1].data) == {"text": "Hello there"}


async def test_a_turn_can_be_stopped_only_while_it_speaks() -> None:
    live = Live(OPEN, streamed=False)
    assert live.stop("cancelled") is False

    async def speak() -> str:
        live.speaking(asyncio.current_task())
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return "stopped"
        return "never"

    speaking = asyncio.ensure_future(speak())
    await asyncio.sleep(0)
    assert live.stop("cancelled") is True
    assert live.stop("shutting-down") is False
    assert await speaking == "stopped"
    assert live.stopped == "cancelled"
