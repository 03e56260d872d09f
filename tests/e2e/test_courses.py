"""Courses and their material through the real service: who may, what is found, what is refused."""

import base64
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import AsyncStart
from tests.e2e.service import Masterx
from tests.e2e.test_access import Caller, key
from tests.unit.courses.pdfs import bomb, locked, outlined, pdf

COURSE = {
    "title": "Algebra",
    "description": "From numbers to letters",
    "skills": [
        {"id": "fractions", "title": "Fractions", "minutes": 40},
        {"id": "linear", "title": "Linear equations", "prerequisites": ["fractions"], "weight": 2},
    ],
}
TEXT = """# Fractions
A fraction has a numerator and a denominator.

## Adding
To add fractions, bring them to a common denominator first.

# Equations
What you do to one side of an equation, do to the other.
"""


def markdown(text: str = TEXT, **fields: Any) -> dict[str, Any]:
    return {"title": "Chapter 1", "format": "markdown", "text": text, **fields}


def sent(content: bytes, format: str = "pdf") -> dict[str, Any]:  # noqa: A002
    return {"title": "Book", "format": format, "content": base64.b64encode(content).decode()}


@pytest.fixture
async def masterx(start: AsyncStart) -> Masterx:
    """A service with a course."""
    running = await start()
    assert (await running.call("PUT", "/v1/courses/algebra", COURSE))[0] == 201
    return running


async def found(masterx: Masterx, question: str, course: str = "algebra") -> list[dict[str, Any]]:
    status, body = await masterx.call("GET", f"/v1/courses/{course}/search?q={question}")
    assert status == 200, body
    data: list[dict[str, Any]] = body["data"]
    return data


async def test_a_course_with_its_material_can_be_searched_and_cited(
    start: AsyncStart, production: dict[str, str]
) -> None:
    masterx = await start(**production)
    status, course = await masterx.call("PUT", "/v1/courses/algebra", COURSE)
    assert (status, course["version"], course["skills"][1]["prerequisites"]) == (201, 1, ["fractions"])
    status, chapter = await masterx.call(
        "POST", "/v1/courses/algebra/materials", markdown(source_url="https://example.org/1")
    )
    assert (status, chapter["title"], chapter["pieces"]) == (201, "Chapter 1", 2)
    book = outlined(pdf([["Preface"], ["The quadratic formula solves every quadratic equation."]]), [("Roots", 1)])
    status, pages = await masterx.call("POST", "/v1/courses/algebra/materials", sent(book))
    assert status == 201, pages

    best = (await found(masterx, "how+do+I+add+fractions"))[0]
    assert "common denominator" in best["text"]
    assert best["citation"] == {
        "material_id": chapter["id"],
        "title": "Chapter 1",
        "heading": ["Fractions"],
        "page": None,
        "source_url": "https://example.org/1",
    }
    cited = [hit["citation"] for hit in await found(masterx, "quadratic+formula")]
    assert ("Book", ["Roots"], 2) in [(one["title"], one["heading"], one["page"]) for one in cited[:2]]

    status, course = await masterx.call("PUT", "/v1/courses/algebra", {"title": "Algebra I"})
    assert (status, course["title"], course["skills"], len(course["materials"])) == (200, "Algebra I", [], 2)
    assert (await masterx.call("DELETE", f"/v1/courses/algebra/materials/{pages['id']}"))[0] == 204
    assert all(hit["citation"]["title"] == "Chapter 1" for hit in await found(masterx, "quadratic+formula+equation"))
    status, listed = await masterx.call("GET", "/v1/courses")
    assert [(one["course_id"], one["materials"]) for one in listed["data"]] == [("algebra", 1)]
    assert (await masterx.call("DELETE", "/v1/courses/algebra"))[0] == 204
    assert (await masterx.call("GET", "/v1/courses/algebra/search?q=x"))[0] == 404


