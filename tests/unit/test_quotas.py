"""What is left of a rate limit is never thought to be more than it is, whatever is under way."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.providers.port import Rate
from app.routing.quotas import Limit, Room, Spent
from app.vocabulary import Left, Quota

LIMIT = 12


class Machine(RuleBasedStateMachine):
    """Calls that are counted and answered in any order by a provider that counts right."""

    def __init__(self) -> None:
        super().__init__()
        self.room, self.made = Room(Rate()), 0
        self.sent: list[tuple[Spent, Spent]] = []
        self.counted: list[tuple[tuple[Spent, Spent], int]] = []
        self.taken = 0

    @precondition(lambda self: self.room.fits(100, 0.0))
    @rule()
    def call(self) -> None:
        known = self.room.left(0.0)[0] is not None
        self.room, spent = self.room.taken(100, 0.0)
        self.sent.append(spent)
        self.made += 1
        assert not known or self.made <= LIMIT

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 100))
    def count(self, which: int) -> None:
        self.taken += 1
        self.counted.append((self.sent.pop(which % len(self.sent)), LIMIT - self.taken))

    @precondition(lambda self: self.counted)
    @rule(which=st.integers(0, 100), lost=st.booleans())
    def hear(self, which: int, lost: bool) -> None:
        spent, left = self.counted.pop(which % len(self.counted))
        said = None if lost else Quota(Left(max(left, 0), LIMIT, 60.0))
        self.room = self.room.settled(spent, said, 0.0)

    @precondition(lambda self: self.sent)
    @rule()
    def think_better_of_it(self) -> None:
        self.room = self.room.given_back(self.sent.pop(), 0.0)
        self.made -= 1

    @precondition(lambda self: not self.sent and not self.counted and self.made < LIMIT and self.room.fits(100, 0.0))
    @rule()
    def call_alone(self) -> None:
        self.call()
        self.count(0)
        self.hear(0, False)
        assert self.room.left(0.0)[0] == LIMIT - self.taken

    @rule()
    def wait(self) -> None:
        """Nothing happens: there is always something that may."""

    @invariant()
    def is_no_more_than_there_is(self) -> None:
        left = self.room.left(0.0)[0]
        assert left is None or left <= max(LIMIT - self.made, 0)


TestCalls = Machine.TestCase
TestCalls.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def told(room: Room, said: Quota, now: float = 0.0) -> Room:
    """After one call that was told this."""
    room, spent = room.taken(100, now)
    return room.settled(spent, said, now)


def test_unknown_forbids_nothing_and_is_not_zero() -> None:
    room = Room(Rate())
    assert room.left(0.0) == (None, None)
    assert room.fits(10**9, 0.0)


def test_a_call_needs_a_request_and_all_its_tokens() -> None:
    room = told(Room(Rate()), Quota(Left(1, 10, 60.0), Left(500, 1_000, 60.0)))
    assert (room.fits(500, 0.0), room.fits(501, 0.0)) == (True, False)
    room, _ = room.taken(10, 0.0)
    assert not room.fits(1, 0.0)


def test_after_its_reset_a_limit_is_restored_as_far_as_it_is_known() -> None:
    known, unknown = (told(Room(Rate()), Quota(Left(0, full, 7.0))) for full in (10, None))
    assert (known.left(6.9)[0], unknown.left(6.9)[0]) == (0, 0)
    assert (known.left(7.0)[0], unknown.left(7.0)[0]) == (10, None)


def test_a_limit_without_a_reset_is_that_of_a_minute() -> None:
    room = told(Room(Rate()), Quota(Left(0, 10)))
    assert (room.left(59.9)[0], room.left(60.0)[0]) == (0, 10)


def test_a_restored_limit_of_which_nobody_speaks_any_more_is_restored_again() -> None:
    room = told(Room(Rate()), Quota(Left(0, 2, 7.0)))
    for now in (8.0, 8.0, 70.0, 70.0):
        assert room.fits(1, now)
        room, spent = room.taken(1, now)
        room = room.settled(spent, None, now)
        assert room.left(now)[0] in (0, 1)


def test_what_others_use_up_is_noticed() -> None:
    room = told(Room(Rate()), Quota(Left(10, 100, 60.0)))
    assert told(room, Quota(Left(3, 100, 60.0))).left(0.0)[0] == 3
    assert told(room, Quota(Left(80, 100, 60.0))).left(0.0)[0] == 80


@given(st.lists(st.floats(0, 30), max_size=60))
def test_no_minute_has_more_calls_than_the_catalogue_allows(gaps: list[float]) -> None:
    room, now, made = Room(Rate(5, 450)), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if room.fits(100, now):
            room, _ = room.taken(100, now)
            made.append(now)
    assert all(sum(at <= other < at + 60 for other in made) <= 4 for at in made)
    assert room.fits(100, now + 70)
    assert len(room.paced.kept) <= 7


@given(st.integers(0, 10**12), st.floats(0, 3600), st.floats(0, 1e6))
def test_a_limit_in_order_is_what_the_header_says(left: int, reset: float, began: float) -> None:
    limit = Limit().at(began).taken(1)
    assert limit.settled(Spent(1, 0), Left(left, None, reset), began).left == left
