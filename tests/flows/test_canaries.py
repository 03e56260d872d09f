"""No learner reads in a context what another one said: a thousand learners, each with a word that only they know."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.bootstrap.service import Service, service
from app.clock import HandClock, SystemClock, iso
from app.context.memory.memory import SIZE
from app.context.memory.recalls import Sought
from app.context.recall.search import Question
from app.settings import Settings, load
from app.storage.ports import SEGMENTS
from app.storage.segments import Owner
from app.vocabulary import Ask, Session, State, Turn

WORKSPACES = ("north", "south", "east", "west")
NAMES = 250
ASKED = "What is my secret word? I told you the secret word that nobody else knows."
_CANARY = re.compile(r"canary\d{4}")


def canary(owner: Owner) -> str:
    """The word of a learner."""
    number = WORKSPACES.index(owner.workspace) * NAMES + int(owner.learner_id.removeprefix("learner-"))
    return f"canary{number:04}"


OWNERS = tuple(Owner(workspace, f"learner-{n}") for n in range(NAMES) for workspace in WORKSPACES)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A service on SQLite with little memory, where the offline tutor answers."""
    nobody, policy = tmp_path / "providers.toml", tmp_path / "policy.toml"
    nobody.write_text("model = []\n")
    shipped = Path(load({}).policy).read_text("utf-8")
    assert "megabytes = 256" in shipped
    policy.write_text(shipped.replace("megabytes = 256", "megabytes = 4").replace("patience = 0.15", "patience = 5"))
    store = f"sqlite:///{tmp_path}/masterx.db"
    return load({"MASTERX_STORE": store, "MASTERX_PROVIDERS": str(nobody), "MASTERX_POLICY": str(policy)})


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    async with service(settings, SystemClock()) as started:
        yield started
        await started.running.drain(5)


def told(parts: Service, owner: Owner, words: Sequence[str]) -> tuple[Session, list[Turn]]:
    """A session in which a learner said these words."""
    clock = parts.base.clock
    at = iso(clock.now())
    session = Session(clock.id(), owner.workspace, owner.learner_id, at, at, subject="Secrets")
    first = Turn(clock.id(), owner.workspace, session.id, owner.learner_id, 0, "", at, State.COMPLETE, closed_at=at)
    said = [replace(first, id=clock.id(), seq=n, message=text, reply=f"So: {text}") for n, text in enumerate(words, 1)]
    return session, said


async def everyone_tells(parts: Service) -> None:
    """Each learner says their word in a session of the past."""
    for start in range(0, len(OWNERS), 100):
        sessions = []
        for owner in OWNERS[start : start + 100]:
            words = (f"My secret word that nobody else knows is {canary(owner)}.", "Is it a good secret word?")
            sessions.append(parts.records.sessions.add(*told(parts, owner, words)))
        await asyncio.gather(*sessions)


async def context_of(parts: Service, owner: Owner) -> set[str]:
    """The words that the learner's next context holds, and what is found for it, asked in a new session."""
    session, _ = told(parts, owner, ())
    await parts.records.sessions.add(session)
    prepared = await parts.tutor.prepare(Ask(owner.workspace, session.id, ASKED, stream=False))
    found = await parts.remembered.recalls.find(Sought(owner, Question(ASKED, session.created_at)))
    assert found.ranked is not None, found.why
    passages = [found.ranked.index.passage(slot).text for slot in found.ranked.slots.tolist()]
    texts = [message.text for message in prepared.assembly.messages]
    return set(_CANARY.findall(" ".join([*passages, *texts])))


async def leaks(parts: Service, owners: Sequence[Owner] = OWNERS, at_once: int = 50) -> dict[Owner, set[str]]:
    """Whose context does not hold their own word and no other."""
    found: dict[Owner, set[str]] = {}
    for start in range(0, len(owners), at_once):
        some = owners[start : start + at_once]
        words = await asyncio.gather(*(context_of(parts, owner) for owner in some))
        found |= {owner: seen for owner, seen in zip(some, words, strict=True) if seen != {canary(owner)}}
    return found