async def test_learners_read_teachers_write_and_no_workspace_sees_another(start: AsyncStart, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/masterx.db"
    masterx = await start(MASTERX_AUTH="required", MASTERX_STORE=store)
    teacher = Caller(masterx, await key(tmp_path, store, "--role", "teacher"))
    learner = Caller(masterx, await key(tmp_path, store, "--role", "learner", "--learner", "ada"))
    foreign = Caller(masterx, await key(tmp_path, store, "--role", "operator", "--workspace", "other"))
    assert (await teacher("PUT", "/v1/courses/algebra", COURSE))[0] == 201
    _, chapter = await teacher("POST", "/v1/courses/algebra/materials", markdown())
    reads = ("/v1/courses/algebra", "/v1/courses/algebra/search?q=fractions")
    writes = (
        ("PUT", "/v1/courses/algebra", COURSE),
        ("POST", "/v1/courses/algebra/materials", markdown()),
        ("DELETE", f"/v1/courses/algebra/materials/{chapter['id']}", None),
        ("DELETE", "/v1/courses/algebra", None),
    )
    for path in reads:
        assert (await learner("GET", path))[0] == 200
        assert (await foreign("GET", path))[0] == 404
        assert (await masterx.call("GET", path))[0] == 401
    for method, path, body in writes:
        assert (await learner(method, path, body))[0] == 403, path
        if method != "PUT":
            assert (await foreign(method, path, body))[0] == 404, path
    assert (await foreign("GET", "/v1/courses"))[1]["data"] == []
    assert (await foreign("PUT", "/v1/courses/algebra", {"title": "Another"}))[0] == 201
    assert (await teacher("GET", "/v1/courses/algebra"))[1]["title"] == "Algebra"


async def test_a_course_that_makes_no_sense_is_refused_field_by_field(masterx: Masterx) -> None:
    circle = [
        {"id": "a", "title": "A", "prerequisites": ["b"]},
        {"id": "b", "title": "B", "prerequisites": ["a", "x"]},
    ]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"title": "T", "skills": circle}, "skills.1.prerequisites.1"),
        ({"title": "T", "skills": [circle[0], {**circle[1], "prerequisites": ["a"]}]}, "skills.0.prerequisites.0"),
        ({"title": "T", "skills": [{"id": f"s{n}", "title": "S"} for n in range(10_000)]}, "skills"),
        ({"title": "T", "skills": [{"id": "a", "title": "A", "minutes": -1}]}, "skills.0.minutes"),
        ({"title": "", "skills": []}, "title"),
        ({"skills": []}, "title"),
        ({"title": "T", "colour": "red"}, "colour"),
    ]
    for body, field in cases:
        status, problem = await masterx.call("PUT", "/v1/courses/new", body)
        assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])
    assert (await masterx.call("PUT", f"/v1/courses/{'x' * 201}", {"title": "T"}))[0] == 422
    assert (await masterx.call("GET", "/v1/courses/new"))[0] == 404


async def test_material_that_cannot_be_read_is_refused_and_says_why(masterx: Masterx) -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        (markdown(""), "text", "must say something"),
        (markdown("<!-- nothing -->"), "text", "no text"),
        ({"title": "T", "format": "markdown"}, "content", "either"),
        ({**sent(b"x", "text"), "text": "x"}, "content", "either"),
        ({"title": "T", "format": "pdf", "text": "x"}, "text", "base64"),
        ({"title": "T", "format": "docx", "text": "x"}, "format", "markdown"),
        ({"title": "T", "format": "pdf", "content": "!!"}, "content", "base64"),
        (sent(b"\xff\xfe", "text"), "content", "UTF-8"),
        (sent(b"not a pdf"), "content", "damaged"),
        (sent(pdf([[]])), "content", "OCR"),
        (sent(locked(pdf([["x"]]), "secret")), "content", "password"),
        (markdown(source_url="javascript:alert(1)"), "source_url", "pattern"),
    ]
    for body, field, why in cases:
        status, problem = await masterx.call("POST", "/v1/courses/algebra/materials", body)
        assert (status, problem["errors"][0]["field"]) == (422, field), problem
        assert why in problem["errors"][0]["message"]
    long = BytesIO(json.dumps(markdown("x" * 1_100_000)).encode())
    async with masterx.http.post(f"{masterx.url}/v1/courses/algebra/materials", data=long) as answer:
        assert (answer.status, "in parts" in (await answer.json())["detail"]) == (413, True)
    assert (await masterx.call("GET", "/v1/courses/algebra"))[1]["materials"] == []
    assert (await masterx.call("POST", "/v1/courses/nowhere/materials", markdown()))[0] == 404
    for question in ("", "+", "x" * 2_001):
        assert (await masterx.call("GET", f"/v1/courses/algebra/search?q={question}"))[0] == 422


async def test_a_pdf_that_unpacks_to_a_thousand_times_its_size_harms_nobody(masterx: Masterx) -> None:
    content = bomb(300_000_000)
    assert len(content) < 300_000
    status, problem = await masterx.call("POST", "/v1/courses/algebra/materials", sent(content))
    assert (status, "too much memory" in problem["detail"]) == (422, True)
    assert (await masterx.call("POST", "/v1/courses/algebra/materials", markdown()))[0] == 201


async def test_a_turn_in_a_course_reads_what_its_material_says(masterx: Masterx) -> None:
    assert (await masterx.call("POST", "/v1/courses/algebra/materials", markdown()))[0] == 201
    session = {"learner_id": "ada", "course_id": "algebra"}
    _, within = await masterx.call("POST", "/v1/sessions", session)
    _, without = await masterx.call("POST", "/v1/sessions", {"learner_id": "ada"})
    question = {"message": "How do I add two fractions?", "budget": 2_048}
    status, context = await masterx.call("POST", "/v1/context", {"session_id": within["id"], **question})
    assert status == 200
    prompt = "\n".join(message["content"] for message in context["messages"])
    assert "bring them to a common denominator" in prompt
    assert "Linear equations" in prompt
    kept = {layer["name"]: layer["outcome"] for layer in context["layers"]}
    assert (kept["course"], kept["material"]) == ("kept", "kept")
    _, other = await masterx.call("POST", "/v1/context", {"session_id": without["id"], **question})
    assert "denominator" not in str(other["messages"])
    await masterx.call("DELETE", "/v1/courses/algebra")
    _, gone = await masterx.call("POST", "/v1/context", {"session_id": within["id"], **question})
    assert "denominator" not in str(gone["messages"])
