"""The chat over WebSocket: the same turn underneath, and a stated answer to each thing that goes wrong."""

import asyncio
import base64
import contextlib
import json
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.e2e.conftest import AsyncStart
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.service import PATIENCE, Masterx, begun, cli, closed, events
from tests.mongod import Mongod

Frame = dict[str, Any]
END = ("turn.completed", "error")


class Chat:
    """A client of one chat."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, type_: str, **fields: Any) -> None:
        """Sends a frame."""
        await self.socket.send(json.dumps({"type": type_, **fields}))

    async def hear(self) -> Frame:
        """The next frame."""
        frame: Frame = json.loads(await self.socket.recv())
        return frame

    async def until(self, *types: str) -> list[Frame]:
        """The frames up to one of a type."""
        frames = [await self.hear()]
        while frames[-1]["type"] not in types:
            frames.append(await self.hear())
        return frames

    async def ask(self, message: str, **fields: Any) -> list[Frame]:
        """Asks; all frames of the turn, without the `accepted`."""
        await self.send("message", message=message, **fields)
        accepted, *frames = await self.until(*END)
        assert (accepted["type"], accepted["state"]) == ("state", "accepted"), accepted
        return frames

    async def code(self) -> int:
        """The code with which the service closes; frames before are skipped."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def chat(masterx: Masterx, session: str, key: str | None = None, **options: Any) -> AsyncIterator[Chat]:
    """An open chat whose first frame was `ready`."""
    async with knock(masterx, session, key, **options) as client:
        ready = await client.hear()
        assert (ready["type"], ready["state"], ready["session_id"]) == ("state", "ready", session)
        yield client


@asynccontextmanager
async def knock(masterx: Masterx, session: str, key: str | None = None, **options: Any) -> AsyncIterator[Chat]:
    """An open connection, the way a browser makes one: the key goes as a subprotocol."""
    offered = [Subprotocol("masterx"), Subprotocol(f"bearer.{key}")] if key else None
    url = f"{masterx.url.replace('http', 'ws', 1)}/v1/sessions/{session}/chat"
    async with connect(url, subprotocols=offered, compression=None, **options) as socket:
        yield Chat(socket)


@pytest.fixture
async def masterx(start: AsyncStart) -> Masterx:
    return await start()


async def test_a_turn_is_told_in_frames_and_kept(start: AsyncStart, production: dict[str, str]) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    async with chat(masterx, session) as client:
        await client.send("typing")
        frames = await client.ask("Hi [[n=12 gap=2]]", task="practice")
        again = await client.ask("And again?")
    kinds = [frame["type"] for frame in frames]
    assert kinds == ["turn.started", *["delta"] * (len(frames) - 2), "turn.completed"]
    assert [frame["n"] for frame in frames] == list(range(1, len(frames) + 1))
    turn = frames[-1]["turn"]
    assert (turn["id"], turn["task"], turn["state"]) == (frames[0]["id"], "practice", "complete")
    assert "".join(frame["text"] for frame in frames if frame["type"] == "delta") == turn["reply"]
    assert await masterx.call("GET", f"/v1/turns/{turn['id']}") == (200, turn)
    assert again[-1]["turn"]["seq"] == turn["seq"] + 1


async def test_a_chat_that_breaks_is_taken_up_where_it_broke(masterx: Masterx, provider: MisbehavingProvider) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client:
        await client.send("message", message="Hi [[n=40 gap=5 stop=20]]")
        heard = (await client.until("delta"))[1:]
    async with knock(masterx, session) as client:
        ready = await client.hear()
        assert ready["turn"] == {"id": heard[0]["id"], "seq": 1, "state": "open"}
        await client.send("resume", turn_id=ready["turn"]["id"], after=heard[-1]["n"])
        resumed = await client.hear()
        assert (resumed["state"], resumed["after"]) == ("resumed", heard[-1]["n"])
        provider.go_on()
        heard += await client.until(*END)
        await client.send("resume", turn_id=heard[0]["id"], after=heard[-1]["n"])
        assert (await client.hear())["state"] == "idle"
    assert [frame["n"] for frame in heard] == list(range(1, len(heard) + 1))
    assert "".join(f["text"] for f in heard if f["type"] == "delta") == heard[-1]["turn"]["reply"]


