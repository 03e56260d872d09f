"""The figures of windows, with a clock that the test turns."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from app.analytics.series.cell import OTHER, Key
from app.analytics.series.past import Minute
from app.analytics.series.rollup import Rollup
from app.analytics.series.series import Series
from app.analytics.series.slices import CELLS
from app.clock import HandClock
from app.events import AttemptEnded, Graded, Rewarded, TurnEnded, TurnOpened
from app.vocabulary import (
    Affect,
    Answer,
    Attempt,
    LayerReceipt,
    Reading,
    Receipt,
    Reward,
    Source,
    State,
    Task,
    Timing,
    Turn,
    Usage,
)

KEY = b"k" * 16
NOON = 1_790_000_000.0 // 86_400 * 86_400 + 12 * 3_600
LAYERS = tuple(LayerReceipt(name, 100, 250, 1.0, "kept", "") for name in ("history", "course"))


def turned(n: int, workspace: str = "school", total: float = 900.0) -> Turn:
    """Turn `n`; each twentieth failed."""
    return Turn(
        *(f"t{n}", workspace, f"s{n % 50}", f"ada{n % 40}", 1, "Hi", "2026-11-21T12:00:00.000000Z"),
        state=State.COMPLETE if n % 20 else State.FAILED,
        task=Task.PRACTICE if n % 3 else Task.EXPLANATION,
        provider="groq",
        model="llama",
        usage=Usage(800, 200, 150, 0.001),
        timing=Timing(1.5, 300.0, total, 3.0),
        attempts=(Attempt("groq", "llama", "ok" if n % 20 else "down", total, 150, 0.001),),
        receipt=Receipt(2_000, 200, 500, "o200k", "1", LAYERS),
        reading=Reading(Affect("calm", 0.8)),
    )


def tell(series: Series, turn: Turn) -> None:
    series.hear(TurnOpened(turn.task))
    series.hear(AttemptEnded(turn.attempts[0], 300.0, turn.usage, True))
    series.hear(TurnEnded(turn))
    series.request(200, 0.01)


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOON)


@pytest.fixture
def series(clock: HandClock) -> Series:
    return Series(clock, "me", KEY)


def a_while(clock: HandClock, times: int, each: Callable[[int], None], step: float = 1) -> None:
    for n in range(times):
        each(n)
        clock.turn(step)


def told(series: Series) -> list[Rollup]:
    series.past.advance()
    found = [*series.past.told]
    series.past.told.clear()
    return found


def without(figures: Any, *names: str) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name not in ("replicas", *names)}


def test_each_window_counts_what_was_in_it(series: Series, clock: HandClock) -> None:
    totals = [random.Random(n).lognormvariate(6, 1) for n in range(4_500)]

    def second(n: int) -> None:
        tell(series, turned(n, total=totals[n]))
        series.past.advance()

    a_while(clock, 4_500, second)
    for window, seconds in (("1m", 60), ("5m", 300), ("1h", 3_600), ("24h", 4_500)):
        found = series.figures(window)
        grain = {"1h": 60}.get(window, 5)
        count = found["turns"]["count"]
        assert seconds <= count < seconds + grain
        assert found["turns"]["rate"] == pytest.approx(1, rel=0.01)
        assert found["turns"]["failed"] == pytest.approx(0.05, abs=0.01)
        exact = sorted(totals[4_500 - count :])
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            assert found["latency"]["total_ms"][name] == pytest.approx(exact[int(share * (count - 1))], rel=0.0101)
        assert found["tokens"] == {"input": 800 * count, "cached": 200 * count, "output": 150 * count}
        assert found["cost_usd"] == pytest.approx(0.001 * count)
        assert sum(task["count"] for task in found["tasks"]) == found["providers"][0]["calls"] == count
        assert found["context"]["saved"] == 0.6
        assert found["engagement"]["learners"] == pytest.approx(40, abs=2)
        points = found["series"]["turns"]
        assert points == sorted(points)
        assert sum(value for _, value in points) == pytest.approx(count, abs={"24h": 900}.get(window, 65))


def test_two_replicas_add_up_to_one_that_saw_all(clock: HandClock) -> None:
    whole, here, there = (Series(clock, name, KEY) for name in ("whole", "here", "there"))

    def second(n: int) -> None:
        turn = turned(n, ("school", "club")[n % 2], 100.0 + n)
        tell(whole, turn)
        tell(here if n % 3 else there, turn)
        for one, other in ((here, there), (there, here), (whole, whole)):
            for rollup in told(one):
                heard = Rollup.heard(rollup.message())
                assert heard is not None
                other.past.take(heard)
                other.past.take(heard)  # by the channel, and from the store

    a_while(clock, 600, second, step=7)
    for one, other in ((here, there), (there, here), (whole, whole)):
        for rollup in told(one):
            other.past.take(rollup)
    for window in ("1m", "5m", "1h", "24h"):
        for workspace in (None, "school", "club"):
            alone = without(whole.figures(window, workspace))
            assert without(here.figures(window, workspace)) == alone
            assert without(there.figures(window, workspace)) == alone
    assert [*here.minutes("turns", {}, 60)] == [*whole.minutes("turns", {}, 60)]


def test_what_was_kept_is_there_after_a_restart(series: Series, clock: HandClock) -> None:
    kept: list[Rollup] = []

    def second(n: int) -> None:
        tell(series, turned(n))
        kept.extend(rollup for rollup in told(series) if rollup.seconds == 60)

    a_while(clock, 1_800, second)
    series.past.leave()
    kept += [rollup for rollup in series.past.told if rollup.seconds == 60]
    again = Series(clock, "again", KEY)
    for rollup in reversed(kept):
        again.past.restore([rollup])
    for window in ("1h", "24h"):
        assert without(again.figures(window), "series") == without(series.figures(window), "series")
    assert [*again.minutes("total_ms.p95", {}, 25)] == [*series.minutes("total_ms.p95", {}, 25)]


def test_ten_thousand_workspaces_take_no_more_room_than_a_few(series: Series, clock: HandClock) -> None:
    for n in range(10_000):
        series.hear(TurnEnded(turned(n, f"school {n}")))
        if n % 500 == 0:
            clock.turn(1)
    rollups = told(series)
    assert all(len(rollup.slice()) <= CELLS for rollup in rollups)
    whole = series.figures("5m")
    assert whole["turns"]["count"] == 10_000
    assert series.figures("5m", "school 0")["turns"]["count"] == 1
    # Whoever came late has no figures of their own, and sees nobody else's.
    assert series.figures("5m", "school 9999")["turns"]["count"] == 0
    assert series.figures("5m", "other")["turns"]["count"] == 0
    assert series.figures("5m", OTHER)["turns"]["count"] > 9_000


def test_workspaces_of_which_nothing_is_heard_for_a_day_make_room_for_others(series: Series, clock: HandClock) -> None:
    for n in range(200):
        tell(series, turned(n, f"school {n}"))
    for hour in range(28):
        clock.turn(3_600)
        tell(series, turned(hour, "school 0"))
        series.figures("1m")
    tell(series, turned(0, "late"))
    assert [series.figures("1m", name)["turns"]["count"] for name in ("school 0", "late", OTHER)] == [1, 1, 0]


def test_a_day_that_was_made_ready_is_what_would_have_been_added_up(series: Series, clock: HandClock) -> None:
    plain = Series(clock, "plain", KEY)
    for n in range(300):
        for each in (series, plain):
            tell(each, turned(n))
        clock.turn(300)
    series.past.advance()
    rings = series.past.rings
    pauses = [len([*rings.warming(clock.now())]) for _ in range(3)]
    assert pauses == [0, 23, 0]  # the hours that are over
    assert without(series.figures("24h")) == without(plain.figures("24h"))


@pytest.mark.parametrize("window", ["5m", "1h", "24h"])
def test_figures_that_were_made_in_pieces_while_more_came_are_those_made_at_once(
    series: Series, clock: HandClock, window: str
) -> None:
    plain = Series(clock, "plain", KEY)
    for n in range(100):
        for each in (series, plain):
            tell(each, turned(n))
        clock.turn(40)
    pieces = 0
    for n, _ in enumerate(series.ahead(window, "school")):
        pieces += 1
        for each in (series, plain):
            tell(each, turned(n))
        clock.turn(10)
        series.figures("1m", "school")
    assert pieces > 10
    assert without(series.figures(window, "school")) == without(plain.figures(window, "school"))
    assert [*series.ahead(window, "school")] == []


def test_latency_is_drawn_of_the_models_that_are_asked_most(series: Series, clock: HandClock) -> None:
    for n in range(10):
        for _ in range(n + 1):
            attempt = Attempt("groq", f"model {n}", "ok", 900.0, 150, 0.001)
            series.hear(AttemptEnded(attempt, 100.0 * (n + 1), turned(n).usage, True))
    clock.turn(3_600)
    series.figures("1m")
    found = series.figures("24h", "school")["providers"], series.figures("24h")["providers"]
    assert found[0] == []
    drawn = {one["model"]: one["series"]["first_token_ms.p95"] for one in found[1] if "series" in one}
    assert sorted(drawn) == [f"model {n}" for n in range(2, 10)]
    assert drawn["model 9"] == [(NOON // 3_600 * 3_600, pytest.approx(1_000, rel=0.01))]


def test_many_models_are_counted_together_past_the_ceiling(series: Series, clock: HandClock) -> None:
    for n in range(3 * CELLS):
        series.hear(AttemptEnded(Attempt("p", f"model {n}", "ok", 5.0), None, Usage(), False))
        clock.turn(0.1)
    found = series.figures("5m")["providers"]
    assert len(found) <= CELLS
    assert (found[-1]["provider"], found[-1]["model"]) == ("other", "other")
    assert sum(one["calls"] for one in found) == 3 * CELLS


def test_every_minute_is_told_once_with_its_values_and_unknown_is_none(series: Series, clock: HandClock) -> None:
    minutes: list[Minute] = []
    series.each_minute(minutes.append)

    def second(n: int) -> None:
        if n // 60 != 2:  # nobody comes in the third minute
            tell(series, turned(n))
        series.past.advance()

    a_while(clock, 301, second)
    assert [minute.start for minute in minutes] == [int(NOON) + 60 * n for n in range(4)]
    groq = Key.of({"provider": "groq", "model": "llama"})
    assert minutes[0].values[Key(None), "turns"] == 60
    assert minutes[0].values[Key("school"), "failed"] == pytest.approx(0.05)
    assert minutes[0].values[groq, "errors.share"] == pytest.approx(0.05)
    assert minutes[2].values == {(Key(None), "turns"): 0, (Key(None), "turns_per_s"): 0}
    clock.turn(5)
    series.past.advance()
    assert [*series.minutes("turns", {}, 6)] == [None, 60, 60, 0, 60, 60]
    assert [*series.minutes("calls", {"provider": "groq", "model": "llama"}, 4)] == [60, None, 60, 60]


def test_whoever_hears_of_a_minute_may_ask_for_figures_and_may_fail(series: Series, clock: HandClock) -> None:
    asked: list[int] = []

    def fail(minute: Minute) -> None:
        raise RuntimeError("of no concern to figures")

    series.each_minute(fail)
    series.each_minute(lambda minute: asked.append(series.figures("5m")["turns"]["count"]))
    a_while(clock, 130, lambda n: tell(series, turned(n)))
    assert series.figures("5m")["turns"]["count"] == 130
    assert len(asked) == 2


def test_an_answer_is_good_for_a_second(series: Series, clock: HandClock) -> None:
    before = series.figures("1m")
    tell(series, turned(1))
    assert series.figures("1m") is before
    clock.turn(1)
    assert series.figures("1m")["turns"]["count"] == 1


def test_rewards_and_answers_are_counted(series: Series) -> None:
    turn = turned(1)
    for n, value in enumerate((1.0, 0.0, 1.0)):
        reward = Reward(f"r{n}", "school", "ada", "t1", Source.FEEDBACK, value, turn.created_at)
        series.hear(Rewarded(reward, turn))
    answers = tuple(Answer("fractions", correct) for correct in (True, False, True, True))
    series.hear(Graded("school", "ada", ("fractions",), answers, gain=0.25))
    found = series.figures("1m", "school")
    assert found["engagement"] == {"feedback": 3, "helpful": 0.6667}
    assert found["mastery"] == {"answers": 4, "correct": 0.75, "gain": 0.25}


def test_nothing_that_is_told_or_kept_names_a_learner_or_a_session(series: Series, clock: HandClock) -> None:
    turn = replace(turned(1), learner_id="Ada Lovelace", session_id="0199-secret", message="my words")
    tell(series, turn)
    clock.turn(120)
    rollups = told(series)
    assert {rollup.seconds for rollup in rollups} == {5, 60}
    said = " ".join(str([cell.plain() for _, cell in rollup.slice().items()]) for rollup in rollups)
    assert "learners" in said
    assert not any(word in said for word in ("Ada", "0199", "words", "t1"))


@pytest.mark.parametrize("message", [b"", b"{}", b"[1,2]", b'["a","b",5,"c"]', b"[1,null,5,7]"])
def test_what_is_no_rollup_is_not_heard(message: bytes) -> None:
    assert Rollup.heard(message) is None


def test_a_rollup_that_cannot_be_read_counts_as_nothing(series: Series, clock: HandClock) -> None:
    series.past.take(Rollup("you", int(NOON), 5, "AAAA"))
    series.past.take(Rollup("you", int(NOON), 60, "no base64"))
    assert series.figures("1h")["turns"]["count"] == 0
