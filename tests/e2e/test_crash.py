"""Pull the plug at any moment: every turn that was acknowledged is there once, every other one as incomplete."""

import asyncio
import random
import signal
import socket
from dataclasses import dataclass, field

import aiohttp

from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx
from tests.mongod import Mongod
from tests.valkey import Valkey

KILLS = 20
TALKERS = 3


@dataclass
class Talker:
    """Asks one question after the other in a session of its own, and notes what it was told."""

    masterx: Masterx
    session: str
    acknowledged: dict[str, str] = field(default_factory=dict)
    heard: str = ""
    asked: int = 0
    events: int = 0

    async def talk(self) -> None:
        """Goes on until the connection breaks."""
        while True:
            self.heard, self.asked = "", self.asked + 1
            async for event in self.masterx.stream(self.session, f"Question {self.asked} [[n=10 gap=8]]"):
                self.events += 1
                if event.name == "delta":
                    self.heard += event.data["text"]
                elif event.name == "turn.completed":
                    self.acknowledged[event.data["id"]] = event.data["reply"]
                    self.heard = ""


async def broken_off(*talkers: Talker) -> None:
    """Waits until every talker has lost its connection."""
    for ended in await asyncio.gather(*(talker.talk() for talker in talkers), return_exceptions=True):
        assert isinstance(ended, aiohttp.ClientError | ConnectionError), repr(ended)


def check(talker: Talker, turns: list[dict[str, object]], exact: bool) -> None:
    """The promises of the record, after a crash."""
    kept = {str(t["id"]): t for t in turns}
    assert len(kept) == len(turns)
    assert [t["seq"] for t in turns] == list(range(len(turns), 0, -1))
    assert {t["state"] for t in turns} <= {"complete", "incomplete"}
    for turn_id, reply in talker.acknowledged.items():
        assert (kept[turn_id]["state"], kept[turn_id]["reply"]) == ("complete", reply)
    # What was heard of the turn that broke off is kept, and nothing else was heard.
    if talker.heard and exact:
        assert str(turns[0]["reply"]).startswith(talker.heard)


async def test_killed_at_twenty_points_of_a_stream_nothing_acknowledged_is_lost(
    start: AsyncStart, production: dict[str, str]
) -> None:
    chance = random.Random(7)
    masterx = await start(**production)
    exact = production["MASTERX_STORE"].startswith("sqlite")
    talkers = [Talker(masterx, await masterx.session(f"learner-{n}")) for n in range(TALKERS)]
    for _ in range(KILLS):
        # How far they get is said in events, for how long that takes is a matter of the machine.
        far_enough = sum(talker.events for talker in talkers) + chance.randint(0, 60)
        talking = asyncio.create_task(broken_off(*talkers))
        async with asyncio.timeout(PATIENCE):
            while sum(talker.events for talker in talkers) < far_enough:
                await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0.0, 0.02))
        masterx.signal(signal.SIGKILL)
        await talking
        await masterx.ended()
        await masterx.start()
        for talker in talkers:
            check(talker, await masterx.turns(talker.session), exact)
    # Both kinds were met, or the test has shown nothing.
    assert sum(len(talker.acknowledged) for talker in talkers) >= TALKERS
    states = [t["state"] for talker in talkers for t in await masterx.turns(talker.session)]
    assert "incomplete" in states


async def test_the_banner_says_what_was_recovered(start: AsyncStart) -> None:
    masterx = await start()
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[stop=3]]")
    await anext(stream)
    await masterx.kill()
    await stream.aclose()  # type: ignore[attr-defined]
    await masterx.start()
    assert "Recovered  1 interrupted turn" in masterx.banner
    assert (await masterx.ask(session, "Again?"))[0] == 200


async def test_mongod_killed_in_the_middle_loses_no_acknowledged_turn(start: AsyncStart, mongod: Mongod) -> None:
    masterx = await start(MASTERX_STORE=mongod.url)
    talkers = [Talker(masterx, await masterx.session(f"learner-{n}")) for n in range(TALKERS)]
    talking = asyncio.gather(*(one_after_the_other(talker) for talker in talkers))
    for _ in range(3):
        before = sum(len(talker.acknowledged) for talker in talkers)
        async with asyncio.timeout(PATIENCE):
            while sum(len(t.acknowledged) for t in talkers) < before + 6:
                await asyncio.sleep(0.01)
        mongod.kill()
        status, problem = await masterx.ask(talkers[0].session, "Is anybody there?")
        assert (status, problem["type"]) in [(503, "/problems/store-unavailable"), (409, "/problems/session-busy")]
        assert (await masterx.call("GET", "/health/live"))[0] == 200
        await asyncio.to_thread(mongod.restart)
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    await masterx.kill()
    await masterx.start()
    for talker in talkers:
        turns = await masterx.turns(talker.session)
        assert len({t["id"] for t in turns}) == len(turns)
        kept = {t["id"]: t["reply"] for t in turns if t["state"] == "complete"}
        assert talker.acknowledged.items() <= kept.items()


