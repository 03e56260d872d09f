"""Who is asking, and what they may: permission as a value that every route takes."""

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

from app.errors import Forbidden, NotFound, Unauthenticated
from app.storage.keys import PREFIX, Keys
from app.vocabulary import Permission

LOOPBACK = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")
"""Hosts, with or without a port, that mean this machine."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. A learner's key names its learner; `key` is the hash of the key, where one was needed."""

    workspace: str
    role: Permission
    learner_id: str | None = None
    key: str | None = None

    def must_see(self, learner_id: str, kind: str, name: str) -> None:
        """Raises `NotFound` (of a `kind` called `name`) where a learner's key reaches for another learner."""
        if self.role is Permission.LEARNER and self.learner_id != learner_id:
            raise NotFound(kind, name)

    def must_act_for(self, learner_id: str, kind: str, name: str) -> None:
        """Like `must_see`, for writing on a learner's behalf: a teacher reads but does not speak for a learner."""
        self.must_see(learner_id, kind, name)
        if self.role is Permission.TEACHER:
            raise Forbidden("a teacher's key reads; it does not write for a learner")

    def must_grade(self, learner_id: str) -> None:
        """Like `must_act_for`, and not for learners, who would raise their own mastery."""
        self.must_act_for(learner_id, "learner", learner_id)
        if self.role is Permission.LEARNER:
            raise Forbidden("a learner's key does not grade: answers are sent by the front end, with a key of its own")

    def must_teach(self) -> None:
        """Raises `Forbidden` for learners."""
        if self.role is Permission.LEARNER:
            raise Forbidden("a teacher's key is needed")

    def must_operate(self) -> None:
        """Raises `Forbidden` for all but operators."""
        if self.role is not Permission.OPERATOR:
            raise Forbidden("an operator's key is needed")


OPEN = Principal("default", Permission.OPERATOR)
"""Who asks on a loopback address where no keys are required."""


class Access:
    """Finds out who is asking."""

    def __init__(self, keys: Keys, required: bool) -> None:
        self._keys, self.required = keys, required

    async def principal(self, headers: Headers) -> Principal:
        """Who sends a request with these headers.

        Where no keys are required, one of ours is still honoured; any other secret, such as the placeholder that an
        OpenAI client must be given, is not looked at.
        """
        secret = _secret(headers)
        if not self.required and not secret.startswith(PREFIX):
            return _local(headers)
        if not secret:
            raise Unauthenticated("send an API key as `Authorization: Bearer mx_…`")
        key = await self._keys.of(secret)
        if key is None:
            raise Unauthenticated("this API key is not valid")
        return Principal(key.workspace, key.role, key.learner_id, key.hash)


def _secret(headers: Headers) -> str:
    """The key that was sent: in `Authorization`, or for a WebSocket, whose headers a browser does not let a page set,
    as the subprotocol `bearer.KEY`."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    offered = (name.strip() for name in headers.get("sec-websocket-protocol", "").split(","))
    return next((name.removeprefix("bearer.") for name in offered if name.startswith("bearer.")), "")


def _local(headers: Headers) -> Principal:
    """Refuses a page from elsewhere that talks to this machine's service in its visitor's name: one of another origin,
    or one whose own name was made to point here."""
    origin = headers.get("origin")
    if not LOOPBACK.fullmatch(headers.get("host", "")) or (
        origin and not LOOPBACK.fullmatch(origin.partition("://")[2])
    ):
        raise Forbidden("without an API key only pages and programs of this machine may call")
    return OPEN
