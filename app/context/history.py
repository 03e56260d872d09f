"""The newest exchanges, as they stand in the prompt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.context.draft import Draft
from app.context.fence import CLOSE, OPEN
from app.context.layers import found
from app.context.layers.layer import Fragment
from app.context.receipts import Given, of_history
from app.context.share import Claim, share
from app.context.window import begin
from app.vocabulary import LayerReceipt, Message, Said


@dataclass(frozen=True, slots=True)
class History:
    """The exchanges that are sent, as messages; the tokens that they would have without a lot; what became of the
    layer; the first exchange's number and the passages that stand with it."""

    messages: tuple[Message, ...] = ()
    tokens: int = 0
    layers: tuple[LayerReceipt, ...] = ()
    first_seq: int | None = None
    known: frozenset[str] = frozenset()


def history(draft: Draft, room: int, others: Sequence[Claim], needed: int) -> History:
    """The newest exchanges in `room` tokens at most, which they share with `others`, who need `needed` of it.

    Their room is what would be left if every other layer took its ceiling, so that it hardly differs from turn to turn
    and the exchanges begin at the same place.
    """
    snapshot = draft.brief.snapshot
    if not snapshot.history_items:
        return History()
    claim = Claim("history", draft.weight("history"), draft.floor("history"), draft.ceiling("history"))
    carried = _most_carried(draft)
    given = share([claim, *others], max(room - carried, 0))["history"]
    if snapshot.history_tokens + needed + carried <= room:
        given = max(given, snapshot.history_tokens)
    kept = snapshot.said[begin(snapshot.said, snapshot.history_tokens, given) :]
    spent = sum([one.tokens for one in kept])
    return _sent(draft, (kept, spent, given), min(carried, room - spent))


def _most_carried(draft: Draft) -> int:
    """The tokens that passages may take that stand with the first exchange."""
    if found.RETRIEVED.name not in draft.supplies:
        return 0
    return replace(draft, again=False).ceiling("retrieved") + draft.fixed.fence_tokens


def _sent(draft: Draft, window: tuple[tuple[Said, ...], int, int], carried: int) -> History:
    """The window, its tokens and its room, and what a lot leaves of it."""
    kept, spent, given = window
    snapshot, less = draft.brief.snapshot, int(spent * draft.factor("history"))
    said = kept if less == spent else kept[begin(kept, spent, less) :] if less else ()
    weight = draft.weight("history")
    layer = of_history(Given("history", weight, given), said, snapshot.history_items, snapshot.history_tokens)
    if not said:
        return History((), spent, (layer,))
    messages = tuple([message for one in said for message in one.messages])
    with_it = _carried(draft, said[0], carried)
    if with_it is None:
        return History(messages, spent, (layer,), said[0].seq)
    before = f"{OPEN}{with_it.text}{CLOSE}"
    tokens = with_it.tokens + draft.fixed.fence_tokens
    first = Message("user", before + messages[0].text, len(before))
    # What is quoted is among all that could have been: it takes room without being more.
    layer = replace(layer, tokens=layer.tokens + tokens, full_tokens=max(layer.full_tokens, layer.tokens + tokens))
    return History((first, *messages[1:]), spent + tokens, (layer,), said[0].seq, frozenset(with_it.ids))


def _carried(draft: Draft, first: Said, room: int) -> Fragment | None:
    """What was found for the first exchange, where it still stands and fits."""
    words, ranked = first.message, draft.brief.recalled
    if ranked is None or not words or words[0] == "/" or words[0].isspace():
        return None
    session = draft.brief.snapshot.session
    kept = draft.fragments.carried.of((session.workspace, session.learner_id, session.id, first.seq), ranked.index)
    return kept if kept and kept.text and kept.tokens + draft.fixed.fence_tokens <= room else None
