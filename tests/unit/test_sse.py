"""Events are the same however the network cuts their bytes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import BrokenStream
from app.providers.sse import Events, Whole

STREAM = (
    ": keep-alive\n\n"
    'event: message\nid: 7\ndata: {"text": "Größe"}\n\n'
    'data:{"text": "ohne Leerzeichen"}\r\n\r\n'
    'data: {"text":\ndata: "two lines 🍕"}\n\n'
    "\n\nretry: 3\n\ndata\n\ndata: \n\n"
    "data: [DONE]\r\n\r\n"
).encode()
EVENTS = [
    '{"text": "Größe"}'.encode(),
    b'{"text": "ohne Leerzeichen"}',
    '{"text":\n"two lines 🍕"}'.encode(),
    b"[DONE]",
]


def events(reads: list[bytes]) -> list[bytes]:
    framing = Events()
    return [event for read in reads for event in framing.feed(read)] + framing.end()


def test_comments_names_and_empty_events_give_nothing() -> None:
    assert events([STREAM]) == EVENTS


def test_a_cut_at_any_byte_changes_nothing() -> None:
    for cut in range(len(STREAM) + 1):
        assert events([STREAM[:cut], STREAM[cut:]]) == EVENTS


def test_one_byte_at_a_time_changes_nothing() -> None:
    assert events([STREAM[at : at + 1] for at in range(len(STREAM))]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cuts_change_nothing(cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(STREAM)]
    assert events([STREAM[start:end] for start, end in pairwise(at)]) == EVENTS


LINES = st.lists(st.sampled_from([b"data: a", b"data: bb", b": c", b"event: x", b""]), max_size=30)


@given(LINES, st.sampled_from([b"\n", b"\r\n"]), st.integers(1, 7))
def test_line_ends_and_cuts_make_no_difference(lines: list[bytes], end: bytes, size: int) -> None:
    whole = b"".join(line + b"\n" for line in lines)
    sent = b"".join(line + end for line in lines)
    assert events([sent[at : at + size] for at in range(0, len(sent), size)]) == events([whole])


def test_an_event_is_given_as_soon_as_its_blank_line_is_there() -> None:
    framing = Events()
    assert framing.feed(b"data: 1\n") == []
    assert framing.feed(b"\ndata: 2") == [b"1"]
    assert framing.feed(b"\r\n\r") == []
    assert framing.feed(b"\n") == [b"2"]


def test_an_event_without_its_blank_line_counts_at_the_end() -> None:
    framing = Events()
    assert framing.feed(b"data: 1") == []
    assert framing.end() == [b"1"]


@pytest.mark.parametrize("read", [b"x" * 100, b"x\n" * 50])
def test_an_event_over_its_limit_is_refused_before_it_is_whole(read: bytes) -> None:
    framing = Events(event_limit=1_000)
    for _ in range(10):
        framing.feed(read)
    with pytest.raises(BrokenStream, match="event"):
        framing.feed(read)


def test_finished_events_do_not_count_towards_the_limit_of_one() -> None:
    framing = Events(event_limit=100)
    told = [framing.feed(read) for _ in range(50) for read in (b"data: 12345678\n\nda", b"ta: x\n\n")]
    assert told == [[b"12345678"], [b"x"]] * 50


@pytest.mark.parametrize("framing", [Events(answer_limit=1_000), Whole(answer_limit=1_000)])
def test_an_answer_over_its_limit_is_refused(framing: Events | Whole) -> None:
    framing.feed(b"data: " + b"x" * 494 + b"\n\n")
    with pytest.raises(BrokenStream, match="answer"):
        framing.feed(b"x" * 501)


def test_an_answer_in_one_piece_is_one_event_at_the_end() -> None:
    framing = Whole()
    assert framing.feed(b'{"a"') == framing.feed(b": 1}") == []
    assert framing.end() == [b'{"a": 1}']
