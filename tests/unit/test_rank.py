"""In which order models are asked: who is left out stays out, better never ranks worse, unknown is not zero."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.providers.port import Entry, Prices
from app.routing.health import Estimate
from app.routing.known import Known
from app.routing.quotas import fits
from app.routing.rank import Candidate, Ranked, Wanted, choosable, excluded, rank, why
from app.routing.spread import spread
from app.vocabulary import Mode, Task
from tests.fakes import ScriptedProvider, entry

TASK = Task.PRACTICE
SLOW, FAST = Known(Estimate(3.0, 5.0, 5)), Known(Estimate(0.2, 5.0, 5))


def candidate(name: str, strength: float | None = None, known: Known | None = None, **changes: object) -> Candidate:
    made = entry(name, None if strength is None else {TASK: strength})
    return Candidate(ScriptedProvider(replace(made, **changes)), known or Known())  # type: ignore[arg-type]


def estimates(low: float, high: float) -> st.SearchStrategy[Estimate | None]:
    return st.none() | st.builds(Estimate, st.floats(low, high), st.floats(0.1, 1e3), st.just(5))


knowns = st.builds(
    Known,
    estimates(0.001, 100),
    estimates(0.1, 1e4),
    estimates(0, 1),
    st.tuples(st.none() | st.floats(0, 1e3), st.none() | st.floats(0, 1e6)),
    st.integers(0, 100),
)
prices = st.none() | st.floats(0, 100)
strengths = st.none() | st.floats(0, 1)


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    return [
        candidate(
            f"p{n}",
            draw(strengths),
            draw(knowns),
            prices=Prices(draw(prices), None, draw(prices)),
            context_window=draw(st.sampled_from([1_000, 8_000])),
        )
        for n in range(draw(st.integers(0, 6)))
    ]


wanteds = st.builds(
    Wanted,
    st.just(TASK),
    st.sampled_from(Mode),
    forbidden=st.frozensets(st.sampled_from(["p0", "p1", "p5"])),
    prompt_tokens=st.integers(0, 4_000),
    max_tokens=st.integers(1, 4_000),
)


def names(ranked: tuple[Ranked, ...]) -> list[str]:
    return [one.provider.entry.provider for one in ranked]


@given(candidates(), wanteds, st.floats(0, 1, exclude_max=True))
def test_who_may_not_be_asked_never_is_and_everybody_else_once(
    given_: list[Candidate], wanted: Wanted, chance: float
) -> None:
    ranked = spread(rank(given_, wanted), chance)
    able = [one.provider.entry.provider for one in given_ if excluded(one.provider.entry, wanted) is None]
    assert sorted(names(ranked)) == able
    for one in ranked:
        found: Entry = one.provider.entry
        assert found.provider not in wanted.forbidden
        assert wanted.prompt_tokens + min(wanted.max_tokens, found.max_output) <= found.context_window
        assert found.strengths.get(TASK) != 0
        assert why(one, wanted)


@given(candidates(), wanteds, st.floats(0, 1, exclude_max=True))
def test_the_same_is_always_in_the_same_order_and_who_has_no_room_comes_last(
    given_: list[Candidate], wanted: Wanted, chance: float
) -> None:
    ranked = spread(rank(given_, wanted), chance)
    assert ranked == spread(rank(given_, wanted), chance)
    rooms = [one.room for one in ranked]
    assert rooms == sorted(rooms, reverse=True)
    for one in ranked:
        tokens = wanted.prompt_tokens + min(wanted.max_tokens, one.provider.entry.max_output)
        assert one.room == fits(one.known.left, tokens)


@given(candidates(), wanteds, st.floats(0, 1))
def test_more_strength_never_ranks_worse(given_: list[Candidate], wanted: Wanted, more: float) -> None:
    before = rank(given_, wanted)
    if not before:
        return
    chosen = before[-1].provider.entry
    stronger = min(1.0, chosen.strengths.get(TASK, 0.5) + more)
    better = [
        candidate(
            c.provider.entry.provider,
            stronger if c.provider.entry is chosen else c.provider.entry.strengths.get(TASK),
            c.known,
            prices=c.provider.entry.prices,
            context_window=c.provider.entry.context_window,
        )
        for c in given_
    ]
    assert names(rank(better, wanted)).index(chosen.provider) <= names(before).index(chosen.provider)


@given(candidates())
def test_while_nothing_is_known_strength_decides_and_the_catalogue_between_equals(given_: list[Candidate]) -> None:
    unknown = [Candidate(one.provider, Known()) for one in given_]
    expected = sorted(
        (one for one in unknown if one.provider.entry.strengths.get(TASK) != 0),
        key=lambda one: -one.provider.entry.strengths.get(TASK, 0.5),
    )
    for mode in (Mode.ADAPTIVE, Mode.QUALITY, Mode.LATENCY):
        wanted = Wanted(TASK, mode, prompt_tokens=100, max_tokens=100)
        ranked = rank(unknown, wanted)
        assert names(ranked) == [one.provider.entry.provider for one in expected]
        assert spread(ranked, 0.7) == ranked


@pytest.mark.parametrize("mode", [Mode.LATENCY, Mode.THROUGHPUT])
def test_in_a_hurry_the_faster_goes_first_and_who_is_unknown_is_tried_before_the_slow(mode: Mode) -> None:
    slow, fast, new = candidate("slow", 0.9, SLOW), candidate("fast", 0.1, FAST), candidate("new", 0.5)
    assert names(rank([slow, new, fast], Wanted(TASK, mode)))[-1] == "slow"
    assert names(rank([slow, fast], Wanted(TASK, mode))) == ["fast", "slow"]


def test_in_mode_throughput_the_whole_answer_counts() -> None:
    eager = candidate("eager", known=Known(Estimate(0.1, 9, 9), Estimate(10.0, 9, 9)))
    swift = candidate("swift", known=Known(Estimate(1.0, 9, 9), Estimate(500.0, 9, 9)))
    given_ = [eager, swift]
    assert names(rank(given_, Wanted(TASK, Mode.LATENCY, max_tokens=500))) == ["eager", "swift"]
    assert names(rank(given_, Wanted(TASK, Mode.THROUGHPUT, max_tokens=500))) == ["swift", "eager"]


def test_in_mode_cost_the_cheaper_goes_first_and_an_unknown_price_is_the_mean() -> None:
    dear, cheap = (candidate(name, prices=Prices(p, None, p)) for name, p in (("dear", 3.0), ("cheap", 1.0)))
    wanted = Wanted(TASK, Mode.COST, prompt_tokens=100, max_tokens=100)
    assert names(rank([dear, candidate("unknown"), cheap], wanted)) == ["cheap", "unknown", "dear"]


def test_adaptive_weighs_failures_pace_and_price_and_never_turns_a_great_difference_round() -> None:
    failing = Known(failures=Estimate(1.0, 5.0, 5))
    assert names(rank([candidate("a", 0.8, failing), candidate("b", 0.75)], Wanted(TASK))) == ["b", "a"]
    assert names(rank([candidate("a", 0.8, SLOW), candidate("b", 0.75, FAST)], Wanted(TASK))) == ["b", "a"]
    assert names(rank([candidate("a", 0.9, SLOW), candidate("b", 0.5, FAST)], Wanted(TASK))) == ["a", "b"]


def test_of_near_equals_the_less_busy_goes_first_and_of_equally_busy_ones_the_better() -> None:
    busy, idle = Known(under_way=3), Known(under_way=1)
    a, b = candidate("a", 0.81, busy), candidate("b", 0.8, idle)
    assert names(spread(rank([a, b], Wanted(TASK)), 0.5)) == ["b", "a"]
    assert names(spread(rank([a, candidate("b", 0.8, busy)], Wanted(TASK)), 0.5)) == ["a", "b"]
    assert names(spread(rank([a, candidate("b", 0.7, idle)], Wanted(TASK)), 0.5)) == ["a", "b"]


def test_busy_is_by_the_room_that_is_left() -> None:
    large = candidate("large", 0.8, Known(left=(1_000.0, None), under_way=20))
    small = candidate("small", 0.8, Known(left=(10.0, None), under_way=2))
    assert names(spread(rank([small, large], Wanted(TASK)), 0.0)) == ["large", "small"]


def test_chance_picks_each_pair_of_near_equals_alike() -> None:
    ranked = rank([candidate(name, 0.8, Known(under_way=3 - n)) for n, name in enumerate("abcd")], Wanted(TASK))
    firsts = [names(spread(ranked, n / 60))[0] for n in range(60)]
    assert {name: firsts.count(name) for name in "abcd"} == {"d": 30, "c": 20, "b": 10, "a": 0}


def test_who_is_left_out_is_told_why() -> None:
    wanted = Wanted(TASK, forbidden=frozenset(["a"]), prompt_tokens=8_000, max_tokens=500)
    assert excluded(entry("a"), wanted) == "forbidden in this workspace"
    assert excluded(entry("b"), wanted) == "its context window of 8192 tokens is too small for 8500"
    assert excluded(entry("b", {TASK: 0.0}), Wanted(TASK)) == "strength 0: not for this task"


def test_who_is_named_is_asked_however_weak_for_the_task_and_not_where_it_is_forbidden() -> None:
    useless, named = entry("b", {TASK: 0.0}), Wanted(TASK, model="b-1")
    assert names(rank([Candidate(ScriptedProvider(useless), Known())], named)) == ["b"]
    assert excluded(useless, replace(named, model="a-1")) == "strength 0: not for this task"
    assert excluded(useless, replace(named, forbidden=frozenset(["b"]))) == "forbidden in this workspace"


def test_what_is_learned_chooses_among_those_who_are_well_however_weak_they_are_said_to_be() -> None:
    failing, busy = Known(FAST.first_token, failures=Estimate(0.9, 40.0, 40)), Known(FAST.first_token, left=(0, None))
    given_ = [candidate("a", 0.9, FAST), candidate("b", 0.2, FAST), candidate("c", 0.8, failing)]
    found = choosable(rank([*given_, candidate("d", 0.7, busy)], Wanted(TASK)))
    assert [one.provider.entry.provider for one in found] == ["a", "b"]
    assert choosable(()) == ()
    alone = rank([candidate("c", 0.8, busy)], Wanted(TASK))
    assert choosable(alone) == alone
