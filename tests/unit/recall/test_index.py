"""An index of passages: added, replaced, erased, packed."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.context.recall.index import Index
from app.context.recall.search import Question, Ranked, search
from app.errors import SegmentError
from app.vocabulary import Passage
from tests.unit.recall.talks import BEGAN, NOW, WORDS, indexed, kept, recalled, said

TALK = [
    said(0, "How do I find the slope of a line?"),
    said(1, "Divide the rise by the run."),
    said(2, "Thanks!"),
    said(0, "I played the violin in Paris last week.", "s2"),
    said(1, "Lovely! What did you play?", "s2"),
    said(2, "A sonata by Bach.", "s2"),
]

passages = st.lists(
    st.builds(
        lambda place, session, text: said(place, text, session),
        st.integers(0, 30),
        st.sampled_from(["s1", "s2", "s3"]),
        st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
    ),
    unique_by=lambda p: p.id,
    max_size=25,
)


def ranking(index: Index, text: str) -> list[tuple[str, float]]:
    ranked: Ranked = search(index, Question(text, NOW))
    return [
        (index.passage(slot).id, round(score, 2))
        for slot, score in zip(ranked.slots.tolist(), ranked.scores.tolist(), strict=True)
    ]


def test_a_passage_is_found_as_soon_as_it_is_added() -> None:
    index = indexed(TALK)
    index.add(said(3, "Gradient descent follows the steepest direction.", "s2"))
    assert "s2:3" in index
    assert kept(recalled(index, "what about the steepest direction?"))[0] == "s2:3"


def test_a_passage_added_again_replaces_the_first() -> None:
    index = indexed(TALK)
    index.add(replace(TALK[5], text="A waltz by Chopin."))
    assert len(index) == len(TALK)
    assert "Bach" not in recalled(index, "Which sonata by Bach did I play on the violin?").text
    assert "Chopin" in recalled(index, "What did I play by Chopin?").text


def test_passages_come_in_order_of_time_however_they_were_added() -> None:
    assert [p.id for p in indexed(TALK[::-1]).passages()] == [p.id for p in TALK]


@given(passages, st.randoms(use_true_random=False), st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
def test_the_order_of_adding_does_not_matter(talk: list[Passage], chance: random.Random, asked: list[str]) -> None:
    shuffled = chance.sample(talk, len(talk))
    question = " ".join(asked)
    assert ranking(indexed(talk), question) == ranking(indexed(shuffled), question)


@given(passages, st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
def test_an_erased_session_leaves_no_trace_in_any_ranking(talk: list[Passage], asked: list[str]) -> None:
    index = indexed(talk)
    index.remove("s2")
    without = [p for p in talk if p.session_id != "s2"]
    assert list(index.passages()) == list(indexed(without).passages())
    assert ranking(index, " ".join(asked)) == ranking(indexed(without), " ".join(asked))


def test_an_erased_session_leaves_no_word_behind() -> None:
    index = indexed([*TALK, said(0, "My secret is Xyzzy.", "s9", speaker="Mallory")])
    index.remove("s9")
    index.remove("s9")
    state = repr([vars(index), vars(index.postings), vars(index.speakers), vars(index.sessions)]).lower()
    assert "xyzzy" not in state
    assert "mallory" not in state
    assert "s9" not in state
    assert index.postings.find("xyzzi")[0].size == 0
    assert b"xyzzy" not in index.pack().lower()


def test_an_erased_slot_is_used_again() -> None:
    index = indexed(TALK)
    rows = len(index.table)
    for _ in range(50):
        index.remove("s2")
        for passage in TALK[3:]:
            index.add(passage)
    assert len(index.table) == rows
    assert ranking(index, "violin in Paris") == ranking(indexed(TALK), "violin in Paris")


@given(passages, st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.integers(1, 9))
def test_what_is_packed_comes_back_the_same(talk: list[Passage], asked: list[str], many: int) -> None:
    index, loaded = indexed(talk), Index()
    ids = [p.id for p in talk]
    for start in range(0, len(ids), many):
        assert loaded.unpack(index.pack(ids[start : start + many])) == tuple(ids[start : start + many])
    assert list(loaded.passages()) == list(index.passages())
    assert ranking(loaded, " ".join(asked)) == ranking(index, " ".join(asked))


def test_a_segment_replaces_what_is_there_already() -> None:
    index = indexed(TALK)
    index.unpack(index.pack())
    index.unpack(indexed(TALK[:2]).pack())
    assert list(index.passages()) == TALK
    assert ranking(index, "the slope of a line") == ranking(indexed(TALK), "the slope of a line")
    index.remove("s1")
    assert [p.id for p in index.passages()] == ["s2:0", "s2:1", "s2:2"]


def test_packing_passes_over_ids_of_nothing() -> None:
    assert Index().unpack(indexed(TALK).pack(["s1:0", "gone"])) == ("s1:0",)
    assert Index().unpack(Index().pack()) == ()


@given(st.data())
def test_damaged_bytes_are_refused_and_nothing_is_added(data: st.DataObject) -> None:
    good = indexed(TALK).pack()
    at = data.draw(st.integers(0, len(good) - 1))
    bad = data.draw(st.sampled_from([good[:at], good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], good + b"!"]))
    index = Index()
    with pytest.raises(SegmentError):
        index.unpack(bad)
    assert len(index) == 0


def test_a_segment_of_another_version_says_so() -> None:
    good = bytearray(indexed(TALK).pack())
    good[4] += 1
    with pytest.raises(SegmentError, match=r"version \d+, not \d+"):
        Index().unpack(bytes(good))


def test_the_footprint_grows_and_shrinks_with_what_is_in_it() -> None:
    index = indexed(TALK)
    before = index.footprint
    index.add(said(0, "words " * 2_000, "s5"))
    assert index.footprint > before + 10_000
    index.remove("s5")
    assert index.footprint <= before + 1_000


def test_clocks_that_jump_back_keep_the_order_of_the_session() -> None:
    early = (BEGAN - timedelta(days=3)).isoformat()
    index = indexed([*TALK[:2], said(2, "The slope of a steep hill.", at=early), said(3, "Is it a slope?", at="?")])
    assert [p.n for p in index.passages()] != [0, 1, 2, 3]
    text = recalled(index, "slope").text
    assert text.index("How do I find") < text.index("steep hill") < text.index("Is it a slope?")
