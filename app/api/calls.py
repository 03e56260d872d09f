"""What every route begins with: the service, who asks, and JSON on the way out."""

from dataclasses import replace
from typing import Any, cast

import orjson
from starlette.requests import HTTPConnection
from starlette.responses import Response

from app.api.access import Access, Principal
from app.bootstrap.service import Service
from app.clock import iso
from app.vocabulary import Affect, Permission, Session, Turn


def service(request: HTTPConnection) -> Service:
    """The running service."""
    return cast(Service, request.app.state.service)


async def principal(request: HTTPConnection) -> Principal:
    """Who asks; raises `Unauthenticated`."""
    access: Access = request.app.state.access
    return await access.principal(request.headers)


async def session_for(request: HTTPConnection, session_id: str, *, write: bool) -> tuple[Principal, Session]:
    """Who asks and their session; `NotFound` where it is not theirs."""
    asking = await principal(request)
    snapshot = await service(request).records.snapshots.of(asking.workspace, session_id)
    check = asking.must_act_for if write else asking.must_see
    check(snapshot.session.learner_id, "session", session_id)
    return asking, snapshot.session


def new_session(request: HTTPConnection, asking: Principal, learner_id: str) -> Session:
    """An empty session of a learner, which nobody has kept yet; `NotFound` or `Forbidden` where the caller may not act
    for them."""
    asking.must_act_for(learner_id, "learner", learner_id)
    clock = service(request).base.clock
    now = iso(clock.now())
    return Session(clock.id(), asking.workspace, learner_id, created_at=now, updated_at=now)


def timed(request: HTTPConnection, turn: Turn) -> None:
    """Notes, for `Server-Timing`, what a turn took besides its provider."""
    request.state.timing = f"context;dur={turn.timing.context_ms}, overhead;dur={turn.timing.overhead_ms}, "


async def own_turn(request: HTTPConnection, turn_id: str, *, write: bool = False) -> Turn:
    """A turn that whoever asks may see, or write to; `NotFound` where it is not theirs."""
    asking = await principal(request)
    turn = await service(request).records.turns.get(asking.workspace, turn_id)
    check = asking.must_act_for if write else asking.must_see
    check(turn.learner_id, "turn", turn_id)
    return discreet(request, asking, turn)


def discreet(request: HTTPConnection, asking: Principal, turn: Turn) -> Turn:
    """A turn as whoever asks may see it: for a teacher without how the learner seemed to feel, unless their workspace
    wants that."""
    if asking.role is not Permission.TEACHER or service(request).base.policy.tells_teachers_affect(asking.workspace):
        return turn
    return replace(turn, reading=replace(turn.reading, affect=Affect()))


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A record as JSON."""
    return Response(orjson.dumps(value), status, headers, "application/json")


def rounded(figure: float | None) -> float | None:
    """A chance, or what is told in chances, to the four decimals that an answer gives; what is kept is not rounded."""
    return None if figure is None else round(figure, 4)
