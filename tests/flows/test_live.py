"""The live channels over real sockets: what a client has is what the server has, however slow or lossy it is."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio
from websockets.frames import CloseCode

from app.broadcasting import Channel, Code, Kind
from app.broadcasting.patch import known
from app.broadcasting.view import KEPT
from app.events import Alerted
from app.storage.alerts import Alerts
from app.storage.segments import Owner
from app.vocabulary import Alert, Cause, Permission
from tests.flows.live import PATIENCE, Replica, Watcher, deaf, replica

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERYBODY = frozenset({Permission.TEACHER, Permission.SERVICE, Permission.OPERATOR})


class World:
    """A state that changes each time it is looked at, until it is told to stand still."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.looks = 0
        self.stands = False
        self.state: dict[str, Any] = {"noise": ""}

    def current(self, workspace: str | None) -> dict[str, Any]:
        if not self.stands:
            self.looks += 1
            self._change(self.state, 3)
            # Much of it, so that a client which does not read is soon told nothing more.
            self.state["noise"] = self._chance.randbytes(50_000).hex()
            self.state["looks"] = self.looks
        return self.state

    def _change(self, inner: dict[str, Any], depth: int) -> None:
        for name in self._chance.sample("abcd", 2):
            match self._chance.choice(["unknown", "number", "list", "object"]):
                case "unknown":
                    inner[name] = None
                case "number":
                    inner[name] = self._chance.choice([0, 1.5, True, float("nan")])
                case "list":
                    inner[name] = [self._chance.random(), None, {"x": None}]
                case _ if depth:
                    if not isinstance(inner.get(name), dict):
                        inner[name] = {}
                    self._change(inner[name], depth - 1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replicas(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> AsyncIterator[list[Replica]]:
    folder = tmp_path_factory.mktemp("live")
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(replica(folder, name, redis_url)) for name in "ab"]


@pytest.fixture
def here(replicas: list[Replica]) -> Iterator[Replica]:
    patience = replicas[0].live.patience
    yield replicas[0]
    replicas[0].live.patience = patience


async def operator(at: Replica) -> str:
    return await at.key(Permission.OPERATOR)


async def test_a_slow_client_that_loses_frames_has_what_the_server_has(here: Replica) -> None:
    world, lost = World(7), random.Random(8)
    here.live.offer(Channel("world", world.current, EVERYBODY, 0.1))
    here.live.patience = PATIENCE
    query, key = "channels=world&every_ms=100", await operator(here)
    async with here.watch(query, key, sock=deaf(here.port), max_queue=1) as me, here.watch(query, key) as quick:
        await me.follow()
        while world.looks < 20:
            await quick.follow()
        slow = [await me.follow()]
        while me.state.get("looks", 0) < 20:
            slow.append(await me.follow())
        assert len(slow) < 15
        while world.looks < 32:
            await (me.hear() if lost.random() < 0.3 else me.follow())
        world.stands = True
        # What is lost last is noticed by nothing that follows.
        await me.send("resume", channel="world", epoch=me.epoch, seq=me.seq)
        while me.state.get("looks") != world.looks:
            await me.follow()
        assert me.state == known(orjson.loads(orjson.dumps(world.state)))


async def test_whoever_comes_back_is_told_what_it_missed(here: Replica) -> None:
    world = World(9)
    here.live.offer(Channel("back", world.current, EVERYBODY, 0.1))
    async with here.watch("channels=back&fields=looks,none.such", await operator(here)) as stays:
        async with here.watch("channels=back&fields=looks,none.such", await operator(here)) as first:
            await first.follow()
        while stays.seq < first.seq + 3:
            await stays.follow()
        async with here.watch("", await operator(here)) as again:
            again.state, again.epoch, again.seq = first.state, first.epoch, first.seq
            await again.send("resume", channel="back", epoch=first.epoch, seq=first.seq)
            frame = await again.follow()
            assert (frame["type"], frame["after"]) == ("delta", first.seq)
            while stays.seq != again.seq:
                await min(stays, again, key=lambda each: each.seq).follow()
            assert stays.state == again.state
            assert set(again.state) == {"looks"}
            await again.send("resume", channel="back", epoch="another process", seq=3)
            while (await again.follow())["type"] != "snapshot":
                pass


async def test_clients_of_either_replica_hear_every_event_in_order(replicas: list[Replica]) -> None:
    for each in replicas:
        each.live.offer(Channel("rang", None, EVERYBODY, 0.1, Kind.KEPT))
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(each.watch("channels=rang&every_ms=100", await operator(each)))
            for each in replicas
        ]
        for client in clients:
            await client.follow()
        for n in range(200):
            for name, each in zip("ab", replicas, strict=True):
                each.live.tell("rang", "w", {"from": name, "n": n})
                each.live.tell("rang", "another", {"from": name, "n": n})
            await asyncio.sleep(0)
        for client in clients:
            while len(client.events) < 400:
                await client.follow()
            for name in "ab":
                assert [event["n"] for event in client.events if event["from"] == name] == list(range(200))
    async with replicas[1].watch("channels=rang", await operator(replicas[1])) as late:
        begin = (await late.hear())["data"]
        assert len(begin) == 50
        assert begin[-1] in ({"from": "a", "n": 199}, {"from": "b", "n": 199})


