"""What `/openapi.json` says of all routes alike: their query parameters, how they refuse, and examples of answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from app.api.refusal import OPENAI
from app.vocabulary import Choice

_REASONS = {
    "400": "The body is no JSON",
    "401": "No valid API key was sent",
    "403": "This key may not do this",
    "404": "There is no such thing for you",
    "413": "The body is too large",
    "422": "A field or a parameter is not valid: `errors` names each",
}

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}

_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 200}
_WHEN: Mapping[str, Any] = {"type": "string", "examples": ["2026-12-24"]}


def _whole(usual: int, most: int) -> Mapping[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most, "default": usual}


_PAGE = {"limit": _whole(50, 200), "cursor": {"type": "string", "description": "`next_cursor` of the page before."}}

QUERIES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "/v1/sessions": {"learner_id": _TEXT, **_PAGE},
    "/v1/sessions/{session_id}/turns": _PAGE,
    "/v1/courses": _PAGE,
    "/v1/courses/{course_id}/search": {"q": {**_TEXT, "maxLength": 2_000}, "limit": _whole(10, 50)},
    "/v1/learners/{learner_id}/affect": _PAGE,
    "/v1/learners/{learner_id}/mastery": {"skill": _TEXT, **_PAGE},
    "/v1/learners/{learner_id}/reviews": {"days": _whole(14, 90)},
    "/v1/learners/{learner_id}/path": {
        "course_id": _TEXT,
        "minutes": {"type": "number", "exclusiveMinimum": 0},
        "until": _WHEN,
        "limit": _whole(20, 200),
    },
    "/v1/learners/{learner_id}/forecast": {"course_id": _TEXT, "skill": _TEXT, "by": _WHEN},
    "/v1/learners/{learner_id}/answers": {"skill": _TEXT, **_PAGE},
    "/v1/class": {"course_id": _TEXT, "by": _WHEN},
    "/v1/class/learners": {
        "course_id": _TEXT,
        "by": _WHEN,
        "learner_id": _TEXT,
        "q": _TEXT,
        "sort": {"enum": ["name", "risk", "stuck", "mastery", "-mastery", "seen", "-seen", "-answers"]},
        "only": {"enum": ["stuck", "at_risk"]},
        **_PAGE,
    },
    "/v1/budgets": {"learner_id": _TEXT},
    "/v1/arms": {"choice": {"enum": [*Choice]}, "limit": _whole(50, 200)},
    "/v1/experiments": _PAGE,
    "/v1/patterns": {"limit": _whole(50, 200)},
    "/v1/alerts": {"state": {"enum": ["open", "quiet", "closed"]}, **_PAGE},
    "/v1/metrics": {"window": {"enum": ["1m", "5m", "1h", "24h"], "default": "5m"}, "workspace": _TEXT},
}
"""The query parameters of `GET` by path: those that the handlers read."""

_REQUIRED = {("/v1/courses/{course_id}/search", "q"), ("/v1/learners/{learner_id}/forecast", "by")}

_ID, _AT = "0199d3a0-5c1e-7a10-8a30-0d6f2c9b1e77", "2026-11-21T06:50:33.000000Z"
_LEARNER = {"example": {"learner_id": "ada", "preferences": {"language": "de"}, "created_at": _AT, "updated_at": _AT}}
_COURSE = {
    "course_id": "algebra",
    "title": "Algebra I",
    "description": None,
    "skills": 12,
    "materials": 3,
    "version": 4,
}
_LAYER = {
    "name": "history",
    "tokens": 210,
    "full_tokens": 340,
    "weight": 0.7,
    "outcome": "cut",
    "why": "over its share",
}
_HIT = {
    "id": f"{_ID}#4",
    "text": "A fraction is a part of a whole.",
    "score": 7.31,
    "citation": {"material_id": _ID, "title": "Chapter 3", "heading": ["Parts"], "page": 12, "source_url": None},
}
_MODEL = {"provider": "openai", "model": "gpt-4o-mini", "breaker": {"state": "closed"}, "waiting": 0, "under_way": 2}

_P = {"count": 312, "p50": 410.2, "p90": 820.1, "p95": 1_012.0, "p99": 1_804.0}
_SPAN = {"expected": 64.2, "low": 51.0, "high": 80.3}
_FIGURES = {
    "window": "5m",
    "from": "2026-11-21T06:45:33.000000Z",
    "to": _AT,
    "replicas": 2,
    "turns": {"count": 312, "rate": 1.04, "failed": 0.003, "degraded": 0.0, "cached": 0.12},
    "latency": {"first_token_ms": _P, "total_ms": _P, "overhead_ms": _P, "context_ms": _P},
    "tokens": {"input": 249_600, "cached": 62_400, "output": 46_800},
    "cost_usd": 0.31,
    "providers": [{"provider": "openai", "model": "gpt-4o-mini", "calls": 318, "errors": 0.006, "tokens_per_s": 92.1}],
    "tasks": [{"task": "practice", "count": 120, "failed": 0.0, "total_ms": _P}],
    "context": {"tokens": 249_600, "full_tokens": 410_000, "saved": 0.391, "layers": []},
    "cache": {"responses": {"hit": 37, "miss": 275}, "prefix": 0.25},
    "breakers": [{"provider": "openai", "model": "gpt-4o-mini", "state": "closed"}],
    "engagement": {"learners": 84, "sessions": 91, "feedback": 12, "helpful": 0.83},
    "forecasts": {
        "turns_per_min": {"now": 61.8, "next_10_min": _SPAN},
        "cost_usd": {"today": {"spent": 4.2, "expected": 9.1, "low": 7.9, "high": 10.6}},
        "replicas": {"desired": 2, "now": 2, "reason": "CPU at 58% of a core, of 60% that it should be"},
    },
    "series": {"turns_per_s": [[1_795_304_625, 1.2], [1_795_304_630, 0.8]]},
}


def _page(shape: str) -> Mapping[str, Any]:
    data = {"type": "array", "items": {"$ref": f"#/components/schemas/{shape}"}}
    properties = {"data": data, "next_cursor": {"type": ["string", "null"]}}
    return {"schema": {"type": "object", "required": ["data", "next_cursor"], "properties": properties}}


ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "get /v1/sessions": _page("SessionOut"),
    "get /v1/sessions/{session_id}/turns": _page("TurnOut"),
    "get /v1/turns/{turn_id}/context": {
        "example": {"turn_id": _ID, "layers": [_LAYER], "tokens": 812, "budget": 2_048, "timing": {"context_ms": 1.9}}
    },
    "post /v1/turns/{turn_id}/feedback": {
        "example": {"id": _ID, "turn_id": _ID, "rating": 5, "helpful": True, "comment": None, "created_at": _AT}
    },
    "post /v1/turns/{turn_id}/rewards": {
        "example": {"turn_id": _ID, "source": "independent", "value": 1.0, "note": None}
    },
    "get /v1/learners/{learner_id}": _LEARNER,
    "put /v1/learners/{learner_id}": _LEARNER,
    "get /v1/learners/{learner_id}/export": {
        "example": {"learner_id": "ada", "exported_at": _AT, "schema": 5, "sessions": [], "turns": [], "feedback": []}
    },
    "get /v1/courses": {"example": {"data": [{**_COURSE, "created_at": _AT, "updated_at": _AT}], "next_cursor": None}},
    "get /v1/courses/{course_id}/search": {"example": {"data": [_HIT], "next_cursor": None}},
    "get /v1/metrics": {"example": _FIGURES},
    "get /v1/providers": {"example": {"data": [_MODEL], "mode": "adaptive", "retry_tokens": 10.0}},
    "post /v1/providers/{provider}:reset": {"example": {"data": [_MODEL]}},
}
"""What calls answer whose handlers declare no shape."""


class Documented(FastAPI):
    """An application whose document is complete."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            for method, path, call in _calls(super().openapi()):
                _complete(call, method, path)
        return super().openapi()


