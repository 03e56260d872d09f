"""Time and identity."""

from uuid import UUID

from app.clock import HandClock, Ids, SystemClock, iso


def test_ids_are_uuid_7_and_sort_in_the_order_in_which_they_were_made() -> None:
    clock = SystemClock()
    made = [clock.id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {UUID(one).version for one in made} == {7}
    assert {UUID(one).variant for one in made} == {"specified in RFC 4122"}


def test_ids_go_on_in_order_when_the_clock_is_turned_back() -> None:
    ids = Ids()
    before, after = ids.new(1_790_000_000.0), ids.new(1_700_000_000.0)
    assert after > before


def test_an_id_carries_its_time() -> None:
    assert UUID(Ids().new(1_790_000_000.123)).int >> 80 == 1_790_000_000_123


def test_text_of_times_sorts_as_the_times() -> None:
    times = [0.0, 1.5, 1_790_000_000.000001, 1_790_000_000.5]
    assert sorted(map(iso, times)) == [iso(t) for t in times]


def test_the_hand_clock_moves_when_it_is_turned() -> None:
    clock = HandClock()
    now, monotonic = clock.now(), clock.monotonic()
    clock.turn(15)
    assert (clock.now() - now, clock.monotonic() - monotonic) == (15, 15)
