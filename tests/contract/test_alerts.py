"""Alerts of several replicas over every store: one of a kind, kept alive by whoever sees it, told at least once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson
import pytest

from app.alerting.alerting import Alerting, Parts
from app.alerting.telling import LEASE, Hook, Telling, signed
from app.alerting.watching import Watching
from app.analytics.alerts.finding import Finding
from app.analytics.alerts.life import AGAIN
from app.analytics.alerts.settings import AlertSettings, Webhook
from app.clock import HandClock
from app.errors import NotFound
from app.events import Alerted, Event, Events
from app.storage.alerts import Alerts
from app.storage.memory import MemoryCache
from app.storage.rollups import Rollups
from app.vocabulary import Alert
from tests.contract.conftest import AnyStore

HOOK = Hook("oncall", Webhook(url="http://127.0.0.1:9/", secret="S"), b"secret")


def finding(clock: HandClock, subject: str = "groq/llama", workspace: str | None = None) -> Finding:
    return Finding("breaker", subject, "left alone", "ticket", clock.now() - 60, workspace=workspace)


@dataclass
class Replica:
    """One process's alerting; it sees what is put into `sees`, and has heard what is in `told`."""

    store: AnyStore
    clock: HandClock
    sees: list[Finding] = field(default_factory=list)
    told: list[Alert] = field(default_factory=list)
    store_answers: bool = True
    hooks: tuple[Hook, ...] = (HOOK,)

    def __post_init__(self) -> None:
        events, settings = Events(), AlertSettings(webhook={hook.name: hook.webhook for hook in self.hooks})
        events.subscribe(self._hear)
        self.alerts = Alerts(self.store)
        self.alerting = Alerting(
            Parts(
                alerts=self.alerts,
                rollups=Rollups(self.store),
                watching=Watching(settings),
                look=self._look,
                store_answers=lambda: self.store_answers,
                settings=settings,
                cache=MemoryCache(self.clock),
                events=events,
                clock=self.clock,
            )
        )

    def _hear(self, event: Event) -> None:
        if isinstance(event, Alerted):
            self.told.append(event.alert)

    async def _look(self, now: float) -> list[Finding]:
        return self.sees


@dataclass
class Receiver:
    """A webhook's server: answers with `status`, or not at all (0), and keeps what it was sent."""

    status: int = 204
    heard: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.heard.append((headers, body))
        if not self.status:
            raise TimeoutError
        return self.status


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


async def test_replicas_that_see_the_same_at_once_open_one_alert_and_both_tell_of_it(
    store: AnyStore, clock: HandClock
) -> None:
    replicas = [Replica(store, clock, [finding(clock)]) for _ in range(3)]
    await asyncio.gather(*(one.alerting.look() for one in replicas))
    for one in replicas:
        await one.alerting.look()
        (alert,) = one.alerting.listed("w")
        assert (alert["state"], alert["subject"], alert["count"]) == ("open", "groq/llama", 1)
        assert [told.state for told in one.told] == ["open"]


async def test_an_alert_outlives_the_replica_that_saw_it_and_closes_when_nobody_sees_its_reason(
    store: AnyStore, clock: HandClock
) -> None:
    dead, other = Replica(store, clock, [finding(clock)]), Replica(store, clock)
    await dead.alerting.look()
    await other.alerting.look()
    clock.turn(299)
    await other.alerting.look()
    assert [alert["state"] for alert in other.alerting.listed("w")] == ["open"]
    clock.turn(2)
    await other.alerting.look()
    await other.alerting.look()
    assert [alert["state"] for alert in other.alerting.listed("w")] == ["closed"]
    assert [told.state for told in other.told] == ["open", "closed"]


async def test_what_comes_back_soon_is_the_same_alert_and_what_comes_back_late_a_new_one(
    store: AnyStore, clock: HandClock
) -> None:
    one = Replica(store, clock)
    for rest in (301.0, AGAIN + 302.0):
        one.sees = [finding(clock)]
        await one.alerting.look()
        one.sees = []
        clock.turn(301)
        await one.alerting.look()
        clock.turn(rest - 301)
    one.sees = [finding(clock)]
    await one.alerting.look()
    listed = one.alerting.listed("w")
    assert [(alert["state"], alert["count"]) for alert in listed] == [("open", 1), ("closed", 2)]


async def test_an_alert_that_opens_while_the_store_is_away_is_listed_and_kept_when_it_is_back(
    store: AnyStore, clock: HandClock
) -> None:
    one, other = Replica(store, clock, [finding(clock)], store_answers=False), Replica(store, clock)
    await one.alerting.look()
    clock.turn(60)
    await one.alerting.look()
    assert [told.state for told in one.told] == ["open"]
    one.sees, one.store_answers = [], True
    await one.alerting.look()
    await other.alerting.look()
    assert [alert["state"] for alert in other.alerting.listed("w")] == ["open"]