async def test_a_thousand_learners_find_their_own_word_and_nobody_else_s(settings: Settings) -> None:
    async with running(settings) as parts:
        await everyone_tells(parts)
        assert await leaks(parts) == {}
        assert parts.remembered.recalls.warm.evicted, "too few for the memory to be short"
        few = OWNERS[::25]
        shuffled = [owner for pair in zip(few, reversed(few), strict=True) for owner in pair]
        assert await leaks(parts, shuffled, len(shuffled)) == {}, "asked all at once, and again after giving way"
    async with running(settings) as parts:
        assert await leaks(parts, OWNERS[7::25]) == {}, "after a restart"


async def test_what_is_erased_is_in_no_context_and_what_others_said_still_is(settings: Settings) -> None:
    async with running(settings) as parts:
        await everyone_tells(parts)
        gone, kept = OWNERS[:40:8], [owner for n, owner in enumerate(OWNERS[:40]) if n % 8]
        assert await leaks(parts, OWNERS[:40]) == {}
        erased, others = await asyncio.gather(
            asyncio.gather(*(parts.erasure.learner(owner) for owner in gone)), leaks(parts, kept)
        )
        assert others == {}, "while others are erased"
        assert all(counts["turns"] == 2 for counts in erased)
        assert await leaks(parts, gone) == {owner: set() for owner in gone}
        assert await leaks(parts, kept) == {}
        session, said = told(parts, gone[0], ["My secret word is canary9999."])
        await parts.records.sessions.add(session, said)
        parts.remembered.recalls.added(gone[0])
        assert await context_of(parts, gone[0]) == {"canary9999"}, "who comes back is new"
        await parts.erasure.session(session)
        assert await context_of(parts, gone[0]) == set()
    async with running(settings) as parts:
        assert await leaks(parts, gone) == {owner: set() for owner in gone}, "after a restart"


async def test_what_is_said_in_real_turns_is_found_by_who_said_it(settings: Settings) -> None:
    async with running(settings) as parts:
        some = OWNERS[:24]
        sessions = [told(parts, owner, ())[0] for owner in some]
        for session in sessions:
            await parts.records.sessions.add(session)

        async def tell(owner: Owner, session: Session) -> None:
            ask = Ask(owner.workspace, session.id, f"My secret word is {canary(owner)}.", stream=False)
            live, _ = await parts.running.ask(ask)
            assert (await live.wait()).state is State.COMPLETE

        await asyncio.gather(*map(tell, some, sessions))
        assert await leaks(parts, some) == {}


async def test_a_hundred_sessions_in_a_minute_are_one_memory(settings: Settings) -> None:
    owner, clock = OWNERS[0], HandClock()
    async with service(settings, clock) as parts:
        for n in range(100):
            session, said = told(parts, owner, [f"In session {n} I learned about topic{n}x."])
            await parts.records.sessions.add(session, said)
            clock.turn(0.6)
        found = await parts.remembered.recalls.find(Sought(owner, Question("topic0x topic57x topic99x", "")))
        assert found.ranked is not None
        texts = {found.ranked.index.passage(slot).text for slot in found.ranked.slots.tolist()}
        assert {f"In session {n} I learned about topic{n}x." for n in (0, 57, 99)} <= texts


async def test_of_eight_thousand_turns_the_first_and_the_last_are_found_again(settings: Settings) -> None:
    owner = OWNERS[0]
    async with running(settings) as parts:
        session, said = told(parts, owner, [f"Turn {n} is about w{n}x." for n in range(8_000)])
        # Ids of an hour ago: what is a minute old is packed.
        past = HandClock(parts.base.clock.now() - 3_600)
        aged = [replace(turn, id=past.id(), reply="") for turn in said]
        await parts.records.sessions.add(session)
        for start in range(0, len(aged), 2_000):
            await asyncio.gather(*map(parts.records.turns.open, aged[start : start + 2_000]))
        await parts.remembered.recalls.fetch(owner)
        async with asyncio.timeout(60):
            while await parts.base.store.count(SEGMENTS, owner.where) < 8_000 // SIZE:
                await asyncio.sleep(0.01)
    async with running(settings) as parts:
        await parts.remembered.recalls.fetch(owner)
        for n in (0, 4_000, 7_999):
            found = await parts.remembered.recalls.find(Sought(owner, Question(f"w{n}x", "")))
            assert found.ranked is not None
            assert found.ranked.index.passage(int(found.ranked.slots[0])).text == f"Turn {n} is about w{n}x."
