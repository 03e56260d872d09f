"""What is out of the ordinary, since when, and why: on minutes of a service with a daily cycle."""

import random
from copy import deepcopy
from dataclasses import dataclass

import pytest

from app.alerting.watching import Watching
from app.analytics.alerts.changes import Change
from app.analytics.alerts.finding import Finding
from app.analytics.alerts.settings import AlertSettings, Burn, Objective, WatchRule
from app.analytics.anomalies.anomalies import SERIES, Anomalies, Hour
from app.analytics.anomalies.minute import ALL, Minute
from tests.unit.alerts.minutes import START, days, minute, usual

DAYS = 3
MIDNIGHT = START + DAYS * 1440
NOON = MIDNIGHT + 720


@dataclass
class Past:
    """Three days and a half in which nothing happens: what has watched them up to a midnight and a noon, what was found
    meanwhile, and the hours that were kept."""

    midnight: Watching
    noon: Watching
    found: list[Finding]
    hours: list[Hour]
    minutes: list[Minute]


@pytest.fixture(scope="module")
def past() -> Past:
    """Watched once for all tests, which go on from copies."""
    made = Past(Watching(AlertSettings()), Watching(AlertSettings()), [], [], list(days(DAYS + 1)))
    for one in made.minutes:
        if one.at == MIDNIGHT:
            made.midnight = deepcopy(made.noon)
        if one.at < NOON:
            made.noon.feed(one)
            made.found += made.noon.findings()
            if one.at % 60 == 59:
                made.hours += made.noon.anomalies.hours()
    return made


@pytest.fixture
def watched(past: Past) -> Watching:
    """At noon."""
    return deepcopy(past.noon)


def goes_on(
    watched: Watching, minutes: int = 10, slow: float = 1.0, dear: float = 1.0, part: float = 1.0
) -> list[Finding]:
    """What is found after so many minutes of an incident at noon."""
    chance = random.Random(2)
    for at in range(NOON, NOON + minutes):
        watched.feed(minute(at, chance, slow, dear, part))
    return watched.findings()


def test_healthy_days_with_their_nights_raise_nothing(past: Past) -> None:
    assert past.found == []


def test_nothing_is_expected_before_enough_was_seen(past: Past) -> None:
    anomalies = Anomalies()
    for one in past.minutes[:59]:
        anomalies.feed(one)
    assert anomalies.expected("latency") is None
    for one in past.minutes[59:90]:
        anomalies.feed(one)
    assert anomalies.expected("latency") is not None
    for at in range(START + 90, START + 120):  # how many turns are usual goes by the time of day: nobody knows yet
        anomalies.feed(Minute(at))
    assert anomalies.found == []


def test_a_slow_provider_is_found_in_two_windows_with_band_and_beginning_and_named_first(watched: Watching) -> None:
    found = {one.rule: one for one in goes_on(watched, slow=3.0)}
    latency = found["latency"]
    assert latency.expected is not None
    low, high = latency.expected
    assert low is not None
    assert high is not None
    assert low < 1_180 < high < latency.observed  # type: ignore[operator]
    assert abs(latency.since / 60 - NOON) <= 2
    assert found["provider_latency"].subject == "a"
    first = watched.causes(latency)[0]
    assert (first.kind, first.subject) == ("provider", "a")
    assert first.share is not None
    assert first.share > 0.8
    assert "ms before" in first.evidence


def test_a_workspace_that_costs_more_is_named(watched: Watching) -> None:
    (cost,) = [one for one in goes_on(watched, dear=5.0) if one.rule == "cost"]
    first = watched.causes(cost)[0]
    assert (first.kind, first.subject, first.workspace) == ("workspace", "south", "south")


def test_a_policy_is_named_where_all_turns_cost_more_since(watched: Watching) -> None:
    watched.note(Change(NOON * 60 - 30, "policy", "8", "version 8 is active"))
    chance = random.Random(2)
    for at in range(NOON, NOON + 10):
        one = minute(at, chance)
        watched.feed(Minute(at, {key: 3 * n if key[0] == "cost" else n for key, n in one.sums.items()}))
    (cost,) = [one for one in watched.findings() if one.rule == "cost"]
    first = watched.causes(cost)[0]
    assert (first.kind, first.subject) == ("policy", "8")


def test_silence_at_noon_is_an_alert_and_a_quiet_night_is_none(past: Past, watched: Watching) -> None:
    (quiet,) = [one for one in goes_on(watched, part=0.0) if one.rule == "quiet"]
    assert quiet.severity == "page"
    assert quiet.expected is not None
    assert quiet.expected[0] is not None
    assert quiet.expected[0] < usual(NOON) < quiet.expected[1]  # type: ignore[operator]
    night, chance = deepcopy(past.midnight), random.Random(3)
    for at in range(MIDNIGHT, MIDNIGHT + 120):
        night.feed(minute(at, chance, part=0.6))
        assert night.findings() == []


def test_an_alarm_ends_when_things_are_as_before(past: Past, watched: Watching) -> None:
    assert goes_on(watched, slow=3.0)
    for one in past.minutes:
        if NOON + 10 <= one.at < NOON + 30:
            watched.feed(one)
    assert watched.findings() == []


def test_what_was_kept_of_hours_is_known_after_a_restart(past: Past, watched: Watching) -> None:
    after = Anomalies()
    for hour in past.hours:
        after.recall(hour)
    for one in past.minutes:
        if NOON - 120 <= one.at < NOON:
            after.feed(one)
    assert after.expected("quiet") == pytest.approx(watched.anomalies.expected("quiet"), rel=0.15)


def test_a_figure_can_be_switched_off_and_blunted(past: Past) -> None:
    rules = {"latency": WatchRule(on=False), "provider_latency": WatchRule(least=4.0)}
    watched = Watching(AlertSettings(watch=rules))
    for one in past.minutes:
        if NOON - 120 <= one.at < NOON:
            watched.feed(one)
    assert goes_on(watched, slow=3.0) == []


def test_labels_that_never_end_do_not_fill_the_memory() -> None:
    anomalies = Anomalies()
    for at in range(3):
        names = {("calls", ("provider", f"{at}-{n}")): 1.0 for n in range(SERIES)}
        anomalies.feed(Minute(START + at, names))
    assert len(anomalies._series) == SERIES


def test_an_error_budget_burns_only_if_both_windows_say_so() -> None:
    settings = AlertSettings(
        slo={"answered": Objective(objective=0.99)}, burn=(Burn(rate=10, long=60, short=5, severity="page"),)
    )

    def after(*bad: float) -> list[str]:
        watched = Watching(settings)
        for n, part in enumerate(bad):
            watched.feed(Minute(START + n, {("turns", ALL): 50.0, ("turns.failed", ALL): 50 * part}))
        return [one.rule for one in watched.findings() if one.rule == "slo"]

    assert after(*[0.0] * 55, *[0.2] * 5) == []  # not for long
    assert after(*[0.2] * 55, *[0.0] * 5) == []  # over already
    assert after(*[0.0] * 25, *[0.2] * 35) == ["slo"]
