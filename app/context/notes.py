"""What is left of the budget, shared among history and the notes before the message."""

from dataclasses import dataclass, replace

from app.context.draft import Draft
from app.context.history import History, history
from app.context.layers import NOTES, found, summary
from app.context.layers.layer import Layer
from app.context.share import Claim, share
from app.vocabulary import LayerReceipt, Message

_LOOKED_FOR = frozenset({"material", "retrieved"})
"""Layers that take as much as they are given: how much they need is not known before."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Exchanges and notes as they are sent, and what became of their layers."""

    history: tuple[Message, ...]
    text: str
    layers: tuple[LayerReceipt, ...]


@dataclass(frozen=True, slots=True)
class _Need:
    """A layer and the tokens that it takes where it gets its ceiling."""

    layer: Layer
    tokens: int


def notes(draft: Draft, room: int) -> Notes:
    """History and notes, in `room` tokens together at most."""
    draft = replace(draft, again=draft.brief.snapshot.history_items > 0)
    needs = [_Need(layer, _needed(draft, layer)) for layer in NOTES if layer.name in draft.supplies]
    others = [_claim(draft, need.layer, draft.ceiling(need.layer.name)) for need in needs]
    said = history(draft, room, others, sum([need.tokens for need in needs]))
    draft = _after(draft, said)
    needs = [_Need(layer, _needed(draft, layer)) for layer in NOTES if layer.name in draft.supplies]
    told = _told(draft, room - said.tokens, needs)
    return Notes(said.messages, "".join([text for text, _ in told]), (*said.layers, *[layer for _, layer in told]))


def _after(draft: Draft, said: History) -> Draft:
    """What there is to say once it is known which exchanges stand in the prompt: no passage of those, and a summary of
    those before them."""
    supplies = {name: supply for name, supply in draft.supplies.items() if name != found.RETRIEVED.name}
    if supply := summary.before(draft.brief, said.first_seq):
        supplies[summary.LAYER.name] = supply
    if supply := found.beyond(draft.brief, said.first_seq, said.known):
        supplies[found.RETRIEVED.name] = supply
    return replace(draft, supplies=supplies, again=bool(said.known))


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
        told[name] = draft.told(need.layer, whole, given)
    return [told[need.layer.name] for need in needs]


def _needed(draft: Draft, layer: Layer) -> int:
    ceiling = draft.ceiling(layer.name)
    return ceiling if layer.name in _LOOKED_FOR else draft.fragment(layer, ceiling).tokens


def _claim(draft: Draft, layer: Layer, most: int) -> Claim:
    return Claim(layer.name, draft.weight(layer.name), draft.floor(layer.name), most)
