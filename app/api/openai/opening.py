"""Which session a chat completion belongs to: one that is named, or a new one that begins with what was said before."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request

from app.api.access import Principal
from app.api.bodies import plain
from app.api.calls import new_session, service, session_for
from app.api.openai.conversation import Conversation, Exchange
from app.api.openai.errors import invalid
from app.api.openai.parameters import ChatIn
from app.bootstrap.service import Service
from app.errors import NotFound
from app.storage.segments import Owner
from app.storage.turns import exchange
from app.vocabulary import Session, State, Turn

ANONYMOUS = "anonymous"
"""The learner of requests that name none."""


async def named_session(request: Request, chat: ChatIn) -> Session | None:
    """The session that a request names; `NotFound` where it is not there, or not for this key or this learner."""
    session_id = _one(request.headers.get("x-session-id"), "X-Session-Id", _in_metadata(chat), "metadata.session_id")
    if session_id is None:
        return None
    _, session = await session_for(request, session_id, write=True)
    learner = named_learner(request, chat)
    if learner is not None and learner != session.learner_id:
        raise NotFound("session", session_id)
    return session


def named_learner(request: Request, chat: ChatIn) -> str | None:
    """The learner that a request names, in the header as UTF-8 or in `user`."""
    header = request.headers.get("x-learner-id")
    learner = _one(header and _utf8(header), "X-Learner-Id", chat.user, "user")
    if learner is not None and (len(learner) > 200 or not plain(learner)):
        raise invalid("user", "A learner's name has 1 to 200 characters and no control characters.")
    return learner


async def begin(request: Request, chat: ChatIn, talk: Conversation, asking: Principal) -> Session:
    """A new session, with what was said in it elsewhere as turns that nobody was asked for."""
    learner = named_learner(request, chat) or asking.learner_id or ANONYMOUS
    session = replace(new_session(request, asking, learner), instructions=talk.instructions)
    parts = service(request)
    await parts.records.sessions.add(session, said_before(parts, session, talk.past))
    if talk.past:
        parts.remembered.recalls.added(Owner(session.workspace, session.learner_id))
    return session


def said_before(parts: Service, session: Session, past: Sequence[Exchange]) -> list[Turn]:
    """Exchanges as closed turns: no provider, no strategy, no attempt, for none of that is known."""
    turns: list[Turn] = []
    items = tokens = 0
    for n, (message, reply) in enumerate(past, 1):
        turn = Turn(
            id=parts.base.clock.id(),
            workspace=session.workspace,
            session_id=session.id,
            learner_id=session.learner_id,
            seq=n,
            message=message,
            created_at=session.created_at,
            state=State.COMPLETE,
            reply=reply,
            closed_at=session.created_at,
            message_tokens=parts.base.tokens.count(message),
            reply_tokens=parts.base.tokens.count(reply),
            history_items=items,
            history_tokens=tokens,
        )
        turns.append(turn)
        if said := exchange(turn):
            items, tokens = items + 1, tokens + said.tokens
    return turns


def _in_metadata(chat: ChatIn) -> str | None:
    return (chat.metadata or {}).get("session_id")


def _one(header: str | None, header_name: str, field: str | None, param: str) -> str | None:
    """What is said in a header or in the body; both must agree."""
    if header and field and header != field:
        raise invalid(param, f"'{param}' and the header {header_name} contradict each other.")
    return header or field or None


def _utf8(value: str) -> str:
    """A header's bytes as UTF-8, which they are for every name outside of ASCII."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
