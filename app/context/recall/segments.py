"""Analysed passages as bytes: a head with version and checksum, the passages and words as JSON, the terms as numbers."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import orjson

from app.context.recall.columns import Array
from app.errors import SegmentError
from app.vocabulary import Passage

VERSION = 1
"""Of the layout and of the analysis: a change of `words.terms` raises it, since old and new terms do not meet."""

_HEAD = struct.Struct("<4sHII")
_MAGIC = b"MXrs"
_LENGTHS = struct.Struct("<III")


@dataclass(frozen=True)
class Segment:
    """Passages with their terms: `contents` holds places in `words`, `lengths[i]` of them for passage `i`; `costs` are
    the tokens of their lines as counted, 0 where they were not."""

    passages: tuple[Passage, ...]
    words: list[str]
    lengths: Array
    contents: Array
    costs: Array


def pack(segment: Segment) -> bytes:
    """A segment as bytes."""
    rows = [[p.id, p.session_id, p.n, p.at, p.speaker, _plain(p.text), p.source] for p in segment.passages]
    text = orjson.dumps([rows, segment.words])
    numbers = segment.lengths.astype("<u4").tobytes() + segment.costs.astype("<u4").tobytes()
    body = _LENGTHS.pack(len(text), len(rows), len(segment.contents)) + text + numbers
    body += segment.contents.astype("<u4").tobytes()
    packed = zlib.compress(body, 1)
    return _HEAD.pack(_MAGIC, VERSION, len(packed), zlib.crc32(packed)) + packed


def unpack(data: bytes) -> Segment:
    """The segment that `pack` made into bytes; raises `SegmentError` for any other bytes."""
    try:
        magic, version, size, checksum = _HEAD.unpack_from(data)
    except struct.error:
        raise SegmentError("too short for a segment") from None
    packed = data[_HEAD.size :]
    if magic != _MAGIC or len(packed) != size or zlib.crc32(packed) != checksum:
        raise SegmentError("not a segment, or damaged")
    if version != VERSION:
        raise SegmentError(f"version {version}, not {VERSION}")
    return _read(zlib.decompress(packed))


def _read(body: bytes) -> Segment:
    size, count, length = _LENGTHS.unpack_from(body)
    at = _LENGTHS.size + size
    rows, words = orjson.loads(memoryview(body)[_LENGTHS.size : at])
    numbers = np.frombuffer(body, "<u4", offset=at)
    if len(numbers) != 2 * count + length:
        raise SegmentError("its parts do not fit together")
    return Segment(
        tuple(Passage(*row) for row in rows),
        words,
        numbers[:count],
        numbers[2 * count :],
        numbers[count : 2 * count],
    )


def _plain(text: str) -> str:
    """Text that UTF-8 can hold: half a pair of surrogates becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
