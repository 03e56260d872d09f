"""The script of the shared breakers does what the model does, step by step, on a real server."""

import random
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from typing import Any
from uuid import uuid4

import orjson
import pytest
import redis

from app.routing.breaker import Breaker, Bucket, Lease, Outcome, Rules, State, Told

RULES = Rules()
NOW = 1_790_000_000.0
SCRIPT = (files("app.storage.redis") / "breaker.lua").read_bytes()

Kept = dict[str, Any]

SECONDS = (0.001, 0.3, 1.0, 7.0, 9.0, 16.5, 27.0, 31.0, 61.0, 331.0)
BACK = (0.5, 20.0, 90.0, 1e6)
RETRY_AFTER = (None, None, None, 0.0, -1.0, 0.1, 40.0, 3e7)
OUTCOMES = (*Outcome, Outcome.OK, Outcome.FAILED, Outcome.FAILED)
KINDS = ("ask", "tell", "told", "rest", "burst", "pass", "back", "force")
WEIGHTS = (3.0, 4.0, 6.0, 4.0, 1.0, 4.0, 0.2, 0.2)


@pytest.fixture(scope="module")
def server(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


class Both:
    """One breaker twice: as a value, and in Redis."""

    def __init__(self, server: redis.Redis) -> None:
        self.server, self.key = server, f"test:breaker:{uuid4().hex}"
        self.now, self.model, self.permits, self.asked = NOW, Breaker(), ["unknown"], 0

    def step(self, chance: random.Random) -> None:
        """Takes a step on both sides and compares everything."""
        kind = chance.choices(KINDS, WEIGHTS)[0]
        match kind:
            case "ask":
                self.ask(chance.randint(1, 4))
            case "rest":
                self.now += self.model.rest(self.now, RULES)
                self.ask(chance.randint(1, 4))
            case "tell":
                self.tell(chance, chance.choice(OUTCOMES), None)
            case "told":
                self.tell(chance, chance.choice(OUTCOMES), chance.choice(self.permits[-5:]))
            case "burst":
                for _ in range(chance.randint(5, 12)):
                    self.tell(chance, Outcome.FAILED, None)
            case "force":
                self.force(chance.choice([*State, *[State.CLOSED] * 6]))
            case _:
                self.now += chance.choice(SECONDS) if kind == "pass" else -chance.choice(BACK)
                self.compare(self.scripted("look"))

    def force(self, state: State) -> None:
        self.model = self.model.forced(state)
        self.compare(self.scripted("force", state))

    def tell(self, chance: random.Random, outcome: Outcome, permit: str | None) -> None:
        told = Told(outcome, permit, chance.choice(RETRY_AFTER), chance.random())
        self.model = self.model.tell(self.now, told, RULES)
        self.compare(self.scripted("tell", outcome, permit, told.retry_after, told.chance))

    def ask(self, times: int) -> None:
        for _ in range(times):
            self.asked += 1
            permit = f"p{self.asked}"
            self.model, allowed = self.model.ask(self.now, permit, RULES)
            self.permits += [permit] * allowed
            said = self.scripted("ask", permit)
            assert said["allowed"] is allowed
            self.compare(said)

    def scripted(self, *step: Any) -> Kept:
        args = (repr(self.now), orjson.dumps(asdict(RULES)), f"{self.key}:channel", orjson.dumps([step]))
        said: Any = self.server.eval(SCRIPT.decode(), 1, self.key, *args)
        return dict(orjson.loads(said[0]))

    def compare(self, said: Kept) -> None:
        window = self.model.rates(self.now, RULES)
        assert said["state"] == self.model.state
        assert said["rest"] == pytest.approx(self.model.rest(self.now, RULES))
        assert (said["opens"], said["calls"], said["failed"], said["slow"]) == (
            *(self.model.opens, window.calls, window.failed, window.slow),
        )
        kept: Any = self.server.get(self.key)
        assert read(orjson.loads(kept) if kept else {}) == self.model


def read(kept: Kept) -> Breaker:
    """What Redis keeps, as the value that it stands for; an empty list comes as an empty table."""
    if not kept:
        return Breaker()
    leases = tuple(Lease(permit, float(ends), era) for permit, ends, era in kept["leases"])
    window = tuple(Bucket(*one) for one in kept["window"])
    probes = Bucket(0, *kept["probes"])
    return Breaker(State(kept["state"]), window, float(kept["until"]), kept["opens"], leases, kept["era"], probes)


@pytest.mark.parametrize("seed", range(20))
def test_the_script_does_what_the_model_does(server: redis.Redis, seed: int) -> None:
    both, chance = Both(server), random.Random(seed)
    for _ in range(200):
        both.step(chance)
    server.delete(both.key)