async def test_what_one_way_began_another_takes_up(
    start: AsyncStart, provider: MisbehavingProvider, mongo_url: str, redis_url: str
) -> None:
    here = await start(MASTERX_STORE=mongo_url, MASTERX_CACHE=redis_url)
    there = await start(MASTERX_STORE=mongo_url, MASTERX_CACHE=redis_url)
    session = await here.session()
    stream = here.stream(session, "Hi [[n=30 gap=5 stop=20]]")
    started = await anext(stream)
    async with chat(there, session) as client:
        await client.send("resume", turn_id=started.data["id"])
        assert (await client.hear())["state"] == "resumed"
        provider.go_on()
        frames = await client.until(*END)
    rest = [event async for event in stream]
    assert frames[-1]["turn"] == rest[-1].data
    assert "".join(f["text"] for f in frames if f["type"] == "delta") == frames[-1]["turn"]["reply"]


async def test_sse_takes_up_a_chat_and_is_told_when_all_was_heard(masterx: Masterx) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client:
        frames = await client.ask("Hi")
    path = f"{masterx.url}/v1/turns/{frames[0]['id']}/stream"
    async with masterx.http.get(path, headers={"Last-Event-ID": "2"}) as answer:
        assert [event.id for event in [e async for e in events(answer)]] == [f["n"] for f in frames[2:]]
    async with masterx.http.get(path, headers={"Last-Event-ID": str(frames[-1]["n"])}) as answer:
        assert answer.status == 204
    async with masterx.http.get(path, headers={"Last-Event-ID": "999"}) as answer:
        assert answer.status == 409


async def test_a_number_that_was_never_given_out_is_refused(masterx: Masterx) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client, chat(masterx, session) as second:
        await client.send("message", message="Hi [[stop=3]]")
        started = (await client.until("turn.started"))[-1]
        for after in (999, -1, "2"):
            await second.send("resume", turn_id=started["id"], after=after)
            assert (await second.hear())["problem"]["type"] == "/problems/invalid"


async def test_a_turn_of_another_session_is_not_there(masterx: Masterx) -> None:
    mine, other = await masterx.session(), await masterx.session("bob")
    _, turn = await masterx.ask(other, "Hi")
    async with chat(masterx, mine) as client:
        for name in (turn["id"], "nowhere"):
            for kind in ("resume", "cancel"):
                await client.send(kind, turn_id=name)
                assert (await client.hear())["problem"]["type"] == "/problems/turn-not-found"


async def test_cancel_stops_the_answer_and_a_finished_one_stays(
    masterx: Masterx, provider: MisbehavingProvider
) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client:
        await client.send("message", message="Hi [[stop=3]]")
        await client.until("delta")
        await client.send("cancel")
        turn = (await client.until(*END))[-1]["turn"]
        assert (turn["state"], turn["reply"] != "") == ("cancelled", True)
        await provider.requests[-1].ended.wait()
        assert provider.requests[-1].abandoned
        for fields in ({}, {"turn_id": turn["id"]}):
            await client.send("cancel", **fields)
            assert await client.hear() == {"type": "state", "state": "idle", "turn_id": turn["id"]}
        assert (await client.ask("And now?"))[-1]["type"] == "turn.completed"


async def test_a_message_while_one_runs_is_refused_and_the_first_goes_on(
    masterx: Masterx, provider: MisbehavingProvider
) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client, chat(masterx, session) as second:
        await client.send("message", message="Hi [[stop=3]]")
        await client.until("delta")
        for one in (client, second):
            await one.send("message", message="Me too")
            assert (await one.until("error"))[-1]["problem"]["type"] == "/problems/session-busy"
        provider.go_on()
        assert (await client.until(*END))[-1]["turn"]["state"] == "complete"
    assert len(await masterx.turns(session)) == 1


async def test_a_retry_with_an_idempotency_key_hears_the_first_answer(masterx: Masterx) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client:
        first = await client.ask("Hi", idempotency_key="k")
        again = await client.ask("Hi", idempotency_key="k")
        assert again[-1]["turn"] == first[-1]["turn"]
        await client.send("message", message="Something else", idempotency_key="k")
        assert (await client.hear())["problem"]["type"] == "/problems/idempotency-key-reused"
    assert len(await masterx.turns(session)) == 1


