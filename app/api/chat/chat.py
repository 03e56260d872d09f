"""One chat: reads a learner's frames, relays one turn at a time."""

import asyncio
import contextlib

from starlette.websockets import WebSocket, WebSocketDisconnect

from app.api.bodies import checked_key, digest
from app.api.calls import service, session_for
from app.api.chat import frames
from app.api.closing import of_chat
from app.api.problems import problem_of
from app.api.take_up import Told, take_up
from app.broadcasting import Code
from app.errors import Conflict, Invalid, Malformed, MasterxError, NotFound, Overloaded, Refused, SessionBusy
from app.live import Name, past
from app.storage.segments import Owner
from app.vocabulary import Ask, Session, State, Turn

IDLE = 3_600.0
"""Seconds without a frame from the client after which the chat is closed."""

BEAT = 15.0
NONSENSE = 20
"""Frames in a row that cannot be understood before the chat is closed."""


class Chat:
    """One open connection. What is said of a turn goes on being kept when the client leaves."""

    def __init__(self, socket: WebSocket, session_id: str, request_id: str) -> None:
        self._socket, self._session_id, self._request_id = socket, session_id, request_id
        self._path, self._parts = socket.url.path, service(socket)
        self._tasks = asyncio.TaskGroup()
        self._turn_id: str | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._nonsense = 0
        self.code: int | None = None
        """How it was closed, by whoever did."""

    async def run(self) -> None:
        """Until the client leaves or the chat is closed."""
        turns = await self._parts.records.turns.newest(self._session_id, 1)
        newest = ({"id": t.id, "seq": t.seq, "state": t.state} for t in turns.data)
        await self._send(frames.state("ready", session_id=self._session_id, turn=next(newest, None)))
        async with self._tasks:
            while (text := await self._read()) is not None:
                await self._hear(text)
            if self._relaying:
                self._relaying.cancel()

    def expect(self, session: Session) -> None:
        """Notes that a turn is near: what it needs may be fetched."""
        self._parts.remembered.preload.expect(Owner(session.workspace, session.learner_id), session.id)

    async def leave(self) -> None:
        """Sends what the turn under way still says, which has ended by now, then closes: come back elsewhere."""
        if self._relaying:
            await asyncio.wait([self._relaying])
        await self.close(Code.RESTART, "the service is restarting")

    async def close(self, code: Code, reason: str) -> None:
        """Closes the chat. A client that has left does not mind."""
        if self.code is None:
            self.code = code
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self._socket.close(code, reason)

    async def _read(self) -> str | None:
        try:
            async with asyncio.timeout(IDLE):
                frame = await self._socket.receive()
        except TimeoutError:
            await self.close(Code.GOING_AWAY, "nothing was said for an hour")
            return None
        if frame["type"] == "websocket.disconnect":
            self.code = self.code or frame.get("code")
            return None
        text: str | None = frame.get("text")
        if text is None:
            await self.close(Code.UNSUPPORTED, "frames are JSON text")
        return text

    async def _hear(self, text: str) -> None:
        """Does what a frame asks; what cannot be done is answered with an `error` frame."""
        try:
            await self._do(frames.parse(text))
            self._nonsense = 0
        except MasterxError as error:
            await self._refuse(error)
            if isinstance(error, Malformed | Invalid):
                await self._count_nonsense()
            if isinstance(error, Refused) or (isinstance(error, NotFound) and error.kind == "session"):
                await self.close(*of_chat(error))

    async def _do(self, frame: frames.Frame) -> None:
        # Every frame, not only the first, needs a key that is still valid and a session that still is there.
        typing = isinstance(frame, frames.TypingFrame)
        asking, session = await session_for(self._socket, self._session_id, write=not typing)
        match frame:
            case frames.MessageFrame():
                await self._ask(asking.workspace, frame)
            case frames.CancelFrame():
                await self._cancel(asking.workspace, frame)
            case frames.ResumeFrame():
                await self._resume(asking.workspace, frame)
            case frames.TypingFrame():
                self.expect(session)

    async def _ask(self, workspace: str, frame: frames.MessageFrame) -> None:
        key = checked_key(frame.idempotency_key, "idempotency_key")
        self._must_be_free()
        if self._parts.health.draining:
            raise Overloaded("the service is restarting; send it again in a moment")
        ask = Ask(
            workspace=workspace,
            session_id=self._session_id,
            message=frame.message,
            stream=True,
            task=frame.task,
            idempotency_key=key,
            digest=digest(frame.message, frame.task) if key else None,
        )
        live, repeated = await self._parts.running.ask(ask)
        await self._send(frames.state("accepted", turn_id=live.turn.id, replayed=repeated))
        self._relay(live if live.streamed else past(await live.wait()), 0)

    async def _cancel(self, workspace: str, frame: frames.CancelFrame) -> None:
        turn_id = frame.turn_id or self._turn_id
        live = self._parts.running.get(turn_id) if turn_id else None
        if frame.turn_id:
            turn = await self._own(workspace, frame.turn_id)
            if live is None and turn.state is State.OPEN:
                raise Conflict("this turn is running on another replica")
        stopped = live is not None and live.stop("cancelled")
        await self._send(frames.state("cancelling" if stopped else "idle", turn_id=turn_id))

    async def _resume(self, workspace: str, frame: frames.ResumeFrame) -> None:
        self._must_be_free()
        turn = await self._own(workspace, frame.turn_id)
        told = await take_up(self._parts, turn, frame.after)
        if told is None:
            return await self._send(frames.state("idle", turn_id=turn.id))
        await self._send(frames.state("resumed", turn_id=turn.id, after=frame.after))
        return self._relay(told, frame.after)

    async def _own(self, workspace: str, turn_id: str) -> Turn:
        turn = await self._parts.records.turns.get(workspace, turn_id)
        if turn.session_id != self._session_id:
            raise NotFound("turn", turn_id)
        return turn

    def _must_be_free(self) -> None:
        if self._relaying and not self._relaying.done():
            raise SessionBusy("this chat is still hearing an answer; cancel it first")

    def _relay(self, told: Told, after: int) -> None:
        self._turn_id = told.turn.id
        self._relaying = self._tasks.create_task(self._tell(told, after))

    async def _tell(self, told: Told, after: int) -> None:
        ended = False
        try:
            async for events in told.listen(after, BEAT):
                for event in events:
                    await self._send(frames.told(event, told.turn, self._request_id, self._path))
                    ended = event.name is Name.ENDED
            if not ended:
                await self._refuse(Conflict("this answer's events are no longer kept; read it whole"))
        except MasterxError as error:
            await self._refuse(error)
        except WebSocketDisconnect:
            return  # the reader hears of it too

    async def _refuse(self, error: MasterxError) -> None:
        await self._send(frames.refused(problem_of(error), self._request_id, self._path))

    async def _send(self, text: str) -> None:
        if self.code is not None:
            return
        try:
            await self._socket.send({"type": "websocket.send", "text": text})
        except RuntimeError as error:
            # The server has closed the connection by itself, because of a ping without answer or a broken frame.
            raise WebSocketDisconnect(Code.INTERNAL) from error

    async def _count_nonsense(self) -> None:
        self._nonsense += 1
        if self._nonsense >= NONSENSE:
            await self.close(Code.POLICY, f"{NONSENSE} frames in a row made no sense")
