"""The pages and their files: read once, served out of memory, so that no path can lead anywhere else."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_STATIC = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
"""What is served; licences and notes lie beside it and are not."""

# What a model or a learner wrote must not become a program, and must not make the browser call anybody.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""The Content-Security-Policy of every page and file."""

# The reference is drawn by Swagger UI, which sets styles and HTML of its own; it shows nothing but our own description.
_REFERENCE = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_READING = ["GET", "HEAD"]
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    body: bytes
    media_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Site:
    """All files by their path under `static/`; `version` is a digest over all of them."""

    files: Mapping[str, File]
    version: str

    def answer(self, path: str, request: Request, caching: str = "no-cache") -> Response:
        """The file at a path, or 304 where the browser has it; a 404 as `HTTPException`."""
        file = self.files.get(path)
        if file is None:
            raise HTTPException(404)
        headers = {**_GUARDS, "ETag": file.etag, "Cache-Control": caching}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)


def site(folder: Path = _STATIC) -> Site:
    """Reads the files. Pages are told the version, so that what they load may be kept for ever."""
    raw = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES
    }
    digest = hashlib.sha256()
    for name, body in raw.items():
        digest.update(name.encode() + b"\0" + body)
    version = digest.hexdigest()[:12]
    return Site({name: _file(name, body, version) for name, body in raw.items()}, version)


def router() -> APIRouter:
    """The routes of the pages; whoever can reach the service may load them, for they hold no data."""
    routes, found = APIRouter(include_in_schema=False), site()

    @routes.api_route("/", methods=_READING)
    async def chat(request: Request) -> Response:
        return found.answer("chat.html", request)

    @routes.api_route("/dashboard", methods=_READING)
    async def dashboard(request: Request) -> Response:
        return found.answer("dashboard.html", request)

    @routes.api_route("/teach", methods=_READING)
    async def teach(request: Request) -> Response:
        return found.answer("teach.html", request)

    @routes.api_route("/docs", methods=_READING)
    async def reference(request: Request) -> Response:
        page = found.answer("docs.html", request)
        page.headers["Content-Security-Policy"] = _REFERENCE
        return page

    @routes.api_route("/static/{version}/{path:path}", methods=_READING)
    async def static(request: Request, version: str, path: str) -> Response:
        # A page that was loaded before an update asks for files of its own version: it gets today's, not for keeps.
        return found.answer(path, request, _FOR_EVER if version == found.version else "no-cache")

    return routes


def _file(name: str, body: bytes, version: str) -> File:
    suffix = Path(name).suffix
    if suffix == ".html":
        body = body.replace(b"/static/", f"/static/{version}/".encode())
    return File(body, _TYPES[suffix], f'"{hashlib.sha256(body).hexdigest()[:24]}"')
