"""Courses and their material: teachers write, everyone of the workspace reads."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from app.api import shapes
from app.api.access import Principal
from app.api.bodies import BODY_LIMIT, Body, Line, Name, documented, number, page_limit, plain, read
from app.api.calls import json, principal, service
from app.courses.skills import MOST_SKILLS, faults
from app.errors import FieldError, Invalid, TooLarge
from app.library import Hit, Sent
from app.storage.courses import Outline
from app.vocabulary import Course, Format, Skill

router = APIRouter(tags=["Courses"])

_IN_PARTS = ": send a longer document in parts, chapter by chapter"


def _spoken(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something")
    return text


class SkillIn(Body):
    """A skill of a course."""

    id: Annotated[Name, Field(examples=["linear-equations"])]
    title: Annotated[Name, Field(examples=["Linear equations"])]
    prerequisites: list[Name] = Field(default_factory=list, max_length=50, examples=[["fractions"]])
    minutes: Annotated[float, Field(gt=0, le=10_000, description="What it takes a learner, about.")] | None = None
    weight: Annotated[float, Field(gt=0, le=1_000, description="What it counts beside others, 1 else.")] | None = None


class CourseIn(Body):
    """What a course says of itself; its material stays as it is."""

    title: Annotated[Name, Field(examples=["Algebra I"])]
    description: Annotated[str, Field(max_length=4_000)] | None = None
    skills: list[SkillIn] = Field(default_factory=list, max_length=MOST_SKILLS)


class MaterialIn(Body):
    """A document: its text as `text`, or its bytes in base64 as `content`, which a PDF needs. A body may have 1 MiB."""

    title: Annotated[Name, Field(examples=["Chapter 3: Fractions"])]
    format: Format
    text: Annotated[str, AfterValidator(_spoken)] | None = None
    content: Annotated[str, Field(min_length=1)] | None = None
    source_url: Annotated[Line, Field(pattern=r"^https?://\S+$")] | None = None


class SkillOut(BaseModel):
    """A skill of a course."""

    id: str
    title: str
    prerequisites: list[str]
    minutes: float | None
    weight: float | None


class MaterialOut(BaseModel):
    """A document of a course: into how many pieces it was cut, and their tokens."""

    id: str
    title: str
    format: Format
    pieces: int
    tokens: int
    created_at: str
    source_url: str | None


class CourseOut(BaseModel):
    """A course. `version` grows with each change, of its material too."""

    course_id: str
    title: str
    description: str | None
    skills: list[SkillOut]
    materials: list[MaterialOut]
    version: int
    created_at: str
    updated_at: str


_SHOWN = tuple(CourseOut.model_fields)
_HEADS = tuple(name for name in _SHOWN if name not in ("skills", "materials"))


@router.put(
    "/v1/courses/{course_id}",
    responses={200: {"model": CourseOut}, 201: {"model": CourseOut}},
    openapi_extra=dict(documented(CourseIn)),
)
async def put_course(request: Request, course_id: str) -> Response:
    """Sets a course's title, description and skills. Teachers, front ends and operators."""
    asking = await _teacher(request)
    if not (0 < len(course_id) <= 200 and plain(course_id)):
        raise Invalid([FieldError("course_id", "must be 1 to 200 characters without control characters")])
    body, _ = await read(request, CourseIn)
    skills = tuple(Skill(s.id, s.title, tuple(s.prerequisites), s.minutes, s.weight) for s in body.skills)
    if wrong := faults(skills):
        raise Invalid(wrong)
    outline = Outline(body.title, body.description, skills)
    course, new = await service(request).records.courses.put(asking.workspace, course_id, outline)
    service(request).remembered.library.changed(asking.workspace, course_id)
    return json(_course(course), 201 if new else 200)