async def test_an_answer_that_breaks_off_is_told_as_what_it_is_and_kept(masterx: Masterx) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client:
        frames = await client.ask("Hi [[fault=cut after=3]]")
        assert (frames[-1]["type"], frames[-1]["n"]) == ("error", len(frames))
        assert frames[-1]["problem"]["type"] == "/problems/answer-broke-off"
        assert (await client.ask("Again"))[-1]["type"] == "turn.completed"
    kept = (await masterx.turns(session))[1]
    assert kept["reply"] == "".join(f["text"] for f in frames if f["type"] == "delta") != ""


async def test_a_client_that_leaves_loses_nothing(
    start: AsyncStart, provider: MisbehavingProvider, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    session = await masterx.session()
    async with chat(masterx, session) as client:
        await client.send("message", message="Hi [[stop=3]]")
        await client.until("delta")
        client.socket.transport.abort()
    provider.go_on()
    assert (await closed(masterx, session))["state"] == "complete"


NONSENSE: tuple[tuple[str, str, str | None], ...] = (
    ("no json", "malformed", None),
    ("", "malformed", None),
    ("[]", "invalid", "body"),
    ("{}", "invalid", "body"),
    ('{"type":"dance"}', "invalid", "body"),
    ('{"type":"message"}', "invalid", "message"),
    ('{"type":"message","message":"  "}', "invalid", "message"),
    ('{"type":"message","message":"Hi","task":"juggling"}', "invalid", "task"),
    ('{"type":"message","message":"Hi","colour":"red"}', "invalid", "colour"),
    ('{"type":"message","message":"Hi","idempotency_key":"a b"}', "invalid", "idempotency_key"),
    (json.dumps({"type": "message", "message": "x" * 32_001}), "invalid", "message"),
    ('{"type":"message","message":"' + "[" * 100_000 + '"', "malformed", None),
    ('{"type":"message","message":' + "[" * 100_000 + "]" * 100_000 + "}", "malformed", None),
    ('{"type":"message","message":"\\ud800"}', "malformed", None),
)


async def test_a_frame_that_makes_no_sense_is_answered_and_the_chat_goes_on(masterx: Masterx) -> None:
    async with chat(masterx, await masterx.session()) as client:
        for frame, slug, field in NONSENSE:
            await client.socket.send(frame)
            problem = (await client.hear())["problem"]
            assert problem["type"] == f"/problems/{slug}", frame
            assert [error["field"] for error in problem["errors"]] == ([field] if field else []), frame
        assert (await client.ask("Hi"))[-1]["type"] == "turn.completed"


async def test_what_a_chat_is_closed_for(masterx: Masterx) -> None:
    session = await masterx.session()
    async with chat(masterx, session) as client:
        await client.socket.send(b"\x00\x01")
        assert await client.code() == 1003
    async with chat(masterx, session, max_size=None) as client:
        with contextlib.suppress(ConnectionClosed):  # it need not be read to the end to be refused
            await client.socket.send("x" * 10_000_000)
        assert await client.code() == 1009
    async with chat(masterx, session) as client:
        for _ in range(20):
            await client.send("dance")
        assert await client.code() == 1008
    async with knock(masterx, "nowhere") as client:
        assert await client.code() == 4404
    async with knock(masterx, session, additional_headers={"Origin": "https://elsewhere.example"}) as client:
        assert await client.code() == 4403
    async with chat(masterx, session) as client:
        assert (await masterx.call("DELETE", f"/v1/sessions/{session}"))[0] == 204
        await client.send("message", message="Hi")
        assert await client.code() == 4404
    assert (await masterx.call("GET", "/health"))[0] == 200


async def test_a_message_in_fragments_is_one_message(masterx: Masterx) -> None:
    async with chat(masterx, await masterx.session()) as client:
        await client.socket.send(iter(['{"type":"mes', 'sage","message":', '"Hi"}']))
        assert (await client.until(*END))[-1]["turn"]["message"] == "Hi"


async def test_pings_are_answered(masterx: Masterx) -> None:
    async with chat(masterx, await masterx.session()) as client:
        await (await client.socket.ping())


async def test_keys_are_asked_for_as_elsewhere(start: AsyncStart, tmp_path: Path) -> None:
    store = {"MASTERX_STORE": f"sqlite:///{tmp_path}/masterx.db"}
    masterx = await start(MASTERX_AUTH="required", **store)

    async def key(*arguments: str) -> str:
        return (await cli(tmp_path, store, "keys", "create", *arguments))[1].strip()

    service, bob = await key("--role", "service"), await key("--role", "learner", "--learner", "bob")
    session = await masterx.session(Authorization=f"Bearer {service}")
    async with chat(masterx, session, service) as client:
        assert client.socket.subprotocol == "masterx"
        assert (await client.ask("Hi"))[-1]["type"] == "turn.completed"
    for given, code in ((None, 4401), ("mx_wrong", 4401), (bob, 4404), (await key("--role", "teacher"), 4403)):
        async with knock(masterx, session, given) as client:
            assert await client.code() == code
    header = {"Authorization": f"Bearer {service}"}
    async with chat(masterx, session, additional_headers=header) as client:
        assert (await client.ask("Hi"))[-1]["type"] == "turn.completed"


async def test_sigterm_lets_a_chat_hear_its_answer_and_says_come_back(
    start: AsyncStart, provider: MisbehavingProvider
) -> None:
    masterx = await start("--port", "0", "--grace", "30")
    session, idle = await masterx.session(), await masterx.session("bob")
    async with chat(masterx, session) as client, chat(masterx, idle) as waiting:
        await client.send("message", message="Hi [[stop=3]]")
        await client.until("delta")
        masterx.signal(signal.SIGTERM)
        await masterx.logged("draining")
        provider.go_on()
        assert (await client.until(*END))[-1]["turn"]["state"] == "complete"
        assert [await client.code(), await waiting.code()] == [1012, 1012]
    assert await masterx.ended() == 0


async def test_sigterm_ends_a_long_chat_with_its_terminal_frame(start: AsyncStart) -> None:
    masterx = await start("--port", "0", "--grace", "0.3")
    session = await masterx.session()
    async with chat(masterx, session) as client:
        await client.send("message", message="Hi [[stop=3]]")
        await client.until("delta")
        masterx.signal(signal.SIGTERM)
        end = (await client.until(*END))[-1]
        assert end["problem"]["type"] == "/problems/shutting-down"
        assert await client.code() == 1012
    assert await masterx.ended() == 0


async def test_without_a_store_a_message_is_refused_and_a_chat_is_sent_away(start: AsyncStart, mongod: Mongod) -> None:
    masterx = await start(MASTERX_STORE=mongod.url)
    session = await masterx.session()
    async with chat(masterx, session) as client:
        mongod.kill()
        await client.send("message", message="Hi")
        assert (await client.hear())["problem"]["type"] == "/problems/store-unavailable"
        async with knock(masterx, session) as second:
            assert await second.code() == 1013
        mongod.restart()


@pytest.mark.parametrize("kind", ["chat", "stream"])
async def test_a_client_that_does_not_read_is_let_go(start: AsyncStart, kind: str) -> None:
    masterx = await start("--port", "0", "--ping", "0.3")
    session = await masterx.session()
    assert masterx.process is not None
    service, port = psutil.Process(masterx.process.pid), masterx.url.rpartition(":")[2]
    with socket.create_connection(("127.0.0.1", int(port))) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.to_thread(ask_for_much, client, kind, session)
        await begun(masterx, session)
        async with asyncio.timeout(PATIENCE):
            while client.getsockname() in {c.raddr for c in service.net_connections() if c.status == "ESTABLISHED"}:
                await asyncio.sleep(0.05)
    await closed(masterx, session)
    assert [turn["state"] for turn in await masterx.turns(session)] == ["complete"]


def ask_for_much(client: socket.socket, kind: str, session: str) -> None:
    """Asks for a long answer."""
    body = json.dumps({"type": "message", "message": "Hi [[n=4000]]"}).encode()
    if kind == "stream":
        body = json.dumps({"message": "Hi [[n=4000]]", "stream": True}).encode()
        path = f"POST /v1/sessions/{session}/turns HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        return client.sendall(f"{path}content-length: {len(body)}\r\n\r\n".encode() + body)
    upgrade = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
    key = f"sec-websocket-key: {base64.b64encode(bytes(16)).decode()}\r\n"
    client.sendall(f"GET /v1/sessions/{session}/chat HTTP/1.1\r\nhost: 127.0.0.1\r\n{upgrade}{key}\r\n".encode())
    while b"ready" not in client.recv(4096):
        pass
    # A mask of zeros leaves the text as it is.
    return client.sendall(bytes([0x81, 0x80 | len(body), 0, 0, 0, 0]) + body)