async def test_a_ticket_opens_one_connection_on_any_replica(replicas: list[Replica]) -> None:
    first, key = replicas[0], await operator(replicas[0])
    async with aiohttp.ClientSession() as http:
        url, headers = f"http://127.0.0.1:{first.port}/v1/live:ticket", {"Authorization": f"Bearer {key}"}
        async with http.post(url) as refused:
            assert refused.status == 401
        async with http.post(url, headers=headers) as given:
            assert given.status == 201
            ticket = (await given.json())["ticket"]

    async def tried(at: Replica) -> str:
        async with at.watch(f"channels=turns&ticket={ticket}") as client:
            try:
                return str((await client.hear())["type"])
            except Exception:
                return str(client.socket.close_code)

    found = await asyncio.gather(*(tried(each) for each in [*replicas, *replicas]))
    assert sorted(found) == ["4401", "4401", "4401", "snapshot"]


async def test_a_reader_that_takes_nothing_is_closed_and_holds_nobody_up(here: Replica) -> None:
    world = World(11)
    here.live.offer(Channel("heavy", world.current, EVERYBODY, 0.1))
    here.live.offer(Channel("pager", None, EVERYBODY, 0.1, Kind.KEPT))
    here.live.patience = 0.3
    slow = here.live.closed.get("4008", 0)
    async with (
        here.watch("channels=heavy", await operator(here), sock=deaf(here.port), max_queue=1),
        here.watch("channels=pager", await operator(here), sock=deaf(here.port), max_queue=1) as paged,
        here.watch("channels=heavy", await operator(here)) as heavy,
        here.watch("channels=pager", await operator(here)) as quick,
    ):
        while here.live.closed.get("4008", 0) == slow:
            await heavy.follow()
        here.live.patience, n = PATIENCE, 0
        while here.live.closed.get("4008", 0) == slow + 1:
            for told in range(n + 1, n + 401):
                here.live.tell("pager", "w", {"n": told, "noise": "x" * 1_000})
            n += 400
            while not quick.events or quick.events[-1]["n"] < n:
                await quick.follow()
        assert n >= KEPT
        assert await paged.code() == Code.SLOW
        assert [event["n"] for event in quick.events] == list(range(1, n + 1))


async def test_each_role_sees_its_part(here: Replica) -> None:
    turn = {"id": "1", "session_id": "s", "learner_id": "ada", "task": "practice", "state": "complete"}
    roles = {role: await here.key(role, "ada" if role is Permission.LEARNER else None) for role in Permission}
    async with AsyncExitStack() as stack:
        watchers: dict[Permission, Watcher] = {}
        for role, key in roles.items():
            watchers[role] = await stack.enter_async_context(here.watch("channels=turns", key))
            await watchers[role].follow()
        here.live.tell("turns", "w", turn | {"id": "0", "learner_id": "ben"})
        here.live.tell("turns", "w", turn)
        seen = {}
        for role, watcher in watchers.items():
            while not watcher.events or watcher.events[-1]["id"] != "1":
                await watcher.follow()
            seen[role] = watcher.events
        assert [event["learner_id"] for event in seen[Permission.LEARNER]] == ["ada"]
        assert [event["learner_id"] for event in seen[Permission.SERVICE]] == ["ben", "ada"]
        assert seen[Permission.OPERATOR] == seen[Permission.SERVICE]
        assert [set(event) for event in seen[Permission.TEACHER]] == [{"id", "task", "state"}] * 2
        await watchers[Permission.TEACHER].send("subscribe", channels=["health"])
        assert await watchers[Permission.TEACHER].code() == Code.NOT_SHOWN
    async with here.watch("channels=health,providers,metrics:1m", roles[Permission.OPERATOR]) as whole:
        found = {frame["channel"]: frame["data"] for frame in [await whole.hear() for _ in range(3)]}
        assert found["metrics:1m"]["window"] == "1m"
        assert "series" in found["metrics:1m"]
        assert found["health"]["status"] in ("ok", "degraded")  # a busy machine is slow, which it says
        assert found["health"]["parts"]
        assert "data" in found["providers"]
    refusals: list[tuple[str, str | None, Code]] = [
        ("channels=metrics", roles[Permission.SERVICE], Code.NOT_SHOWN),
        ("channels=health", roles[Permission.LEARNER], Code.NOT_SHOWN),
        ("channels=turns&workspace=another", roles[Permission.OPERATOR], Code.NOT_SHOWN),
        ("channels=turns", None, Code.UNAUTHENTICATED),
        ("channels=turns", "mx_nobody", Code.UNAUTHENTICATED),
        ("ticket=mxt_guessed", roles[Permission.OPERATOR], Code.UNAUTHENTICATED),
    ]
    for query, other, code in refusals:
        async with here.watch(query, other) as refused:
            assert await refused.code() == code