@router.get("/v1/courses")
async def list_courses(request: Request) -> Response:
    """The workspace's courses by name, with how many skills and documents each has (`limit`, `cursor`)."""
    asking = await principal(request)
    cursor = request.query_params.get("cursor")
    found = await service(request).records.courses.all(asking.workspace, page_limit(request), cursor)
    return Response(shapes.page(found, _head), media_type="application/json")


@router.get("/v1/courses/{course_id}", responses={200: {"model": CourseOut}})
async def get_course(request: Request, course_id: str) -> Response:
    """A course with its skills and documents."""
    asking = await principal(request)
    return json(_course(await service(request).records.courses.get(asking.workspace, course_id)))


@router.delete("/v1/courses/{course_id}", status_code=204)
async def remove_course(request: Request, course_id: str) -> Response:
    """Erases a course with its material. Teachers, front ends and operators."""
    asking = await _teacher(request)
    courses = service(request).records.courses
    await courses.remove(await courses.get(asking.workspace, course_id))
    service(request).remembered.library.changed(asking.workspace, course_id)
    return Response(status_code=204)


@router.post(
    "/v1/courses/{course_id}/materials",
    status_code=201,
    responses={201: {"model": MaterialOut}},
    openapi_extra=dict(documented(MaterialIn)),
)
async def add_material(request: Request, course_id: str) -> Response:
    """Adds a document to a course; it can be searched when this returns. Teachers, front ends and operators."""
    asking = await _teacher(request)
    try:
        body, _ = await read(request, MaterialIn)
    except TooLarge as error:
        raise TooLarge(BODY_LIMIT, _IN_PARTS) from error
    return json(await service(request).remembered.library.take(asking.workspace, course_id, _sent(body)), 201)


@router.delete("/v1/courses/{course_id}/materials/{material_id}", status_code=204)
async def remove_material(request: Request, course_id: str, material_id: str) -> Response:
    """Erases a document of a course. Teachers, front ends and operators."""
    asking = await _teacher(request)
    await service(request).records.courses.drop(asking.workspace, course_id, material_id)
    service(request).remembered.library.changed(asking.workspace, course_id)
    return Response(status_code=204)


@router.get("/v1/courses/{course_id}/search")
async def search_course(request: Request, course_id: str) -> Response:
    """What the material says to `q`, best first, each with where it stands (`limit`, 10 if not given)."""
    asking = await principal(request)
    wanted = request.query_params.get("q", "").strip()
    if not 0 < len(wanted) <= 2_000:
        raise Invalid([FieldError("q", "must be 1 to 2,000 characters")])
    hits = await service(request).remembered.library.search(
        asking.workspace, course_id, wanted, number(request, "limit", (10, 50))
    )
    return json({"data": [_hit(hit) for hit in hits], "next_cursor": None})


async def _teacher(request: Request) -> Principal:
    asking = await principal(request)
    asking.must_teach()
    return asking


def _sent(body: MaterialIn) -> Sent:
    if (body.text is None) == (body.content is None):
        raise Invalid([FieldError("content", "give the document either as `text` or, in base64, as `content`")])
    if body.text is not None:
        if body.format == "pdf":
            raise Invalid([FieldError("text", "a PDF is sent in base64, as `content`")])
        return Sent(body.title, body.format, body.text.encode(), "text", body.source_url)
    try:
        content = base64.b64decode(body.content or "", validate=True)
    except binascii.Error as error:
        raise Invalid([FieldError("content", f"is not base64: {error}")]) from error
    return Sent(body.title, body.format, content, "content", body.source_url)


def _course(course: Course) -> dict[str, Any]:
    return {name: getattr(course, name) for name in _SHOWN}


def _head(course: Course) -> dict[str, Any]:
    counts = {"skills": len(course.skills), "materials": len(course.materials)}
    return {name: getattr(course, name) for name in _HEADS} | counts


def _hit(hit: Hit) -> dict[str, Any]:
    return {"id": hit.passage.id, "text": hit.piece.text, "score": hit.score, "citation": hit.citation}
