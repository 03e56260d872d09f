"""Analysed passages as bytes: a head with version and checksum, passages and words as JSON, the rest as numbers."""

import marshal
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import orjson

from app.context.recall.columns import ANALYSED, Array
from app.errors import SegmentError
from app.vocabulary import Passage

VERSION = 2
"""Of the layout and of the analysis: a change of `words.terms` or of `nature` raises it, since old and new do not
compare, and one of what is a fact, since segments hold facts, too."""

_HEAD = struct.Struct("<4sHII")
_MAGIC = b"MXrs"
_SIZES = struct.Struct("<III")


Row = tuple[str, str, int, str, str, str, Literal["turn", "material"]]
"""A passage as a plain tuple: what is in its fields, in their order."""


def row_of(passage: Passage) -> Row:
    """A passage as a row."""
    return passage.id, passage.session_id, passage.n, passage.at, passage.speaker, passage.text, passage.source


def written(row: Row) -> bytes:
    """A row as bytes for this process, which are a third of its size and one object."""
    return marshal.dumps(row)


def read(row: bytes) -> Row:
    """The row in these bytes."""
    found: Row = marshal.loads(row)  # noqa: S302 - they are `written` in this process
    return found


@dataclass(frozen=True)
class Segment:
    """Passages with what is known of them: `contents` holds places in `words`, as many for each passage as the column
    `length` of `analysed` says."""

    rows: Sequence[Row]
    words: list[str]
    contents: Array
    analysed: dict[str, Array]


def pack(segment: Segment) -> bytes:
    """A segment as bytes."""
    text = _json([segment.rows, segment.words])
    columns = b"".join(segment.analysed[name].astype(kind).tobytes() for name, kind in ANALYSED.items())
    sizes = _SIZES.pack(len(text), len(segment.rows), len(segment.contents))
    packed = zlib.compress(sizes + text + columns + segment.contents.astype("<u4").tobytes(), 1)
    return _HEAD.pack(_MAGIC, VERSION, len(packed), zlib.crc32(packed)) + packed


def unpack(data: bytes) -> Segment:
    """The segment that `pack` made into bytes; raises `SegmentError` for any other bytes."""
    if len(data) < _HEAD.size:
        raise SegmentError("too short for a segment")
    magic, version, size, checksum = _HEAD.unpack_from(data)
    packed = data[_HEAD.size :]
    if magic != _MAGIC or len(packed) != size or zlib.crc32(packed) != checksum:
        raise SegmentError("not a segment, or damaged")
    if version != VERSION:
        raise SegmentError(f"version {version}, not {VERSION}")
    return _read(zlib.decompress(packed))


def _read(body: bytes) -> Segment:
    size, count, length = _SIZES.unpack_from(body)
    at = _SIZES.size + size
    rows, words = orjson.loads(memoryview(body)[_SIZES.size : at])
    analysed = {}
    for name, kind in ANALYSED.items():
        analysed[name] = np.frombuffer(body, kind, count, at)
        at += analysed[name].nbytes
    return Segment([*map(tuple, rows)], words, np.frombuffer(body, "<u4", length, at), analysed)


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half a pair of surrogates, which UTF-8 cannot hold: it becomes a question mark
        return orjson.dumps(_plain(value))


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
