"""What was learned as a text and back: JSON, compressed, in pieces, for what is made in one call holds up all else.

While a thread is inside one call of C code for JSON or base64 no other runs, the event loop neither.
"""

import base64
import zlib
from binascii import Error as NoBase64
from collections.abc import Callable, Iterator
from typing import Any

import orjson

UNREADABLE = (KeyError, IndexError, ValueError, TypeError, AttributeError, NoBase64, zlib.error)
"""What a text raises that another version wrote, or nobody."""

_AT_ONCE = 3 << 16
"""Bytes that are made, pressed or written at once; a multiple of three, so that pieces of base64 have no padding."""

_SOME, _LONG = 64, 4_096
"""Entries of a list that are made at once, unless they are texts of this length."""


def packed(kept: Callable[[], dict[str, Any]]) -> str:
    """What is kept as a text; to be called in a thread.

    >>> unpacked(packed(lambda: {"a": [1, "x"], "b": {}})) == {"a": [1, "x"], "b": {}}
    True
    """
    press, ready, pressed = zlib.compressobj(1), bytearray(), bytearray()
    for piece in _json(kept()):
        ready += piece
        if len(ready) >= _AT_ONCE:
            pressed += press.compress(ready)
            ready.clear()
    pressed += press.compress(ready) + press.flush()
    parts = (pressed[at : at + _AT_ONCE] for at in range(0, len(pressed), _AT_ONCE))
    return "".join(base64.b64encode(part).decode() for part in parts)


def unpacked(text: str) -> Any:
    """What a text says; raises one of `UNREADABLE` where it says nothing."""
    return orjson.loads(zlib.decompress(base64.b64decode(text)))


def _json(value: Any) -> Iterator[bytes]:
    """JSON in pieces."""
    if isinstance(value, dict):
        before = b"{"
        for name, inner in value.items():
            yield before + orjson.dumps(name) + b":"
            yield from _json(inner)
            before = b","
        yield b"}" if value else b"{}"
    elif isinstance(value, list) and value:
        some = 1 if isinstance(value[0], str) and len(value[0]) > _LONG else _SOME
        for at in range(0, len(value), some):
            yield (b"," if at else b"[") + orjson.dumps(value[at : at + some])[1:-1]
        yield b"]"
    else:
        yield orjson.dumps(value)
