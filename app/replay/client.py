"""A running service as the player sees it: a few calls over HTTP, each tried again where that cannot do harm."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import orjson
from prometheus_client.parser import text_string_to_metric_families

from app.errors import ReplayError, SettingsError
from app.replay.lines import Utterance
from app.replay.recording import Dialogue

Json = Mapping[str, Any]

_PAUSES = (0.1, 0.3, 0.6, 1.0, 2.0)
"""Seconds before each new try of a call that got no answer, or was told to come again."""

_LONGEST_PAUSE = 10.0
_PASSING = ("session-busy", "store-unavailable", "overloaded")
"""Problems of the service that will pass, besides its 429: nothing was asked of a provider."""

_LARGEST_EVENT = 1 << 22

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=180.0)
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with the JSON that came with it."""

    status: int
    body: Any
    retry_after: float | None = None

    @property
    def problem(self) -> str:
        """What went wrong, as a program names it and as people read it."""
        detail = self.body.get("detail") if isinstance(self.body, dict) else None
        return f"{self.status} {self.slug or 'unknown'}: {detail or 'no reason given'}"

    @property
    def passing(self) -> bool:
        """Whether the same call may well be answered a little later."""
        return self.status == 429 or self.slug in _PASSING

    @property
    def slug(self) -> str:
        """The problem's stable name, empty where there is none."""
        return str(self.body.get("type", "")).rpartition("/")[2] if isinstance(self.body, dict) else ""


class Client:
    """Speaks to one service. A service that is not there, or not for us, is a `ReplayError`."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url, self._http, self._gone = url, http, False

    @classmethod
    @asynccontextmanager
    async def of(cls, url: str, key: str | None) -> AsyncIterator[Self]:
        """A client of the service at an `http(s)://` address, with an API key where it wants one."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with aiohttp.ClientSession(
            headers=headers,
            timeout=_TIMEOUT,
            connector=aiohttp.TCPConnector(limit=0),
            read_bufsize=_LARGEST_EVENT,
        ) as http:
            yield cls(address(url), http)

    async def providers(self) -> tuple[str, ...]:
        """Who may be asked there. Also finds out whether it is a MasterX at all."""
        answer = await self._call("GET", "/health", pauses=())
        try:
            return tuple(answer.body["parts"]["providers"]["asked"])
        except (KeyError, TypeError) as error:
            raise ReplayError(f"{self.url}: that is no MasterX service ({answer.status} for /health)") from error

    async def open(self, dialogue: Dialogue) -> str:
        """A new session for a dialogue; its id."""
        about = {"learner_id": dialogue.learner_id, "subject": dialogue.subject, "goal": dialogue.goal}
        answer = await self._call("POST", "/v1/sessions", {k: v for k, v in about.items() if v is not None})
        if answer.status == 201:
            return str(answer.body["id"])
        raise ReplayError(f"{self.url}: no session can be opened: {answer.problem}{_advice(answer)}")

    async def ask(self, session: str, said: Utterance, *, key: str, stream: bool) -> Answer:
        """One turn. `key` makes it the same turn however often it has to be asked for."""
        body: dict[str, Any] = {"message": said.message, "stream": stream}
        if said.task is not None:
            body["task"] = said.task
        return await self._call("POST", f"/v1/sessions/{session}/turns", body, key=key)

    async def receipt(self, turn_id: str) -> Json | None:
        """What a model got to read for a turn; `None` where that is not kept."""
        answer = await self._call("GET", f"/v1/turns/{turn_id}/context")
        return answer.body if answer.status == 200 else None

    async def turns(self, session: str) -> AsyncIterator[Json]:
        """The turns of a session as they are kept, newest first."""
        cursor = ""
        while True:
            answer = await self._call("GET", f"/v1/sessions/{session}/turns?limit={_PAGE}{cursor}")
            if answer.status != 200:
                raise ReplayError(f"{self.url}: the turns of session {session} cannot be read: {answer.problem}")
            for turn in answer.body["data"]:
                yield turn
            if not answer.body["next_cursor"]:
                return
            cursor = f"&cursor={answer.body['next_cursor']}"

    async def lookups(self) -> dict[str, float]:
        """How many snapshots of sessions that process found warm (`hit`) and did not (`miss`); empty if unknown."""
        answer = await self._call("GET", "/metrics")
        if answer.status != 200 or not isinstance(answer.body, str):
            return {}
        families = text_string_to_metric_families(answer.body)
        found = (sample for family in families for sample in family.samples)
        return {s.labels["result"]: s.value for s in found if s.name == "masterx_snapshot_lookups_total"}

    async def _call(
        self, method: str, path: str, json: Json | None = None, *, key: str = "", pauses: Sequence[float] = _PAUSES
    ) -> Answer:
        for pause in (*(() if self._gone else pauses), None):
            try:
                answer = await self._once(method, path, json, key)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                if pause is None:
                    self._gone = True
                    raise ReplayError(f"{self.url}: no answer: {error or type(error).__name__}") from error
            else:
                self._gone = False
                if not answer.passing or pause is None:
                    return answer
                pause = min(answer.retry_after or pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)
        raise AssertionError("the last try answers or raises")

    async def _once(self, method: str, path: str, json: Json | None, key: str) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        async with self._http.request(method, self.url + path, json=json, headers=headers) as response:
            if response.content_type == "text/event-stream":
                return await _last_event(response)
            raw, wait = await response.read(), response.headers.get("retry-after", "")
            told = _decoded(raw) if response.content_type.endswith("json") else raw.decode("utf-8", "replace")
            return Answer(response.status, told, float(wait) if wait.isdigit() else None)


def address(url: str) -> str:
    """A service's address without what would be in the way of a path; `SettingsError` if it is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise SettingsError(f"--url {url}: allowed is an address such as http://127.0.0.1:8000")
    return url.rstrip("/")


async def _last_event(response: aiohttp.ClientResponse) -> Answer:
    """How a stream ended: the turn, or the problem that its error event carries."""
    name = ""
    async for line in response.content:
        if line.startswith(b"event: "):
            name = line[7:].strip().decode()
        elif line.startswith(b"data: ") and name in ("turn.completed", "error"):
            told = _decoded(line[6:])
            return Answer(200 if name == "turn.completed" else told.get("status", 500), told)
    raise aiohttp.ClientPayloadError("the stream ended without a last event")


def _decoded(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise aiohttp.ClientPayloadError("the answer is cut") from error


def _advice(answer: Answer) -> str:
    return "; give a key with --key-file" if answer.status in (401, 403) else ""
