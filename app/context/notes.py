"""What is left of the budget, shared among history and the notes before the message."""

from dataclasses import dataclass, replace

from app.context.draft import Draft
from app.context.layers import NOTES, found
from app.context.layers.layer import Layer
from app.context.receipts import Given, of_history
from app.context.share import Claim, share
from app.context.window import begin
from app.vocabulary import LayerReceipt, Said

_LOOKED_FOR = frozenset({"material", "retrieved"})
"""Layers that take as much as they are given: how much they need is not known before."""


@dataclass(frozen=True, slots=True)
class Notes:
    """The exchanges and the notes that are sent, and what became of their layers."""

    said: tuple[Said, ...]
    text: str
    layers: tuple[LayerReceipt, ...]


@dataclass(frozen=True, slots=True)
class _Need:
    """A layer and the tokens that it takes where it gets its ceiling."""

    layer: Layer
    tokens: int


def notes(draft: Draft, room: int) -> Notes:
    """History and notes, in `room` tokens together at most."""
    needs = [_Need(layer, _needed(draft, layer)) for layer in NOTES if layer.name in draft.supplies]
    said, spent, history = _history(draft, room, needs)
    draft = _not_twice(draft, said)
    told = _told(draft, room - spent, [need for need in needs if need.layer.name in draft.supplies])
    return Notes(said, "".join([text for text, _ in told]), (*history, *[layer for _, layer in told]))


def _not_twice(draft: Draft, said: tuple[Said, ...]) -> Draft:
    """Without passages that stand in the prompt word for word."""
    supplies = {name: supply for name, supply in draft.supplies.items() if name != found.RETRIEVED.name}
    first = said[0].seq if said else None
    if supply := found.beyond(draft.brief, first):
        supplies[found.RETRIEVED.name] = supply
    return replace(draft, supplies=supplies)


def _told(draft: Draft, room: int, needs: list[_Need]) -> list[tuple[str, LayerReceipt]]:
    """The notes in `room` tokens, in the order of the prompt; what one layer leaves goes to the next most worth."""
    claims = [_claim(draft, need.layer, need.tokens) for need in needs]
    shares = share(claims, room)
    spare = max(room, 0) - sum(shares.values())
    told: dict[str, tuple[str, LayerReceipt]] = {}
    for need in sorted(needs, key=lambda need: -draft.weight(need.layer.name)):
        name = need.layer.name
        given = min(shares[name] + spare, draft.ceiling(name))
        whole = draft.fragment(need.layer, given)
        spare += shares[name] - whole.tokens
        text, layer = draft.told(need.layer, whole, given)
        told[name] = text, layer
    return [told[need.layer.name] for need in needs]


def _needed(draft: Draft, layer: Layer) -> int:
    ceiling = draft.ceiling(layer.name)
    return ceiling if layer.name in _LOOKED_FOR else draft.fragment(layer, ceiling).tokens


def _claim(draft: Draft, layer: Layer, most: int) -> Claim:
    return Claim(layer.name, draft.weight(layer.name), draft.floor(layer.name), most)


def _history(draft: Draft, room: int, needs: list[_Need]) -> tuple[tuple[Said, ...], int, tuple[LayerReceipt, ...]]:
    """The newest exchanges and the tokens that they would have without a lot.

    Their room is what would be left if every other layer took its ceiling, so that it hardly differs from turn to turn
    and the exchanges begin at the same place.
    """
    snapshot = draft.brief.snapshot
    if not snapshot.history_items:
        return (), 0, ()
    claim = Claim("history", draft.weight("history"), draft.floor("history"), draft.ceiling("history"))
    others = [_claim(draft, need.layer, draft.ceiling(need.layer.name)) for need in needs]
    given = share([claim, *others], room)["history"]
    if snapshot.history_tokens + sum([need.tokens for need in needs]) <= room:
        given = max(given, snapshot.history_tokens)
    kept = snapshot.said[begin(snapshot.said, snapshot.history_tokens, given) :]
    spent = sum([one.tokens for one in kept])
    less = int(spent * draft.factor("history"))
    sent = kept if less == spent else kept[begin(kept, spent, less) :] if less else ()
    layer = of_history(Given("history", claim.weight, given), sent, snapshot.history_items, snapshot.history_tokens)
    return sent, spent, (layer,)
