"""What a learner is like: each trait with its evidence; learner and teacher may correct or hide one."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.bodies import Body, Value, documented, named, read
from app.api.calls import json, principal, service
from app.clock import iso
from app.errors import FieldError, Invalid, NotFound
from app.learner.profile.traits import NAMES, Known
from app.storage.corrections import Corrected, name_of
from app.storage.snapshots import CHANGED

router = APIRouter(tags=["Learners"])


def _whole(value: float | str | list[str] | None) -> float | str | list[str] | None:
    if value in ("", []):
        raise ValueError("must say something")
    return value


class TraitIn(Body):
    """What is true of a trait (null lets the evidence say it again), or that it is not to be shown or used."""

    value: Annotated[
        Annotated[float, Field(ge=-1e6, le=1e6)] | Value | Annotated[list[Value], Field(max_length=20)] | None,
        AfterValidator(_whole),
    ] = None
    hidden: bool = False


@router.get("/v1/learners/{learner_id}/profile", responses={200: {"model": shapes.ProfileOut}})
async def get_profile(request: Request, learner_id: str) -> Response:
    """The traits of a learner, each with value, interval, evidence and trend; null while too little is known."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    return json(await _told(request, asking.workspace, learner_id))


@router.put(
    "/v1/learners/{learner_id}/profile/{trait}",
    responses={200: {"model": shapes.ProfileOut}},
    openapi_extra=dict(documented(TraitIn)),
)
async def correct_trait(request: Request, learner_id: str, trait: str) -> Response:
    """Says what is true of a trait, or hides it: that holds against all evidence until it is said otherwise. A learner
    may of their own, a teacher of any."""
    asking = await principal(request)
    asking.must_see(learner_id, "learner", learner_id)
    named(learner_id)
    if trait not in NAMES:
        raise NotFound("trait", trait)
    body, _ = await read(request, TraitIn)
    if body.hidden and body.value is not None:
        raise Invalid([FieldError("hidden", "give a value or hide the trait, not both")])
    parts = service(request)
    corrections, whose = parts.records.corrections, (asking.workspace, learner_id, trait)
    if body.value is None and not body.hidden:
        await corrections.remove(*whose)
    else:
        at = iso(parts.base.clock.now())
        await corrections.put(Corrected(name_of(*whose), *whose, at, asking.role, body.value, body.hidden))
    parts.records.snapshots.drop_learner(asking.workspace, learner_id)
    parts.base.cache.publish(CHANGED, f"learner:{asking.workspace}/{learner_id}".encode())
    return json(await _told(request, asking.workspace, learner_id))


async def _told(request: Request, workspace: str, learner_id: str) -> dict[str, Any]:
    traits = await service(request).base.learning.profiles.of((workspace, learner_id))
    return {"learner_id": learner_id, "traits": {one.name: _shape(one) for one in traits}}


def _shape(trait: Known) -> dict[str, Any]:
    return {name: value for name, value in vars(trait).items() if name != "name"}
