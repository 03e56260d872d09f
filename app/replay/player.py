"""Plays dialogues side by side, the turns of each in order, and looks afterwards whether each was kept."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.errors import ReplayError
from app.replay.client import Client, Json
from app.replay.recording import Dialogue, Recording, utterance
from app.replay.sources import Place


@dataclass(frozen=True, slots=True)
class Played:
    """One line that was played: the turn it became and its receipt, or the problem in its place."""

    place: Place
    turn: Json | None = None
    receipt: Json | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What a session holds of a dialogue: turns that answers were given for and those of them that are there once, in
    order and complete; `strange` are turns that nobody asked for, `unread` those that could not be looked for."""

    answered: int
    kept: int
    strange: int
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Manner:
    """How to play: dialogues at once, answers as streams or not, a name that no other replay has."""

    concurrency: int
    stream: bool
    run: str


@dataclass(slots=True)
class Listener:
    """Who hears of each turn as it ends, and of each dialogue."""

    turn: Callable[[Played], None]
    dialogue: Callable[[Kept], None]


@dataclass(slots=True)
class _Told:
    """A dialogue as far as it was played: the answered turns' ids with the lines they answer, and failed lines."""

    session: str
    answered: dict[str, Place] = field(default_factory=dict)
    failed: int = 0


class Player:
    """Plays a recording. `stop` ends it after the turns that are under way; a service that is gone ends it, too."""

    def __init__(self, client: Client, manner: Manner, listener: Listener) -> None:
        self._client, self._manner, self._listener = client, manner, listener
        self.stopped: str | None = None

    def stop(self, why: str) -> None:
        """Starts no further turn. Only the first reason is kept."""
        self.stopped = self.stopped or why

    async def play(self, recording: Recording) -> None:
        """Plays all dialogues."""
        waiting = iter(enumerate(recording.dialogues))
        async with asyncio.TaskGroup() as players:
            for _ in range(min(self._manner.concurrency, len(recording.dialogues))):
                players.create_task(self._one_after_the_other(waiting))

    async def _one_after_the_other(self, waiting: Iterator[tuple[int, Dialogue]]) -> None:
        for number, dialogue in waiting:
            if self.stopped:
                return
            try:
                await self._dialogue(number, dialogue)
            except ReplayError as error:
                self.stop(str(error))

    async def _dialogue(self, number: int, dialogue: Dialogue) -> None:
        told = _Told(await self._client.open(dialogue))
        try:
            for n in range(len(dialogue)):
                if self.stopped:
                    break
                await self._turn(f"replay-{self._manner.run}-{number}-{n}", dialogue.place(n), told)
        finally:
            self._listener.dialogue(await self._kept(told))

    async def _turn(self, key: str, place: Place, told: _Told) -> None:
        said = utterance(place)
        answer = await self._client.ask(told.session, said, key=key, stream=self._manner.stream)
        if answer.status != 200 or answer.body.get("state") != "complete":
            told.failed += 1
            problem = answer.problem if answer.status != 200 else f"the turn is {answer.body.get('state')}"
            self._listener.turn(Played(place, problem=problem))
            return
        told.answered[answer.body["id"]] = place
        self._listener.turn(Played(place, answer.body, await self._client.receipt(answer.body["id"])))

    async def _kept(self, told: _Told) -> Kept:
        """Reads the session back, if the service is still there."""
        try:
            return await kept(told.answered, told.failed, self._client.turns(told.session))
        except ReplayError as error:
            self.stop(str(error))
            return Kept(len(told.answered), 0, 0, unread=len(told.answered))


async def kept(answered: dict[str, Place], failed: int, turns: AsyncIterator[Json]) -> Kept:
    """Compares the lines that were answered with a session's `turns`, newest first; `failed` lines may have left a
    turn each."""
    expected = list(answered)
    position = {turn_id: n for n, turn_id in enumerate(expected)}
    good, others, last = 0, 0, len(expected)
    async for turn in turns:
        n = position.get(turn["id"])
        if n is None or n >= last:
            others += 1
            continue
        good += _same(turn, answered[turn["id"]])
        last = n
    return Kept(len(expected), good, max(0, others - failed))


def _same(turn: Json, place: Place) -> bool:
    said: Any = utterance(place).message
    return bool(turn["message"] == said and turn["state"] == "complete")