async def test_a_list_of_alerts_is_read_page_by_page_while_it_changes(here: Replica) -> None:
    alerts, headers = Alerts(here.parts.base.store), {"Authorization": f"Bearer {await operator(here)}"}
    for n in range(5):
        at = time() + n
        alert = Alert(f"p{n}", "w", "slow", f"p{n}", "Slow", "page", "quiet", at, at, at, quiet_until=at + 3_600)
        assert await alerts.put(None, alert)
    await here.parts.alerting.look()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{here.port}", headers=headers) as http:

        async def page(query: str) -> Any:
            async with http.get(f"/v1/alerts?limit=2{query}") as answer:
                return await answer.json()

        first = await page("&state=quiet")
        assert [alert["id"] for alert in first["data"]] == ["p4", "p3"]
        gone = await alerts.get("p3")
        assert gone
        await alerts.put(gone, replace(gone, state="closed", closed_at=time(), version=gone.version + 1))
        await here.parts.alerting.look()
        second = await page(f"&state=quiet&cursor={first['next_cursor']}")
        assert [alert["id"] for alert in second["data"]] == ["p2", "p1"]
        last = await page(f"&state=quiet&cursor={second['next_cursor']}")
        assert ([alert["id"] for alert in last["data"]], last["next_cursor"]) == (["p0"], None)
        for cursor in ("x", "W10=", "e30="):
            assert (await page(f"&cursor={cursor}"))["errors"][0]["field"] == "cursor"


async def test_who_watches_with_a_key_that_is_revoked_is_let_go(here: Replica) -> None:
    key = await operator(here)
    async with (
        here.watch("channels=turns", key) as revoked,
        here.watch("channels=turns", await operator(here)) as other,
    ):
        found = await here.parts.records.keys.of(key)
        assert found
        await here.parts.records.keys.revoke(found.id)
        await here.live.recheck()
        assert await revoked.code() == Code.UNAUTHENTICATED
        assert (await other.hear())["type"] == "snapshot"
        assert other.socket.close_code is None


async def test_what_makes_no_sense_is_answered_and_what_is_hostile_is_ended(here: Replica) -> None:
    key = await operator(here)
    async with here.watch("channels=nothing", key) as client:
        assert "there is no channel 'nothing'" in (await client.hear())["problem"]["errors"][0]["message"]
        for text, field in [
            ("{", None),
            ("[" * 60_000, None),
            ('{"type":"subscribe","channels":' + "[" * 30_000 + "]" * 30_000 + "}", None),
            ('{"type":' * 7_000 + "1" + "}" * 7_000, None),
            ('{"type":"subscribe","channels":["\\ud800"]}', None),
            ('{"type":"resume","channel":"turns","epoch":"\\udfff\\ud800","seq":1}', None),
            ('{"type":"shout"}', "body"),
            ('{"type":"subscribe","channels":["turns"],"every_ms":10}', "every_ms"),
            ('{"type":"resume","channel":"turns","epoch":"e","seq":-1}', "seq"),
        ]:
            await client.socket.send(text)
            problem = (await client.hear())["problem"]
            assert problem["status"] in (400, 422)
            assert field is None or problem["errors"][0]["field"] == field, problem
        await client.send("subscribe", channels=["turns"])
        assert (await client.hear())["type"] == "snapshot"
        for _ in range(20):
            await client.socket.send("?")
        assert await client.code() == Code.POLICY
    hostile: list[tuple[bytes | str, int]] = [
        (b"\0", Code.UNSUPPORTED),
        ("x" * 70_000, Code.TOO_BIG),
        ("x" * 2**21, Code.TOO_BIG),
        (b'"\xed\xa0\x80"', CloseCode.INVALID_DATA),  # a lone surrogate as bytes is no UTF-8
    ]
    for message, code in hostile:
        async with here.watch("channels=turns", key) as client:
            await client.socket.send(message, text=True if code == CloseCode.INVALID_DATA else None)
            assert await client.code() == code
    async with here.watch("channels=%ED%A0%80,turns", key) as client:
        assert (await client.hear())["problem"]["errors"][0]["field"] == "channels"
    async with here.watch("", key) as client:
        for _ in range(101):
            await client.send("unsubscribe", channels=["turns"])
        assert await client.code() == Code.POLICY