async def test_a_quiet_alert_is_told_to_nobody_until_its_time_is_over(store: AnyStore, clock: HandClock) -> None:
    one, receiver = Replica(store, clock, [finding(clock, workspace="w")]), Receiver()
    telling = Telling(one.alerts, (HOOK,), receiver.post, clock, me="one")
    await one.alerting.look()
    (alert,) = one.alerting.listed("w")
    with pytest.raises(NotFound):
        await one.alerting.quiet("another", alert["id"], 10)
    await one.alerting.quiet("w", alert["id"], 10)
    assert one.alerting.listed("another") == []
    await telling.look()
    assert receiver.heard == []
    for _ in range(21):
        clock.turn(30)
        await one.alerting.look()
    await telling.look()
    assert [orjson.loads(body)["alert"]["state"] for _, body in receiver.heard] == ["open"]


async def test_a_webhook_hears_each_news_once_from_whoever_has_the_lease_and_again_until_it_says_yes(
    store: AnyStore, clock: HandClock
) -> None:
    one, receiver = Replica(store, clock, [finding(clock)]), Receiver(status=0)
    first, second = (Telling(one.alerts, (HOOK,), receiver.post, clock, me=name) for name in ("first", "second"))
    await one.alerting.look()
    await first.look()
    await second.look()
    assert len(receiver.heard) == 1  # the first has the lease, and rests
    clock.turn(LEASE + 1)  # the first is dead
    receiver.status = 200
    await second.look()
    await second.look()
    assert len(receiver.heard) == 2
    (headers, body), ids = receiver.heard[-1], {headers["X-MasterX-Delivery"] for headers, _ in receiver.heard}
    assert len(ids) == 1
    assert headers["X-MasterX-Signature"] == signed(b"secret", headers["X-MasterX-Timestamp"], body)
    assert orjson.loads(body)["type"] == "alert.opened"
    clock.turn(301)
    one.sees = []
    await one.alerting.look()
    await second.look()
    assert orjson.loads(receiver.heard[-1][1])["type"] == "alert.closed"
    assert second.deliveries == {"delivered": 2, "failed": 0, "given_up": 0}


async def test_a_webhook_hears_nothing_of_what_was_over_before_it_was_there_or_a_day_ago(
    store: AnyStore, clock: HandClock
) -> None:
    later, receiver = replace(HOOK, name="later"), Receiver()
    one = Replica(store, clock, [finding(clock, "over")])
    await one.alerting.look()
    clock.turn(200)
    one.sees = [finding(clock, "alive")]
    await one.alerting.look()
    clock.turn(101)
    await one.alerting.look()
    telling = Telling(one.alerts, (HOOK, later), receiver.post, clock, me="one")
    await telling.look()
    heard = [(orjson.loads(body), headers["X-MasterX-Delivery"]) for headers, body in receiver.heard]
    told = {(said["alert"]["subject"], said["type"], delivery.split(".")[-1]) for said, delivery in heard}
    alive = {("alive", "alert.opened", "oncall"), ("alive", "alert.opened", "later")}
    assert told == {("over", "alert.closed", "oncall"), *alive}
    one.sees = []
    clock.turn(301)
    await one.alerting.look()
    clock.turn(86_401)
    await telling.look()
    assert len(receiver.heard) == 3
    assert telling.deliveries == {"delivered": 3, "failed": 0, "given_up": 2}
    assert await one.alerts.pending() == []


async def test_alerts_of_one_cause_are_one_heading_and_one_message(store: AnyStore, clock: HandClock) -> None:
    about = ("provider", "groq")
    errors = Finding("provider_errors", "groq", "More calls of groq fail", "page", clock.now() - 90, label=about)
    one, receiver = Replica(store, clock, [finding(clock), errors]), Receiver()
    await one.alerting.look()
    await one.alerting.look()
    leader, part = one.alerting.listed("w")
    assert (leader["rule"], leader["grouped"], part["part_of"]) == ("provider_errors", [part["id"]], leader["id"])
    await Telling(one.alerts, (HOOK,), receiver.post, clock, me="one").look()
    assert [orjson.loads(body)["alert"]["rule"] for _, body in receiver.heard] == ["provider_errors"]


async def test_closed_alerts_go_after_their_days(store: AnyStore, clock: HandClock) -> None:
    one = Replica(store, clock, [finding(clock)])
    await one.alerting.look()
    one.sees = []
    clock.turn(301)
    await one.alerting.look()
    clock.turn(31 * 86_400)
    await one.alerting.look()
    await one.alerting.look()
    assert one.alerting.listed("w") == []


async def test_many_that_nobody_is_told_of_yet_keep_no_other_waiting(store: AnyStore, clock: HandClock) -> None:
    one, receiver = Replica(store, clock, [finding(clock, f"model {n}") for n in range(30)]), Receiver()
    telling = Telling(one.alerts, (HOOK,), receiver.post, clock, me="one")
    await one.alerting.look()
    for alert in one.alerting.listed("w"):
        await one.alerting.quiet("w", alert["id"], 60)
    one.sees.append(replace(finding(clock, "groq"), rule="zzz", severity="page"))
    await one.alerting.look()
    await telling.look()
    assert [orjson.loads(body)["alert"]["subject"] for _, body in receiver.heard] == ["groq"]
