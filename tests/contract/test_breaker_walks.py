"""Whatever happens, in any order: a breaker does what its model does, in one process and shared by two replicas."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from math import inf, nan
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from app.routing.breaker import Outcome, State
from app.routing.breakers import Permit
from tests.contract.breaker_worlds import RULES, SOON, OneProcess, TwoReplicas, World, agrees

T = TypeVar("T")

ALLOWED = {
    (State.CLOSED, State.OPEN),
    (State.OPEN, State.HALF_OPEN),
    (State.HALF_OPEN, State.OPEN),
    (State.HALF_OPEN, State.CLOSED),
}
"""Changes of state that nobody forces."""

LETS_THROUGH = (State.CLOSED, State.DISABLED, State.METRICS_ONLY)
RETRY_AFTER = st.none() | st.sampled_from([0.0, -1.0, 2.0, 40.0, 31_536_000.0, nan, inf])
OUTCOMES = st.sampled_from(Outcome)
WHICH = st.integers(0, 10)
RARELY = st.sampled_from([False, False, False, True])


@dataclass
class Out:
    """A permit that was given by a port and not told of."""

    port: int
    permit: Permit
    ends: float


class Walk(RuleBasedStateMachine):
    """One breaker, asked and told by whoever there is. What there is to do never depends on how it stands, for a walk
    must be the same when it is taken again; a rule that has nothing to do does nothing."""

    def __init__(self, begun: Callable[[], World]) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = self.runner.run(_made(begun))
        self.out: list[Out] = []
        self.dead: list[Out] = []

    def teardown(self) -> None:
        self.runner.run(self.world.close())
        self.runner.close()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    def port(self, which: int) -> int:
        return which % len(self.world.ports)

    @property
    def state(self) -> State:
        return self.world.reference.breaker.state

    @rule(which=WHICH)
    def ask(self, which: int) -> None:
        port = self.port(which)
        permit = self.run(self.world.ask(port))
        if self.world.spoilt:
            return
        if permit is None:
            rested = self.world.reference.breaker.rest(self.world.now - SOON, RULES) > 0
            assert rested or self.state is State.FORCED_OPEN
        elif permit.id is None:
            assert self.state in LETS_THROUGH
        else:
            assert self.state is State.HALF_OPEN
            assert permit.id in {lease.permit for lease in self.world.reference.breaker.leases}
            self.out.append(Out(port, permit, self.world.now + RULES.lease))

    @rule(which=WHICH, outcome=OUTCOMES, retry_after=RETRY_AFTER)
    def a_call_without_permit_ends(self, which: int, outcome: Outcome, retry_after: float | None) -> None:
        self.run(self.world.tell(self.port(which), Permit(self.world.name), outcome, retry_after))

    @rule(which=WHICH, outcome=OUTCOMES, retry_after=RETRY_AFTER)
    def a_probe_ends(self, which: int, outcome: Outcome, retry_after: float | None) -> None:
        if not self.out:
            return
        one = self.out.pop(which % len(self.out))
        self.run(self.world.tell(one.port, one.permit, outcome, retry_after))

    @rule()
    def all_probes_succeed(self) -> None:
        while self.out:
            self.a_probe_ends(0, Outcome.OK, None)

    @rule()
    def a_prober_dies(self) -> None:
        if self.out:
            self.dead.append(self.out.pop(0))

    @rule(which=WHICH, outcome=st.sampled_from([Outcome.FAILED, Outcome.LATE, Outcome.SLOW]))
    def calls_go_badly(self, which: int, outcome: Outcome) -> None:
        for n in range(RULES.least_calls):
            self.a_call_without_permit_ends(which + n, outcome, None)

    @rule(seconds=st.sampled_from([0.05, 1.0, 7.0, 16.5, 29.0, 61.0, 331.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.clock.turn(seconds)

    @rule(which=WHICH, times=st.integers(1, 4))
    def its_time_is_up(self, which: int, times: int) -> None:
        self.world.clock.turn(self.world.reference.breaker.rest(self.world.now, RULES) + SOON)
        for n in range(times):
            self.ask(which + n)

    @rule(which=WHICH, state=st.sampled_from(State), really=RARELY)
    def an_operator_speaks(self, which: int, state: State, really: bool) -> None:
        if really or self.state in (State.FORCED_OPEN, State.DISABLED, State.METRICS_ONLY):
            self.out, self.dead = [], []  # what was counted is forgotten
            self.run(self.world.force(self.port(which), state))

    @invariant()
    def no_more_than_three_permits_are_out(self) -> None:
        now = self.world.now
        self.out = [one for one in self.out if one.ends > now]
        self.dead = [one for one in self.dead if one.ends > now]
        assert len(self.out) + len(self.dead) <= RULES.permits

    @invariant()
    def it_changes_its_state_in_allowed_ways_only(self) -> None:
        assert set(self.world.reference.edges) <= ALLOWED

    @invariant()
    def whoever_looks_sees_what_the_model_says(self) -> None:
        breaker, now = self.world.reference.breaker, self.world.now
        for port in self.world.ports:
            assert agrees(port.view(self.world.name), breaker, now) or self.world.spoilt
        assert breaker.rest(now, RULES) <= RULES.retry_after_limit + SOON


async def _made(begun: Callable[[], World]) -> World:
    world = begun()
    await world.open()
    return world


def walked(begun: Callable[[], World], examples: int, steps: int) -> None:
    """Walks at random; the steps to what went wrong are shown as they were, for finding a shorter way takes minutes."""
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(partial(Walk, begun), settings=limits)  # type: ignore[arg-type] # a maker will do


def test_the_breakers_of_one_process_do_what_the_model_does() -> None:
    walked(OneProcess, 50, 40)


def test_the_breakers_that_two_replicas_share_do_what_the_model_does(redis_url: str) -> None:
    walked(lambda: TwoReplicas(redis_url), 20, 40)