async def test_a_replica_that_ends_says_so_and_the_other_knows_what_it_told(
    replicas: list[Replica], tmp_path: Path, redis_url: str
) -> None:
    stays = replicas[0]
    stays.live.offer(Channel("left", None, EVERYBODY, 0.1, Kind.KEPT))
    async with replica(tmp_path, "c", redis_url) as goes, stays.watch("channels=left", await operator(stays)) as other:
        goes.live.offer(Channel("left", None, EVERYBODY, 0.1, Kind.KEPT))
        await other.follow()
        async with goes.watch("channels=left", await operator(goes)) as client:
            await client.follow()
            goes.live.tell("left", "w", {"n": 1})
            goes.server.should_exit = True
            assert await client.code() == Code.RESTART
        while not other.events:
            await other.follow()
    async with stays.watch("channels=left", await operator(stays)) as again:
        assert (await again.hear())["data"] == [{"n": 1}] == other.events


async def test_a_channel_that_fails_harms_nobody(here: Replica) -> None:
    state: dict[str, Any] = {}

    def current(workspace: str | None) -> dict[str, Any]:
        return {"count": state["count"]}

    here.live.offer(Channel("frail", current, EVERYBODY, 0.1))
    async with here.watch("channels=frail,turns", await operator(here)) as client:
        assert (await client.hear())["channel"] == "turns"
        state["count"] = 1
        assert (await client.follow())["data"] == {"count": 1}
        state.clear()
        await client.send("resume", channel="frail", epoch=client.epoch, seq=client.seq)
        assert (await client.follow())["seq"] == 1
        assert client.state == {"count": 1}


async def test_a_learner_who_is_erased_is_told_of_on_no_replica_any_more(replicas: list[Replica]) -> None:
    (here, there), bob, eve = replicas, {"learner_id": "bob"}, {"learner_id": "eve"}
    for each in replicas:
        each.live.offer(
            Channel("known", None, EVERYBODY, 0.1, Kind.EVENTS, whose=lambda event: str(event["learner_id"]))
        )
    known, key, elsewhere = "channels=known", await operator(here), await operator(there)
    async with here.watch(known, key) as first, there.watch(known, elsewhere) as second:
        assert [(await reader.follow())["data"] for reader in (first, second)] == [[], []]
        for workspace, event in (("w", eve), ("w", bob), ("another", eve)):
            here.live.tell("known", workspace, event)
        for reader in (first, second):
            await told(reader, lambda watcher: watcher.events == [eve, bob])
        await here.parts.erasure.learner(Owner("w", "eve"))
        for reader in (first, second):
            await told(reader, lambda watcher: watcher.state == [bob])
    for at in replicas:
        async with at.watch(known, await operator(at)) as later:
            assert (await later.follow())["data"] == [bob]
        async with at.watch(known, await at.key(Permission.OPERATOR, workspace="another")) as other:
            assert (await other.follow())["data"] == [eve]


async def told(watcher: Watcher, enough: Callable[[Watcher], bool]) -> None:
    while not enough(watcher):
        await watcher.follow()


async def test_an_alert_names_to_a_workspace_only_what_is_its_own(here: Replica) -> None:
    causes = (
        Cause("ada's school", 0.9, "…", "…", "arm", "x", 0.9, workspace="another"),
        Cause("groq", 0.1, "…", "…", "breaker", "groq", 0.1),
    )
    alert = Alert("a1", "", "slow", "groq", "Slow", "page", "open", 1.0, 1.0, 1.0, causes=causes)
    async with here.watch("channels=alerts", await operator(here)) as client:
        await client.follow()
        here.parts.base.events.publish(Alerted(alert))
        while not client.events:
            await client.follow()
        assert [cause["what"] for cause in client.events[0]["causes"]] == ["another workspace", "groq"]
