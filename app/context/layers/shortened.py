"""Passages made shorter by whole sentences, so that more of them fit: for policies that want it."""

from dataclasses import replace

from app.context.compress.compress import Compressed, compress_all
from app.context.recall.quoting import bare, quoted
from app.context.recall.search import Ranked
from app.context.recall.select import Pick, Selection, select
from app.context.tokens import Tokens
from app.vocabulary import Passage

_WIDER = (1.0, 1.5, 2.0, 4.0)
"""Times its room that is looked at, by level: `masterx bench compress` measured that 2, 33 and 71 % of the tokens of
dialogues are left out; of talkative ones it is more."""


def shortened(ranked: Ranked, room: int, level: int, tokens: Tokens) -> Selection:
    """The best passages within `room` tokens, each with the sentences that a level of compression leaves of it."""
    wide = select(ranked, int(room * _WIDER[level]), tokens)
    taken = [pick for pick in wide.picks if pick.outcome == "kept"]
    passages = [_passage(ranked, pick) for pick in taken]
    in_time = sorted(passages, key=lambda p: (p.at, p.session_id, p.n))
    made = compress_all([bare(p.text) for p in in_time], level, ranked.terms)
    left = {p.id: one for p, one in zip(in_time, made, strict=True) if one.text}
    fits, selection = 0, Selection("", 0, ())
    low, high = 1, len(passages)
    while low <= high:  # how many of the best fit
        number = (low + high) // 2
        text, cited = quoted([p for p in passages[:number] if p.id in left], {id_: m.text for id_, m in left.items()})
        count = tokens.count(text)
        if count <= room:
            fits, selection, low = number, Selection(text, count, (), cited), number + 1
        else:
            high = number - 1
    there = {p.id for p in passages[:fits]}
    return replace(selection, picks=tuple(_told(pick, left.get(pick.id), pick.id in there) for pick in wide.picks))


def _passage(ranked: Ranked, pick: Pick) -> Passage:
    slot = ranked.index.slot(pick.id)
    assert slot is not None, "a pick is of the index that it was picked from"  # noqa: S101
    return ranked.index.passage(slot)


def _told(pick: Pick, made: Compressed | None, there: bool) -> Pick:
    """What became of a passage in the end."""
    if pick.outcome == "dropped":
        return pick
    if not there:
        return replace(pick, outcome="dropped", why="no room was left")
    if made is None:
        return replace(pick, outcome="dropped", why="none of its sentences is to the point")
    if not made.dropped:
        return pick
    return replace(pick, outcome="cut", why=f"without what is {made.dropped[0].why}")
