"""What a replay adds up to, and when it counts as good."""

import io
import json
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.replay.player import Kept, Played, kept
from app.replay.progress import Progress
from app.replay.recording import index
from app.replay.report import Circumstances, Spread, Tally, good, report, spread
from app.replay.sources import Place, Source, found
from app.replay.table import table

PLACE = Place(Source("talk.jsonl", Path("talk.jsonl")), 0, 7)
AROUND = Circumstances("embedded", ("offline/rules",), 2, 0, 0.5, None, {"hit": 3.0, "miss": 1.0})


def turn(**changes: Any) -> dict[str, Any]:
    usage = {"input_tokens": 100, "cached_tokens": 50, "output_tokens": 9, "cost_usd": 0.25}
    timing = {"context_ms": 1.0, "first_token_ms": 5.0, "total_ms": 9.0, "overhead_ms": 2.0}
    attempts = [{"provider": "openai", "model": "m", "outcome": "ok", "ms": 1.0}]
    told = {"provider": "openai", "model": "m", "degraded": False, "state": "complete"}
    return {**told, "usage": usage, "timing": timing, "attempts": attempts, **changes}


RECEIPT = {"tokens": 10, "full_tokens": 40, "layers": [{"name": "history", "outcome": "cut"}]}


def test_what_is_known_of_some_turns_is_added_up() -> None:
    tally = Tally()
    unknown = dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens", "cost_usd"))
    tally.add(Played(PLACE, turn(), RECEIPT))
    tally.add(Played(PLACE, turn(usage=unknown, timing={"context_ms": 3.0, "first_token_ms": None})))
    tally.end(Kept(2, 2, 0))
    found = report(tally, AROUND)
    assert found["context"]["saved_percent"] == 75.0
    assert found["context"]["layers"] == {"history": {"cut": 1}}
    cache = {"input_tokens": 100, "cached_tokens": 50, "snapshot_hits": 3, "snapshot_misses": 1}
    assert found["cache"] == cache
    assert found["router"]["cost_usd"] == 0.25
    assert found["latency"]["first_token_ms"] == {"count": 1, "p50": 5.0, "p95": 5.0, "p99": 5.0}
    assert found["latency"]["context_ms"]["count"] == 2
    assert good(found)


def test_unknown_is_not_zero() -> None:
    found = report(Tally(), Circumstances("embedded", (), 2, 0, 0.5, "interrupted", {}))
    assert found["context"] == {"tokens": None, "full_tokens": None, "saved_percent": None, "layers": {}}
    assert set(found["cache"].values()) == {None}
    assert found["router"]["cost_usd"] is None
    assert found["turns"]["per_second"] is None
    assert "–" in table(found)
    assert "Ended early   interrupted" in table(found)
    assert not good(found)
    assert json.loads(json.dumps(found)) == {**found, "providers": []}


def test_a_turn_that_fell_over_and_one_that_failed_are_told_apart() -> None:
    tally = Tally()
    refused = {"provider": "groq", "model": "g", "outcome": "busy", "ms": 1.0}
    tally.add(Played(PLACE, turn(attempts=[refused, *turn()["attempts"]], degraded=True)))
    tally.add(Played(PLACE, problem="503 no-provider: Every model provider failed."))
    tally.end(Kept(1, 1, 0))
    found = report(tally, AROUND)
    assert (found["router"]["fell_over"], found["router"]["degraded"]) == (1, 1)
    assert found["router"]["attempts"] == {"groq/g busy": 1, "openai/m ok": 1}
    assert found["turns"]["problems"] == ["talk.jsonl line 7: 503 no-provider: Every model provider failed."]
    assert not good(found)
    assert "talk.jsonl line 7" in table(found)


@pytest.mark.parametrize("after", [Kept(2, 1, 0), Kept(2, 2, 1), Kept(1, 1, 0)])
def test_a_turn_that_was_not_kept_is_no_success(after: Kept) -> None:
    tally = Tally()
    tally.add(Played(PLACE, turn()))
    tally.add(Played(PLACE, turn()))
    tally.end(after)
    assert not good(report(tally, AROUND))


def test_percentiles_are_values_that_occurred() -> None:
    assert spread(array("d", map(float, range(1, 101)))) == Spread(100, 50.0, 95.0, 99.0)
    assert spread(array("d", [7.0])) == Spread(1, 7.0, 7.0, 7.0)


def places(folder: Path, *messages: str) -> dict[str, Place]:
    path = folder / "talk.jsonl"
    path.write_text("".join(json.dumps({"learner_id": "a", "message": m}) + "\n" for m in messages), "utf-8")
    talk = index(found(str(path), folder).sources, None).dialogues[0]
    return {f"t{n}": talk.place(n) for n in range(len(messages))}


async def newest_first(*turns: tuple[str, str, str]) -> AsyncIterator[dict[str, str]]:
    for name, message, state in turns:
        yield {"id": name, "message": message, "state": state}


A, B = ("t0", "a", "complete"), ("t1", "b", "complete")


@pytest.mark.parametrize(
    ("turns", "failed", "expected"),
    [
        ([B, A], 0, Kept(2, 2, 0)),
        ([A, B], 0, Kept(2, 1, 1)),
        ([B], 0, Kept(2, 1, 0)),
        ([B, B, A], 0, Kept(2, 2, 1)),
        ([B, ("t9", "x", "failed"), A], 1, Kept(2, 2, 0)),
        ([B, ("t9", "x", "failed"), A], 0, Kept(2, 2, 1)),
        ([B, ("t0", "a", "open")], 0, Kept(2, 1, 0)),
        ([B, ("t0", "other", "complete")], 0, Kept(2, 1, 0)),
        ([], 0, Kept(2, 0, 0)),
    ],
)
async def test_kept_is_once_in_order_complete_and_word_for_word(
    tmp_path: Path, turns: list[tuple[str, str, str]], failed: int, expected: Kept
) -> None:
    assert await kept(places(tmp_path, "a", "b"), failed, newest_first(*turns)) == expected


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar_and_a_file_gets_lines_now_and_then() -> None:
    for stream, moments, expected in ((Terminal(), 0.5, "\r[####"), (io.StringIO(), 11.0, "1/4 turns, ")):
        time = iter(n * moments for n in range(100))
        progress = Progress(4, stream, lambda time=time: next(time))  # type: ignore[misc]
        progress.step(failed=False)
        progress.step(failed=True)
        assert expected in stream.getvalue()
        assert "2/4 turns, 1 failed" in stream.getvalue()
    quiet = Terminal()
    Progress(4, quiet, lambda: 0.0, quiet=True).end()
    assert quiet.getvalue() == ""