async def test_a_service_whose_store_is_gone_still_ends_and_the_turn_is_kept(
    start: AsyncStart, provider: MisbehavingProvider, mongod: Mongod
) -> None:
    masterx = await start("--port", "0", "--grace", "0.2", MASTERX_STORE=mongod.url)
    session = await masterx.session()
    asking = asyncio.ensure_future(masterx.ask(session, "Hi [[stop=0]]"))
    await provider.asked(1)
    mongod.kill()
    masterx.signal(signal.SIGTERM)
    await masterx.logged("draining")
    provider.go_on()
    status, problem = await asking
    assert (status, problem["type"]) == (503, "/problems/store-unavailable")
    assert await masterx.ended() == 0
    await asyncio.to_thread(mongod.restart)
    await masterx.start()
    kept = (await masterx.turns(session))[0]
    assert (kept["message"], kept["state"]) == ("Hi [[stop=0]]", "incomplete")
    assert (await masterx.ask(session, "Again?"))[0] == 200


async def test_redis_killed_in_mid_stream_is_not_noticed(
    start: AsyncStart, provider: MisbehavingProvider, valkey: Valkey
) -> None:
    masterx = await start(MASTERX_CACHE=valkey.url)
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[n=20 gap=10 stop=3]]")
    told = [await anext(stream), await anext(stream)]
    valkey.kill()
    provider.go_on()
    told += [event async for event in stream]
    assert told[-1].name == "turn.completed"
    assert (await masterx.ask(session, "And now?"))[0] == 200
    await until_health(masterx, "degraded")
    assert (await masterx.call("GET", "/health/ready"))[0] == 200
    valkey.restart()
    await until_health(masterx, "ok")


async def test_a_service_starts_without_its_redis(start: AsyncStart, valkey: Valkey) -> None:
    valkey.kill()
    masterx = await start(MASTERX_CACHE=valkey.url)
    assert (await masterx.ask(await masterx.session(), "Hi"))[0] == 200
    valkey.restart()
    await until_health(masterx, "ok")


async def test_sigterm_lets_a_stream_finish_and_exits_cleanly(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start("--port", "0", "--grace", "30")
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[n=20 gap=20 stop=3]]")
    told = [await anext(stream), await anext(stream)]
    masterx.signal(signal.SIGTERM)
    await masterx.logged("draining")
    provider.go_on()
    told += [event async for event in stream]
    assert told[-1].name == "turn.completed"
    assert await masterx.ended() == 0


async def test_sigterm_ends_a_long_stream_with_its_terminal_event(start: AsyncStart) -> None:
    masterx = await start("--port", "0", "--grace", "0.2")
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[stop=3]]")
    told = [await anext(stream), await anext(stream)]
    masterx.signal(signal.SIGTERM)
    told += [event async for event in stream]
    assert told[-1].name == "error"
    assert told[-1].data["type"] == "/problems/shutting-down"
    assert await masterx.ended() == 0
    await masterx.start()
    kept = (await masterx.turns(session))[0]
    assert kept["state"] == "incomplete"
    assert kept["reply"] == "".join(e.data["text"] for e in told if e.name == "delta")


async def test_sigterm_while_a_provider_hangs_ends_in_time(start: AsyncStart, provider: MisbehavingProvider) -> None:
    masterx = await start("--port", "0", "--grace", "0.2")
    session = await masterx.session()
    asking = asyncio.ensure_future(masterx.ask(session, "Hi [[fault=hang]]"))
    await provider.asked(1)
    masterx.signal(signal.SIGTERM)
    status, problem = await asking
    assert (status, problem["type"]) == (503, "/problems/shutting-down")
    assert await masterx.ended() == 0


async def test_a_restart_over_an_inherited_socket_loses_no_request(start: AsyncStart) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        arguments = ("--fd", str(listener.fileno()))
        masterx = await start(*arguments)
        session = await masterx.session()
        url = f"{masterx.url}/v1/context"
        done, statuses = asyncio.Event(), list[int]()

        async def knock() -> None:
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as http:
                while not done.is_set():
                    async with http.post(url, json={"session_id": session, "message": "Hi"}) as answer:
                        statuses.append(answer.status)

        knocking = asyncio.gather(*(knock() for _ in range(8)))
        for restart in range(3):
            async with asyncio.timeout(PATIENCE):
                while len(statuses) < 40 * (restart + 1):
                    await asyncio.sleep(0.01)
            masterx.signal(signal.SIGTERM)
            assert await masterx.ended() == 0
            await masterx.start()
        done.set()
        await knocking
    assert len(statuses) > 100
    assert set(statuses) == {200}


async def test_a_second_interrupt_ends_it_at_once(start: AsyncStart) -> None:
    masterx = await start("--port", "0", "--grace", "60")
    session = await masterx.session()
    stream = masterx.stream(session, "Hi [[stop=3]]")
    await anext(stream)
    masterx.signal(signal.SIGINT)
    await masterx.logged("draining")
    masterx.signal(signal.SIGINT)
    await masterx.ended()
    await stream.aclose()  # type: ignore[attr-defined]


async def one_after_the_other(talker: Talker) -> None:
    """Asks until cancelled, whatever the answers are."""
    while True:
        talker.asked += 1
        message = f"Question {talker.asked} [[n=4 gap=5]]"
        status, turn = await talker.masterx.ask(talker.session, message)
        if status == 200 and turn["state"] == "complete":
            talker.acknowledged[turn["id"]] = turn["reply"]
        else:
            await asyncio.sleep(0.05)


async def until_health(masterx: Masterx, status: str) -> None:
    """Waits until the service says this of itself."""
    async with asyncio.timeout(PATIENCE):
        while (await masterx.call("GET", "/health"))[1]["status"] != status:
            await asyncio.sleep(0.1)
