"""A problem as an answer, in the shape that its address speaks."""

from starlette.responses import Response

from app.api.openai import errors as openai
from app.api.problems import Problem

OPENAI = ("/v1/chat/", "/v1/models")
"""Where the addresses of the OpenAI surface begin."""


def refusal(problem: Problem, request_id: str, path: str) -> Response:
    """The answer to a request that could not be done."""
    if path.startswith(OPENAI):
        return Response(openai.body(problem), openai.status(problem), openai.headers(problem), "application/json")
    body = problem.json(request_id, path)
    return Response(body, problem.status, dict(problem.headers), "application/problem+json")
