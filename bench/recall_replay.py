"""All real dialogues again, as many learners, with what announces a message and what only seems to.

Each dialogue is that of several learners at shifted times, so that they talk at once, and fewer of them are kept warm
than there are. Every session begins with a connection, most messages with writing; some visits end without a message:
by seed, so that each run sees the same.
"""

import asyncio
import random
import tempfile
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import orjson

from app.clock import Clock, HandClock, iso
from app.context.memory.recalls import Recalls, Sought
from app.context.preload import Preload
from app.context.recall.index import seconds
from app.context.recall.search import Question
from app.events import TurnEnded
from app.policy import RecallPolicy
from app.replay.locomo import rewritten
from app.storage.ports import TURNS, Store
from app.storage.records import to_doc
from app.storage.segments import Owner
from app.vocabulary import State, Turn

LOCOMO = Path(__file__).parent.parent / ".." / "shared" / "data" / "locomo"

LEARNERS_EACH = 4
"""Learners for each dialogue."""

WARM = 5
"""Memories that are kept, of some 20 learners."""

WRITES = 0.7
"""Of how many messages a front end tells that they are being written."""

LEAVES = 0.15
"""Beside how many sessions there is a visit in which somebody connects and writes, and then sends nothing."""

_GAPS = (20.0, 90.0)
"""Seconds between two messages of a session, from and to."""

_SHIFT = 3_600.0
_DAY = 86_400.0


def dialogues() -> Iterator[list[tuple[str, str]]]:
    """What was said in each real dialogue: when, and the text."""
    with tempfile.TemporaryDirectory(prefix="masterx-bench-") as scratch:
        for path in sorted(LOCOMO.glob("conv-*.json")):
            lines = rewritten(path, Path(scratch))
            said = [orjson.loads(line) for line in lines.read_bytes().splitlines()] if lines else []
            yield [(line["at"] or "", line["message"]) for line in said if line["message"]]


class World(Protocol):
    """A store, and memories over it."""

    store: Store

    def recalls(self, policy: RecallPolicy, clock: Clock | None = None) -> AbstractAsyncContextManager[Recalls]:
        """The memories of a process that has just started."""
        ...


@dataclass(frozen=True, order=True)
class Moment:
    """Something that happens: `here` is a connection or writing, which announces a message, or seems to."""

    at: float
    learner: str
    session: str
    what: Literal["here", "says"]
    text: str = ""


def moments(chance: random.Random) -> list[Moment]:
    """All that happens, in order of time."""
    found: list[Moment] = []
    for n, said in enumerate(dialogues()):
        for k in range(LEARNERS_EACH):
            sessions: dict[str, list[str]] = {}
            for at, text in said:
                sessions.setdefault(at, []).append(text)
            for at, texts in sessions.items():
                start = seconds(at) + chance.uniform(0, _SHIFT)
                found += _visit(chance, start, (f"learner-{n}-{k}", f"{n} {k} {at}"), texts)
                if chance.random() < LEAVES:
                    found += _visit(chance, start - _DAY / 2, (f"learner-{n}-{k}", f"{n} {k} {at} left"), [])
    return sorted(found)


def _visit(chance: random.Random, start: float, who: tuple[str, str], texts: list[str]) -> Iterator[Moment]:
    learner, session = who
    yield Moment(start, learner, session, "here")
    if not texts:
        yield Moment(start + 5, learner, session, "here")
    for text in texts:
        start += chance.uniform(*_GAPS)
        if chance.random() < WRITES:
            yield Moment(start - 5, learner, session, "here")
        yield Moment(start, learner, session, "says", text)


async def replay(world: World) -> dict[str, Any] | None:
    """Lookups by how the memory was there, and what became of what was fetched ahead."""
    happens = moments(random.Random(1))
    if not happens:
        return None
    clock, seq = HandClock(happens[0].at), dict[str, int]()
    async with world.recalls(RecallPolicy(), clock) as recalls:
        recalls.warm.most = WARM
        preload = Preload(recalls, clock)
        working = asyncio.ensure_future(preload.stay())
        for one in happens:
            clock.turn(max(one.at - clock.now(), 0.0))
            owner = Owner("replay", one.learner)
            if one.what == "here":
                preload.expect(owner, one.session)
                await preload.idle()
                continue
            await recalls.find(Sought(owner, Question(one.text, iso(clock.now()))))
            seq[one.session] = seq.get(one.session, 0) + 1
            turn = Turn(clock.id(), "replay", one.session, one.learner, seq[one.session], one.text, iso(clock.now()))
            closed = replace(turn, state=State.COMPLETE, reply="I see.", closed_at=iso(clock.now()))
            await world.store.insert(TURNS, to_doc(closed))
            recalls.hear(TurnEnded(closed))
            preload.hear(TurnEnded(closed))
        working.cancel()
        recalls.ahead.tidy(clock.monotonic() + _DAY)
        return {
            "turns": sum(one.what == "says" for one in happens),
            "learners": len({one.learner for one in happens}),
            "evicted": recalls.warm.evicted,
            "lookups": recalls.lookups,
            "preloads": recalls.ahead.counts,
        }
