"""What became of each layer, as its receipt says it: pure."""

from dataclasses import dataclass, replace

from app.context.layers.layer import Fragment
from app.vocabulary import LayerReceipt, Outcome, Remembered, Said

MOST_TOLD = 40
"""Items that a receipt tells about in all."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a layer was given: its room in tokens, and what the first of them is worth."""

    name: str
    weight: float
    room: int


def always(name: str, weight: float, tokens: int, why: str) -> LayerReceipt:
    """A layer that is never left out."""
    return LayerReceipt(name, tokens, tokens, weight, "kept", why)


def of_fragment(given: Given, fragment: Fragment) -> LayerReceipt:
    """A layer that shares the budget."""
    outcome, why = outcome_of(fragment.kept, fragment.of, f"{given.room} tokens were its share")
    return LayerReceipt(
        name=given.name,
        tokens=fragment.tokens,
        full_tokens=max(fragment.full_tokens, fragment.tokens),
        weight=round(given.weight, 4),
        outcome=outcome,
        why=why,
        items=fragment.kept,
        full_items=fragment.of,
        room=given.room,
        told=fragment.told,
    )


def of_history(given: Given, kept: tuple[Said, ...], items: int, tokens: int) -> LayerReceipt:
    """The history: `items` exchanges with `tokens` tokens in all, the newest of them `kept`."""
    outcome, why = outcome_of(len(kept), items, f"oldest first, {given.room} tokens were its share")
    return LayerReceipt(
        name=given.name,
        tokens=sum([said.tokens for said in kept]),
        full_tokens=tokens,
        weight=round(given.weight, 4),
        outcome=outcome,
        why=why,
        items=len(kept),
        full_items=items,
        first_seq=kept[0].seq if kept else None,
        room=given.room,
    )


REMEMBERED = ("facts", "retrieved")
"""The layers that a learner's memory supplies."""

_LATE = "the memory was not there in time: the next turn may have it"
_STALE = "what other replicas recorded of late may be missing"


def remembered(layers: tuple[LayerReceipt, ...], memory: Remembered | None) -> tuple[LayerReceipt, ...]:
    """The layers, and why those are not there, or not as of now, that come from a memory that was not there in time."""
    if memory == "loading":
        there = {layer.name for layer in layers}
        late = [LayerReceipt(name, 0, 0, 0.0, "dropped", _LATE, 0) for name in REMEMBERED if name not in there]
        return (*layers, *late)
    if memory == "stale":
        return tuple([replace(one, why=f"{one.why}; {_STALE}") if one.name in REMEMBERED else one for one in layers])
    return layers


def bounded(layers: tuple[LayerReceipt, ...]) -> tuple[LayerReceipt, ...]:
    """The layers with at most `MOST_TOLD` items told of in all: a receipt is kept with each turn."""
    left, out = MOST_TOLD, []
    for layer in layers:
        out.append(replace(layer, told=layer.told[:left]) if len(layer.told) > left else layer)
        left -= len(out[-1].told)
    return tuple(out)


def outcome_of(kept: int, of: int, why: str) -> tuple[Outcome, str]:
    """What became of `of` items of which some were `kept`."""
    if kept == of:
        return "kept", "all of it fits"
    return ("cut" if kept else "dropped"), f"{of - kept} of {of} left out: {why}"
