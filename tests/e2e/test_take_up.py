"""An answer cut at every event and taken up at every event on another replica: nothing is missing or there twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider, Seen
from tests.e2e.service import Event, Masterx, events
from tests.e2e.test_chat import END, Frame, knock

PIECES = 8
LAST = PIECES + 2
"""The number of the last event: the start, each piece, the end."""

ASKED = f"Hi [[n={PIECES} step=2]]"
"""In OpenAI's dialect two frames come before the first text; the answer waits there and after each piece."""

CLOSING = 3
"""Frames after the last text."""


@dataclass
class Listener:
    """Hears a turn on a replica from an event on. `begun` is set when the service has answered that it will tell."""

    heard: list[Event] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def over_sse(self, masterx: Masterx, turn: str, after: int) -> None:
        path = f"{masterx.url}/v1/turns/{turn}/stream"
        async with masterx.http.get(path, headers={"Last-Event-ID": str(after)}) as answer:
            self.begun.set()
            assert answer.status == (204 if after == LAST else 200), (after, await answer.text())
            async for event in events(answer):
                await self._note(event)

    async def over_websocket(self, masterx: Masterx, turn: dict[str, Any], after: int) -> None:
        async with knock(masterx, turn["session_id"]) as client:
            assert (await client.hear())["state"] == "ready"
            await client.send("resume", turn_id=turn["id"], after=after)
            said = await client.hear()
            self.begun.set()
            assert said.get("state") == ("idle" if after == LAST else "resumed"), (after, said)
            while after < LAST and (not self.heard or self.heard[-1].name not in END):
                await self._note(event_of(await client.hear()))

    async def until(self, n: int) -> None:
        """Waits for event `n`."""
        async with self.news:
            await self.news.wait_for(lambda: bool(self.heard) and self.heard[-1].id >= n)

    async def _note(self, event: Event) -> None:
        async with self.news:
            self.heard.append(event)
            self.news.notify_all()


def event_of(frame: Frame) -> Event:
    """The event that a frame of the chat tells."""
    told = {name: value for name, value in frame.items() if name not in ("type", "n")}
    return Event(frame["n"], frame["type"], told["turn"] if frame["type"] == "turn.completed" else told)


@dataclass
class Answer:
    """A turn on one replica whose provider says one piece at a time, and somebody who hears all of it."""

    turn: dict[str, Any]
    seen: Seen
    whole: Listener

    async def up_to(self, event: int) -> None:
        """Lets the provider go on until so many events were heard. The second comes with the first."""
        for n in range(len(self.whole.heard) + 1, event + 1):
            if n != 2:
                self.seen.step(CLOSING if n == LAST else 1)
            await self.whole.until(n)


@dataclass
class Replicas:
    """Two services on one store and one cache."""

    here: Masterx
    there: Masterx
    provider: MisbehavingProvider

    @asynccontextmanager
    async def cut(self, after: int) -> AsyncIterator[Answer]:
        """A turn that runs here, whose client has left after so many events."""
        path = f"{self.here.url}/v1/sessions/{await self.here.session()}/turns"
        asked, whole = len(self.provider.requests), Listener()
        async with asyncio.TaskGroup() as tasks:
            async with self.here.http.post(path, json={"message": ASKED, "stream": True}) as client:
                turn = (await self.here.call("GET", f"/v1/turns/{client.headers['X-Turn-Id']}"))[1]
                tasks.create_task(whole.over_sse(self.here, turn["id"], 0))
                while len(self.provider.requests) == asked:
                    await asyncio.sleep(0.001)
                answer = Answer(turn, self.provider.requests[-1], whole)
                await answer.up_to(after)
                told = events(client)
                assert [(await anext(told)).id for _ in range(after)] == list(range(1, after + 1))
            yield answer

    def taken_up(self, turn: dict[str, Any], upto: int) -> list["TakeUp"]:
        """Listeners there, to the turn past each event up to one, over both ways."""
        return [TakeUp(self.there, turn, after, way) for after in range(upto + 1) for way in ("sse", "chat")]


@dataclass
class TakeUp:
    """One way of taking a turn up past an event."""

    masterx: Masterx
    turn: dict[str, Any]
    after: int
    way: str
    listener: Listener = field(default_factory=Listener)

    async def listen(self) -> None:
        """Hears it to its end."""
        if self.way == "sse":
            await self.listener.over_sse(self.masterx, self.turn["id"], self.after)
        else:
            await self.listener.over_websocket(self.masterx, self.turn, self.after)

    def agrees(self, whole: list[Event]) -> bool:
        """Whether it heard the rest of what was heard by who never left."""
        return self.listener.heard == whole[self.after :]


@pytest.fixture
async def replicas(start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str) -> Replicas:
    settings = {"MASTERX_STORE": mongo_url, "MASTERX_CACHE": redis_url}
    return Replicas(await start(**settings), await start(**settings), provider)


async def test_cut_at_every_event_and_taken_up_at_every_event_elsewhere_it_is_the_same_answer(
    replicas: Replicas,
) -> None:
    for cut in range(LAST):
        async with replicas.cut(cut) as answer, asyncio.TaskGroup() as tasks:
            running = replicas.taken_up(answer.turn, cut)
            for one in running:
                tasks.create_task(one.listen())
            await asyncio.gather(*(one.listener.begun.wait() for one in running))
            assert not answer.whole.heard or answer.whole.heard[-1].name not in END
            await answer.up_to(LAST)
        whole = answer.whole.heard
        assert [event.id for event in whole] == list(range(1, LAST + 1))
        assert [event.name for event in whole if event.name in END] == ["turn.completed"] == [whole[-1].name]
        kept = (await replicas.there.call("GET", f"/v1/turns/{answer.turn['id']}"))[1]
        assert "".join(event.data["text"] for event in whole if event.name == "delta") == kept["reply"] != ""
        assert whole[-1].data == kept
        ended = replicas.taken_up(answer.turn, LAST)
        await asyncio.gather(*(one.listen() for one in ended))
        assert [(cut, one.after, one.way) for one in (*running, *ended) if not one.agrees(whole)] == []


async def test_an_answer_that_broke_off_ends_once_for_whoever_takes_it_up(replicas: Replicas) -> None:
    session = await replicas.here.session()
    told = [event async for event in replicas.here.stream(session, "Hi [[fault=cut after=4 gap=5]]")]
    assert [event.name for event in told if event.name in END] == ["error"] == [told[-1].name]
    for after in range(len(told)):
        one = TakeUp(replicas.there, {"id": told[0].data["id"]}, after, "sse")
        await one.listen()
        *deltas, end = one.listener.heard
        assert deltas == told[after:-1]
        assert (end.id, end.name, end.data["type"]) == (told[-1].id, "error", "/problems/answer-broke-off")


async def test_an_answer_in_one_piece_cannot_be_heard_while_it_is_made(replicas: Replicas) -> None:
    session = await replicas.here.session()
    replicas.provider.script(stop=0)
    asking = asyncio.create_task(replicas.here.ask(session, "Hi"))
    while not (turns := await replicas.there.turns(session)):
        await asyncio.sleep(0.001)
    for masterx in (replicas.here, replicas.there):
        assert (await masterx.call("GET", f"/v1/turns/{turns[0]['id']}/stream"))[0] == 409
    while not replicas.provider.requests:
        await asyncio.sleep(0.001)
    replicas.provider.go_on()
    assert (await asking)[0] == 200