def _calls(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if path.startswith("/v1/") and not path.startswith(OPENAI):
                yield method, path, call


def _complete(call: dict[str, Any], method: str, path: str) -> None:
    """Adds to a call what all calls of its kind have in common."""
    queries = QUERIES.get(path, {}) if method == "get" else {}
    call["parameters"] = [*call.get("parameters", ()), *_parameters(path, queries)]
    if "HTTPValidationError" in str(call["responses"].get("422")):
        del call["responses"]["422"]  # FastAPI's own shape, which nothing here answers
    for status in _refusals(path, body="requestBody" in call, query=bool(queries)):
        call["responses"][status] = {"description": _REASONS[status], "content": _PROBLEM}
    if answer := ANSWERS.get(f"{method} {path}"):
        good = next(status for status in call["responses"] if status.startswith("2"))
        call["responses"][good]["content"] = {"application/json": answer}


def _parameters(path: str, queries: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for name, schema in queries.items():
        yield {"name": name, "in": "query", "required": (path, name) in _REQUIRED, "schema": schema}


def _refusals(path: str, *, body: bool, query: bool) -> tuple[str, ...]:
    """The statuses by which a call may refuse.

    >>> _refusals("/v1/courses/{course_id}", body=False, query=False)
    ('401', '403', '404')
    """
    named = ("404",) if "{" in path else ()
    sent = ("400", "413") if body else ()
    return ("401", "403", *named, *sent, *(("422",) if body or query else ()))
