"""Every way in which a provider misbehaves: pure plans of what goes over the wire; `provider.py` carries them out.

| fault | what the client sees |
|---|---|
| `none` | a whole, correct answer |
| a status, `400` … `599` | that status with the dialect's own error; `retry=7` or `retry=date+7` adds Retry-After |
| `hang_refusal` | 429, and silence for ever before the end of its body |
| `html` | 502 with a page of HTML, as a load balancer sends it |
| `redirect` | 307 to another path |
| `blocked` | the prompt is refused by a content policy |
| `reset_first`, `close_first`, `garbage` | RST, FIN, or no HTTP at all in the place of an answer |
| `hang`, `hang_headers` | silence for ever: before the headers, after them |
| `hang_mid`, `hang_end` | silence for ever: after some chunks, after the finish reason |
| `cut` | the body ends cleanly after some chunks, without a finish reason |
| `drop`, `reset` | FIN, RST after some chunks, the body unfinished |
| `malformed`, `misshapen`, `bad_utf8` | after some chunks an event that is not JSON, is other JSON, is not UTF-8 |
| `error`, `error_body` | an error inside a 200: as an event after some chunks, as a JSON body |
| `empty`, `no_candidates` | a 200 without a body; without an answer in it |
| `drip` | one byte at a time |
| `filter`, `length` | a correct answer that ends for that reason |
| `late`, `late_error` | more text after the finish reason; nonsense and an error after it |
| `unended` | no blank line (and no `[DONE]`) after the event with the finish reason |
| `comments` | a correct answer between comments, names of events and keep-alives |
| `huge`, `long_event` | an answer of over 10 MB; one event of over 1 MB |
| `empties` | 10,000 events without text, then the answer |
| `flood` | an answer of 100 MB |
| `whitespace` | 100 MB of white space in the place of an answer |
| `long_header`, `many_headers` | a header of 100 MB, or so many that they are 100 MB |

For an answer in one piece "some chunks" is its first half.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import chain, repeat
from typing import Literal

from tests.e2e.dialects import Dialect, Json, Telling, event

Ending = Literal["end", "drop", "reset", "hang"]

EMPTIES = 10_000
_FOREVER_BYTES = 11 << 20
_FLOOD_BYTES = 100 << 20
_FLOOD_PART = 1 << 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes over the wire: a head unless `bare`, then frames, `gap` seconds between them, then the ending.

    `length` is what the head promises of a body in one piece; `None` is chunked transfer.
    """

    frames: Iterable[bytes] = ()
    ending: Ending = "end"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    bare: bool = False
    drip: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be answered, and how badly."""

    dialect: Dialect
    told: Telling
    stream: bool
    fault: str
    after: int
    retry: str | None
    now: float

    def frames(self) -> tuple[bytes, ...]:
        """The whole, correct answer."""
        if not self.stream:
            body = _json(self.dialect.whole(self.told))
            return body[: len(body) // 2], body[len(body) // 2 :]
        return (*self.begun(len(self.told.texts)), *self.dialect.closing(self.told))

    def begun(self, chunks: int | None = None) -> tuple[bytes, ...]:
        """The answer up to the place where the fault strikes."""
        if not self.stream:
            return self.frames()[:1]
        texts = self.told.texts[: self.after if chunks is None else chunks]
        return (*self.dialect.opening(self.told), *(self.dialect.piece(self.told, text) for text in texts))


def plan(request: Request) -> Plan:
    """What goes over the wire for a request; `KeyError` for a fault that is not in the table."""
    if request.fault.isdecimal():
        return _status(request, int(request.fault))
    return _FAULTS[request.fault](request)


def _whole(request: Request) -> Plan:
    return _said(request, request.frames())


def _said(request: Request, frames: tuple[bytes, ...], ending: Ending = "end") -> Plan:
    if request.stream:
        return Plan(frames, ending, headers={"content-type": "text/event-stream"})
    promised = frames if ending == "end" else request.frames()
    headers = {"content-type": "application/json"}
    return Plan(frames, ending, headers=headers, length=sum(len(frame) for frame in promised))


def _body(body: bytes, status: int = 200, **headers: str) -> Plan:
    return Plan((body,), status=status, headers={"content-type": "application/json", **headers}, length=len(body))


def _json(data: Json) -> bytes:
    return json.dumps(data, ensure_ascii=False).encode()


def _status(request: Request, status: int) -> Plan:
    number, body = request.dialect.refusal(status, request.retry)
    return _body(_json(body), number, **_retry(request))


def _retry(request: Request) -> dict[str, str]:
    if request.retry is None:
        return {}
    if request.retry.startswith("date"):
        return {"retry-after": formatdate(request.now + int(request.retry[4:]), usegmt=True)}
    return {"retry-after": request.retry}


def _html(request: Request) -> Plan:
    page = b"<html><body>Bad gateway" + b"&nbsp;" * 20_000 + b"</body></html>"
    return replace(_body(page, 502), headers={"content-type": "text/html"})


def _redirect(request: Request) -> Plan:
    return _body(b"", 307, location="/elsewhere")


def _blocked(request: Request) -> Plan:
    status, body = request.dialect.blocked()
    if request.stream and status == 200:
        return _said(request, (event(body, b"\r\n\r\n"),))
    return _body(_json(body), status)


def _garbage(request: Request) -> Plan:
    return Plan((b"220 mail.example ESMTP\r\n\r\n",), "drop", bare=True)


def _event_at_fault(request: Request, wrong: bytes) -> Plan:
    """A wrong event after some chunks; the whole body where one piece was asked for."""
    if request.stream:
        return _said(request, (*request.begun(), b"data: " + wrong + b"\n\n", *request.dialect.closing(request.told)))
    return _body(wrong)


def _error(request: Request) -> Plan:
    return _event_at_fault(request, _json(request.dialect.refusal(500, None)[1]))


def _error_body(request: Request) -> Plan:
    return _body(_json(request.dialect.refusal(429, "7")[1]))


def _finish(reason: str) -> Callable[[Request], Plan]:
    return lambda request: _whole(replace(request, told=replace(request.told, finish=reason)))


def _late(request: Request) -> Plan:
    return _after_the_end(request, request.dialect.piece(request.told, "too late"))


def _late_error(request: Request) -> Plan:
    return _after_the_end(request, b"data: {]\n\ndata: " + _json(request.dialect.refusal(500, None)[1]) + b"\n\n")


def _after_the_end(request: Request, late: bytes) -> Plan:
    if not request.stream:
        return _whole(request)
    finish, *rest = request.dialect.closing(request.told)
    return _said(request, (*request.begun(len(request.told.texts)), finish, late, *rest))


def _unended(request: Request) -> Plan:
    if not request.stream:
        return _whole(request)
    finish = request.dialect.closing(request.told)[0]
    return _said(request, (*request.begun(len(request.told.texts)), finish.rstrip()))


def _hang_end(request: Request) -> Plan:
    if not request.stream:
        return _said(request, request.frames()[:1], "hang")
    return _said(request, (*request.begun(len(request.told.texts)), request.dialect.closing(request.told)[0]), "hang")


def _comments(request: Request) -> Plan:
    if not request.stream:
        return _whole(request)
    frames = (b": keep-alive\n\n", *(b"event: message\nid: 7\n" + frame for frame in request.frames()))
    return _said(request, tuple(b":\n\n" + frame for frame in frames))


def _huge(request: Request) -> Plan:
    piece = request.dialect.piece(request.told, "more and more " * 4_000)
    if not request.stream:
        return _body(_json(request.dialect.whole(replace(request.told, texts=("more " * (_FOREVER_BYTES // 5),)))))
    many = (piece,) * (_FOREVER_BYTES // len(piece) + 1)
    return _said(request, (*request.begun(0), *many, *request.dialect.closing(request.told)))


def _long_event(request: Request) -> Plan:
    if not request.stream:
        return _huge(request)
    return _said(request, (*request.begun(), b"data: " + b"x" * (2 << 20)), "hang")


def _empties(request: Request) -> Plan:
    if not request.stream:
        return _whole(request)
    nothing = request.dialect.piece(request.told, "")
    opening = request.begun(0)
    return _said(request, (*opening, nothing * EMPTIES, *request.frames()[len(opening) :]))


def _flooded(part: bytes) -> Iterable[bytes]:
    """So much of it that nobody wants to hold it in memory, and here nobody does."""
    return repeat(part * (_FLOOD_PART // len(part)), _FLOOD_BYTES // _FLOOD_PART)


def _flood(request: Request) -> Plan:
    if request.stream:
        piece = request.dialect.piece(request.told, "more " * 200)
        return replace(_said(request, ()), frames=chain(request.begun(0), _flooded(piece)))
    whole = _json(request.dialect.whole(replace(request.told, texts=("more",))))
    before, word, _ = whole.partition(b"more")
    return replace(_said(request, ()), frames=chain((before,), _flooded(word)), length=_FLOOD_BYTES)


def _whitespace(request: Request) -> Plan:
    return replace(_said(request, ()), frames=_flooded(b" \n"), length=None if request.stream else _FLOOD_BYTES)


def _headers(line: bytes) -> Callable[[Request], Plan]:
    return lambda request: Plan(chain((b"HTTP/1.1 200 OK\r\nx-first: ",), _flooded(line)), "drop", bare=True)


def _no_candidates(request: Request) -> Plan:
    nothing = b'{"choices": [], "candidates": []}'
    return _said(request, (b"data: " + nothing + b"\n\n",)) if request.stream else _body(nothing)


_FAULTS: dict[str, Callable[[Request], Plan]] = {
    "none": _whole,
    "html": _html,
    "redirect": _redirect,
    "blocked": _blocked,
    "hang_refusal": lambda request: replace(_status(request, 429), ending="hang", length=1_000_000),
    "reset_first": lambda request: Plan(ending="reset", bare=True),
    "close_first": lambda request: Plan(ending="drop", bare=True),
    "garbage": _garbage,
    "hang": lambda request: Plan(ending="hang", bare=True),
    "hang_headers": lambda request: _said(request, (), "hang"),
    "hang_mid": lambda request: _said(request, request.begun(), "hang"),
    "hang_end": _hang_end,
    "cut": lambda request: _said(request, request.begun()),
    "drop": lambda request: _said(request, request.begun(), "drop"),
    "reset": lambda request: _said(request, request.begun(), "reset"),
    "malformed": lambda request: _event_at_fault(request, b'{"choices": [{"delta": {"content": "ha'),
    "misshapen": lambda request: _event_at_fault(request, b'{"choices": [7], "candidates": "none"}'),
    "bad_utf8": lambda request: _event_at_fault(request, b'{"choices": [{"delta": {"content": "\xff\xfe"}}]}'),
    "error": _error,
    "error_body": _error_body,
    "empty": lambda request: _said(request, ()),
    "no_candidates": _no_candidates,
    "drip": lambda request: replace(_whole(request), drip=True),
    "filter": _finish("filter"),
    "length": _finish("length"),
    "late": _late,
    "late_error": _late_error,
    "unended": _unended,
    "comments": _comments,
    "huge": _huge,
    "long_event": _long_event,
    "empties": _empties,
    "flood": _flood,
    "whitespace": _whitespace,
    "long_header": _headers(b"x"),
    "many_headers": _headers(b"y\r\nx-more: "),
}
FAULTS = tuple(_FAULTS)
"""Their names; statuses besides."""
