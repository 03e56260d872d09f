"""What is foretold, and how many replicas are asked for."""

import asyncio
from math import pi, sin

import numpy as np
import pytest

from app.analytics.series.cell import Key
from app.analytics.series.fleet import Beat, Fleet, Vitals
from app.analytics.series.forecasting import Forecasting, Sources
from app.analytics.series.forecasts import Budget, Limit, hit, of_day
from app.analytics.series.history import History
from app.analytics.series.scaling import Busy, Scaling, wanted
from app.analytics.series.series import Series
from app.clock import HandClock
from app.events import AttemptEnded, TurnEnded
from app.stats.seasonal import Floats
from app.vocabulary import Attempt, Usage
from tests.unit.test_series import KEY, NOON, turned


def steady(amount: float, steps: int) -> Floats:
    return np.full((100, steps), amount)


def test_a_limit_of_a_minute_is_hit_only_by_more_than_it_lets_through() -> None:
    limit = Limit("groq", "llama", "requests", left=20.0, full=30.0, reset=40.0)
    assert hit(steady(19, 60), limit)["hit_in_s"] is None
    soon = hit(steady(25, 60), limit)
    assert (soon["chance"], soon["hit_in_s"]) == (1.0, 30)
    growing = np.tile(np.arange(60.0), (100, 1))
    assert hit(growing, limit)["hit_in_s"] == 31 * 60 + 30


def test_a_limit_of_a_day_is_used_up_bit_by_bit() -> None:
    limit = Limit("groq", "llama", "tokens", left=1_000.0, full=None, reset=36_000.0)
    assert hit(steady(100, 60), limit)["hit_in_s"] == 10 * 60 + 30
    half = np.concatenate([steady(100, 60)[:40], steady(1, 60)[:60]])
    assert hit(half, limit) == {**hit(half, limit), "chance": 0.4, "hit_in_s": None}


def test_a_day_costs_what_was_spent_and_what_is_to_come() -> None:
    found = of_day(steady(2.0, 6), spent=10.0, left_of_hour=0.5, budget=Budget(limit=15.0, spent=10.0))
    assert found["today"] == {"spent": 10, "expected": 21, "low": 21, "high": 21}
    assert found["budget"]["chance"] == 1
    assert found["budget"]["hit_in_s"] == pytest.approx(2.5 * 3_600, abs=3_600)  # half an hour and two hours
    enough = of_day(steady(2.0, 6), 10.0, 0.5, Budget(30.0, 10.0))["budget"]
    assert (enough["chance"], enough["hit_in_s"]) == (0, None)


def test_replicas_are_asked_for_at_once_and_let_go_after_five_quiet_minutes() -> None:
    scaling = Scaling()
    assert scaling.note(Busy(2, 0.9, 10), 0).replicas == 3
    assert scaling.note(Busy(3, 0.62, 10), 15).replicas == 3
    for at in range(30, 330, 15):
        assert scaling.note(Busy(3, 0.1, 10), at).replicas == 3
    assert scaling.note(Busy(3, 0.1, 10), 345).replicas == 1
    busy = wanted(Busy(2, 0.5, 4_000, growth=2.0))
    assert busy.replicas == 4
    assert "turns under way" in wanted(Busy(2, 0.1, 9_000)).reason
    assert wanted(Busy(2, 0.1, 9_000)).replicas == 4
    assert wanted(Busy(1, 0.0, 0.0)).replicas == 1


def test_a_replica_that_falls_silent_is_not_counted() -> None:
    clock, spent = HandClock(), [0.0]
    fleet = Fleet(clock, "me", Vitals(lambda: spent[0], lambda: 7))
    assert (len(fleet), fleet.beat()) == (1, None)
    clock.turn(10)
    spent[0] = 4.0
    assert fleet.beat() == Beat("me", 0.4, 7)
    fleet.hear(Beat.heard(Beat("you", 0.2, 1).message()) or Beat("", 0, 0))
    assert len(fleet) == 2
    clock.turn(15)
    fleet.beat()
    clock.turn(6)
    assert [beat.replica for beat in fleet.there()] == ["me"]
    assert Beat.heard(b"[]") is Beat.heard(b"{}") is None


def test_history_keeps_the_newest_steps_and_no_more_series_than_there_is_room_for() -> None:
    history = History(steps=10, most=2)
    history.note(100, Key(None), {"a": 1.0, "b": 2.0, "c": 3.0})
    history.note(103, Key(None), {"a": 4.0})
    history.note(102, Key(None), {"a": 3.0})  # late
    history.note(80, Key(None), {"a": 9.0})  # too late
    assert history.last((Key(None), "a"), 104, 5) == [None, 1.0, None, 3.0, 4.0]
    assert history.last((Key(None), "c"), 104, 2) == [None, None]
    history.note(200, Key(None), {"c": 5.0})  # nothing came of the others for ten steps
    assert history.last((Key(None), "c"), 201, 1) == [5.0]


def foretelling(series: Series, clock: HandClock, limits: list[Limit]) -> Forecasting:
    async def budget(workspace: str) -> Budget | None:
        return Budget(5.0, 4.0) if workspace == "school" else None

    fleet = Fleet(clock, "me", Vitals(lambda: clock.monotonic() * 0.9, lambda: 3))
    clock.turn(10)
    fleet.beat()
    return Forecasting((series, fleet, Sources(lambda: limits, budget)), clock, np.random.default_rng(1))


def test_nothing_is_foretold_until_there_is_enough_and_then_the_day_is() -> None:
    clock, chance = HandClock(NOON), np.random.default_rng(2)
    series = Series(clock, "me", KEY)
    limits = [Limit("groq", "llama", "requests", 30.0, 60.0, 20.0)]
    assert asyncio.run(foretelling(series, clock, limits).look(None)).keys() == {"replicas"}
    for hour in range(72):
        for _ in range(6):
            for n in range(chance.poisson(8 + 6 * sin(hour / 12 * pi))):
                turn = turned(n)
                series.hear(AttemptEnded(Attempt("groq", "llama", "ok", 5.0), 3.0, Usage(), True))
                series.hear(TurnEnded(turn))
            clock.turn(600)
            series.past.advance()
    clock.turn(600)
    series.past.advance()
    forecasting = foretelling(series, clock, limits)
    assert forecasting.told("school") == {}
    assert asyncio.run(forecasting.look(None))["limits"][0]["limit"] == "requests"
    found = asyncio.run(forecasting.look("school"))
    assert found["turns"]["next_24h"]["expected"] == pytest.approx(6 * 24 * 8, rel=0.15)
    assert found["turns"]["next_24h"]["low"] < found["turns"]["next_24h"]["high"]
    assert found["tokens"]["next_24h"]["expected"] == pytest.approx(6 * 24 * 8 * 950, rel=0.15)
    assert found["cost_usd"]["budget"]["limit_usd"] == 5.0
    assert found["replicas"]["desired"] == 2
    assert "90%" in found["replicas"]["reason"]
    assert forecasting.desired == 2
