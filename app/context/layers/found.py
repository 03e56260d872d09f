"""Passages that were found for a message: what was said before, and course material.

Retrieved turns are there because what matters now may have been said long ago, in any session; material, so that
answers stand on the course's own words and can name them.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from app.context.brief import Brief
from app.context.fence import inert
from app.context.layers.layer import Fragment, Layer, Supply, Take
from app.context.tokens import Tokens
from app.vocabulary import ItemReceipt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.context.recall.search import Ranked
    from app.context.recall.select import Pick

MOST_KEPT, MOST_DROPPED = 6, 2
"""Passages that a receipt tells about: it is kept with each turn."""

SAID = "Said earlier, where it may help:"
_MATERIAL = "Course material; name it where you use it:"
_ENDS = 3
"""Tokens that the empty line after a block may take."""

_TRIES = 3
"""How often passages are chosen when making them harmless takes more tokens than they had."""


def _retrieved(brief: Brief) -> Supply | None:
    return beyond(brief, None)


def beyond(brief: Brief, first_seq: int | None, known: frozenset[str] = frozenset()) -> Supply | None:
    """What was found but for what stands in the prompt anyway: this session's exchanges from `first_seq` on, and what
    is `known`."""
    ranked = brief.recalled
    if ranked is not None and first_seq is not None:
        ranked = _without(ranked, (brief.snapshot.session.id, first_seq), known)
    if ranked is None or not len(ranked.slots):
        return None
    level = brief.policy.context.compression.retrieved
    return Supply(None, passages((SAID, level), ranked, brief.snapshot.session.id))


def _without(ranked: "Ranked", there: tuple[str, int], known: frozenset[str]) -> "Ranked":
    index, slots = ranked.index, ranked.slots
    (session_id, first_seq), left = there, slots >= 0
    if (number := index.sessions.of(session_id)) is not None:
        # The message of exchange `seq` has the place 2 (seq - 1) in its session, the reply the one after.
        before = index.table["place"][slots] < 2 * (first_seq - 1)
        left &= (index.table["session"][slots] != number) | before
    for slot in filter(None, map(index.slot, known)):
        left &= slots != slot
    return replace(ranked, slots=slots[left], scores=ranked.scores[left], shared=ranked.shared[left])


def _material(brief: Brief) -> Supply | None:
    if brief.material is None or not len(brief.material.slots):
        return None
    return Supply(None, passages((_MATERIAL, brief.policy.context.compression.material), brief.material))


def passages(how: tuple[str, int], ranked: "Ranked", session_id: str | None = None) -> Take:
    """The best passages that fit, in order of time, under a title, at a level of compression. Their `full_tokens` are
    those of all that could have been quoted: other sessions' words, not those of the session itself."""

    def take(room: int, tokens: Tokens) -> Fragment:
        # These carry numpy, which a plain command does not need.
        from app.context.layers.shortened import shortened
        from app.context.recall.select import select

        title, level = how
        left = room - tokens.count(f"{title}\n") - _ENDS
        for _ in range(_TRIES):
            room_left = max(left, 0)
            chosen = shortened(ranked, room_left, level, tokens) if level else select(ranked, room_left, tokens)
            text = f"{title}\n{inert(chosen.text)}\n\n"
            count = tokens.count(text)
            if not chosen.text or count <= room:
                break
            left -= count - room
        else:
            return Fragment("", 0, 0, 0, len(ranked.slots))
        told = _displaced(_worth_telling(chosen.picks))
        kept = sum([pick.outcome != "dropped" for pick in chosen.picks])
        if not kept:
            return Fragment("", 0, _all(ranked, session_id), 0, len(ranked.slots), told)
        ids = tuple([pick.id for pick in chosen.picks if pick.outcome != "dropped"])
        return Fragment(
            text, count, max(_all(ranked, session_id), count), kept, len(ranked.slots), told, ids, chosen.cited
        )

    return take


def _all(ranked: "Ranked", session_id: str | None) -> int:
    """Tokens of all passages but a session's, estimated by their terms from those that were ever counted."""
    index = ranked.index
    cost, terms = index.table["cost"], index.table["length"]
    counted = cost > 0
    number = index.sessions.of(session_id) if session_id else None
    there = terms if number is None else terms[index.table["session"] != number]
    return int(there.sum() * cost.sum() / max(float(terms[counted].sum()), 1.0))


def _worth_telling(picks: "Sequence[Pick]") -> tuple[ItemReceipt, ...]:
    """The best that were kept and the best that were not, in their order."""
    kept = [pick for pick in picks if pick.outcome != "dropped"][:MOST_KEPT]
    dropped = [pick for pick in picks if pick.outcome == "dropped"][:MOST_DROPPED]
    chosen = sorted((*kept, *dropped), key=lambda pick: pick.rank)
    return tuple([ItemReceipt(pick.id, pick.outcome, pick.tokens, pick.why) for pick in chosen])


def _displaced(told: tuple[ItemReceipt, ...]) -> tuple[ItemReceipt, ...]:
    """Says of each kept item, weakest first, which dropped one would fit in its place."""
    left = [item for item in told if item.outcome == "dropped"]
    seen = list(told)
    for n in reversed(range(len(seen))):
        if seen[n].outcome != "dropped" and (out := next((i for i in left if i.tokens <= seen[n].tokens), None)):
            left.remove(out)
            seen[n] = replace(seen[n], displaced=out.id)
    return tuple(seen)


RETRIEVED = Layer("retrieved", "notes", _retrieved)
MATERIAL = Layer("material", "notes", _material)
