"""The history begins at the same place from turn to turn, and is cut in blocks."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.context.window import begin
from app.vocabulary import FRAMING, Said

sizes = st.lists(st.integers(1, 200), min_size=1, max_size=120)


def history(tokens: list[int]) -> list[Said]:
    """Exchanges of so many tokens besides framing."""
    return [Said(n, "m", "r", size, 0) for n, size in enumerate(tokens, 1)]


def spent(said: list[Said]) -> int:
    return sum(one.tokens for one in said)


@given(sizes, st.integers(0, 4_000))
def test_what_is_sent_fits_its_room_and_has_no_gap(tokens: list[int], room: int) -> None:
    said = history(tokens)
    start = begin(said, spent(said), room)
    assert spent(said[start:]) <= room
    if spent(said) <= room:
        assert start == 0


@given(sizes, st.integers(250, 2_000))
def test_the_newest_exchange_is_sent_where_it_fits(tokens: list[int], room: int) -> None:
    said = history(tokens)
    if said[-1].tokens <= room:
        assert begin(said, spent(said), room) < len(said)


def test_the_beginning_stays_while_the_session_goes_on_and_moves_rarely() -> None:
    said, room = history([40] * 400), 1_000
    starts = [begin(said[:n], spent(said[:n]), room) for n in range(1, len(said) + 1)]
    assert starts == sorted(starts)
    moves = sum(a != b for a, b in pairwise(starts))
    in_half_a_room = room // 2 // (40 + 2 * FRAMING)
    assert moves <= len(said) / in_half_a_room
    kept = [spent(said[start:n]) for n, start in enumerate(starts, 1)]
    assert min(kept[50:]) >= room * 0.4


def test_a_history_of_which_only_the_newest_are_loaded_begins_in_blocks_too() -> None:
    said, room = history([10] * 1_000), 50_000
    starts = []
    for n in range(500, 1_000):
        loaded = said[n - 64 : n]
        starts.append(loaded[begin(loaded, spent(said[:n]) + 100_000, room)].seq)
    assert len(set(starts)) <= 500 / 16 + 2
