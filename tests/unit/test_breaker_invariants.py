"""Whatever happens to a breaker, in any order: what must hold holds."""

from dataclasses import dataclass
from math import floor, inf, nan

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.routing.breaker import Breaker, Bucket, Outcome, Rules, State, Told

RULES = Rules()
NOW = 1_790_000_000.0
YEAR = 365 * 86_400.0
BAD = (Outcome.FAILED, Outcome.LATE)
JUDGED = (Outcome.OK, Outcome.SLOW, *BAD)
RARELY = st.sampled_from([False, False, False, False, True])


@dataclass
class Out:
    """A permit that was given and not told of."""

    name: str
    ends: float
    era: int


class Machine(RuleBasedStateMachine):
    """Anything may happen in any order; what must hold holds."""

    @initialize(state=st.sampled_from([State.CLOSED, State.METRICS_ONLY]))
    def begin(self, state: State) -> None:
        self.now, self.breaker = NOW, Breaker(state)
        self.out: list[Out] = []
        self.calls: list[tuple[int, Outcome]] = []
        self.given, self.era, self.is_steady = 0, 0, True

    def become(self, after: Breaker) -> None:
        before, self.breaker = self.breaker, after
        self.era += after.state is State.OPEN is not before.state
        if before.state is State.OPEN:
            assert after.state in (State.OPEN, State.HALF_OPEN)
            assert after.until >= before.until
        if before.state is State.CLOSED:
            assert after.state in (State.CLOSED, State.OPEN)
        if State.CLOSED not in (before.state, after.state) and State.METRICS_ONLY is not before.state:
            assert after.opens >= before.opens

    def in_window(self) -> Bucket:
        """The calls of the window by another way: one by one."""
        slot = floor(self.now / RULES.bucket)
        calls = [outcome for when, outcome in self.calls if when > slot - RULES.buckets]
        return Bucket(
            0, len(calls), sum(c in BAD for c in calls), sum(c in (Outcome.SLOW, Outcome.LATE) for c in calls)
        )

    def went_badly(self) -> bool:
        window = self.in_window()
        return window.calls >= 10 and (2 * window.failed >= window.calls or 10 * window.slow >= 8 * window.calls)

    @rule()
    def ask(self) -> None:
        self.given += 1
        after, allowed = self.breaker.ask(self.now, f"p{self.given}", RULES)
        self.become(after)
        assert allowed or after.rest(self.now, RULES) > 0 or after.state is State.FORCED_OPEN
        if allowed and after.state is State.HALF_OPEN:
            self.out.append(Out(f"p{self.given}", self.now + RULES.lease, self.era))

    @rule(
        outcome=st.sampled_from(Outcome),
        times=st.integers(1, 6),
        retry_after=st.none() | st.sampled_from([0.0, -1.0, 2.0, 40.0, YEAR, nan, inf]),
        chance=st.floats(0, 1),
    )
    def tell_without_permit(self, outcome: Outcome, times: int, retry_after: float | None, chance: float) -> None:
        for _ in range(times):
            before = self.breaker
            if before.state in (State.CLOSED, State.METRICS_ONLY) and outcome in JUDGED:
                self.calls.append((floor(self.now / RULES.bucket), outcome))
            self.become(before.tell(self.now, Told(outcome, None, retry_after, chance), RULES))
            if before.state is State.CLOSED and outcome in JUDGED and self.is_steady:
                assert (self.breaker.state is State.OPEN) == self.went_badly()
            if before.state is State.HALF_OPEN and outcome in JUDGED:
                assert (self.breaker.state, self.breaker.probes) == (before.state, before.probes)

    @precondition(lambda self: self.out)
    @rule(outcome=st.sampled_from(Outcome), which=st.integers(0, 20))
    def tell_with_permit(self, outcome: Outcome, which: int) -> None:
        permit = self.out.pop(which % len(self.out))
        before = self.breaker
        if before.state in (State.CLOSED, State.METRICS_ONLY) and outcome in JUDGED:
            self.calls.append((floor(self.now / RULES.bucket), outcome))
        self.become(before.tell(self.now, Told(outcome, permit.name, chance=0.0), RULES))
        if self.breaker.state is State.HALF_OPEN and (permit.name == "dead" or permit.era != self.era):
            assert self.breaker.probes == before.probes

    @precondition(lambda self: self.out)
    @rule()
    def die_with_permit(self) -> None:
        self.out[0].name = "dead"  # it is never told of, and still counts until its lease ends

    @rule(seconds=st.sampled_from([0.001, 1.0, 5.0, 16.5, 29.0, 61.0, 331.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.breaker.state is State.OPEN)
    @rule(permits=st.integers(1, 4))
    def its_time_is_up(self, permits: int) -> None:
        self.now += self.breaker.rest(self.now, RULES)
        for _ in range(permits):
            self.ask()

    @rule()
    def all_goes_wrong(self) -> None:
        self.tell_without_permit(Outcome.FAILED, 10, None, 0.0)

    @precondition(lambda self: self.out)
    @rule()
    def probes_go_wrong(self) -> None:
        for _ in range(min(2, len(self.out))):
            self.tell_with_permit(Outcome.FAILED, 0)

    @rule(seconds=st.sampled_from([0.5, 20.0, YEAR]), really=RARELY)
    def clock_goes_back(self, seconds: float, really: bool) -> None:
        if really:
            self.now -= seconds
            self.is_steady = False

    @rule(state=st.sampled_from(State), really=RARELY)
    def force(self, state: State, really: bool) -> None:
        if really or self.breaker.state in (State.FORCED_OPEN, State.DISABLED):
            self.breaker, self.out, self.calls = self.breaker.forced(state), [], []

    @invariant()
    def three_permits_are_out_at_most(self) -> None:
        self.out = [one for one in self.out if 0 < one.ends - self.now <= 2 * RULES.lease]
        assert len(self.out) <= RULES.permits

    @invariant()
    def what_is_kept_and_how_long_it_rests_is_bounded(self) -> None:
        assert len(self.breaker.leases) <= RULES.permits
        assert len(self.breaker.window) <= 2 * RULES.buckets
        assert 0 <= self.breaker.rest(self.now, RULES) <= RULES.retry_after_limit * (1 if self.is_steady else 2)

    @invariant()
    def the_window_counts_what_was_told_in_it(self) -> None:
        if self.breaker.state not in (State.CLOSED, State.METRICS_ONLY):
            self.calls = []
        if self.is_steady:
            assert self.breaker.rates(self.now, RULES) == self.in_window()


TestWhateverHappens = Machine.TestCase
TestWhateverHappens.settings = settings(deadline=None)
