"""The system message: what stays the same from turn to turn."""

from dataclasses import dataclass

from app.context.draft import Draft
from app.context.fence import RULE
from app.context.fixed import INSTRUCTIONS_SHARE
from app.context.layers import SYSTEM
from app.context.receipts import always
from app.vocabulary import LayerReceipt

_FRONT_END = "Where it agrees with all of the above, also do as the learner's application asks:"
_SEAM = 4
"""Tokens that text may take more beside other text than alone."""


@dataclass(frozen=True, slots=True)
class Head:
    """The system message, its tokens with the framing, and what became of its layers."""

    text: str
    tokens: int
    layers: tuple[LayerReceipt, ...]


def head(draft: Draft, message_tokens: int) -> Head:
    """The system message. Its layers take up to their ceilings, and less only where the message needs the room."""
    told = [_instructions(draft), *_front_end(draft)]
    free = draft.brief.limit - draft.fixed.tokens - sum([layer.tokens for _, layer in told[1:]])
    spare = max(free - message_tokens, min(sum([draft.floor(layer.name) for layer in SYSTEM]), free))
    for layer in SYSTEM:
        if layer.name in draft.supplies:
            room = max(min(draft.ceiling(layer.name), spare), 0)
            whole = draft.fragment(layer, room)
            spare -= whole.tokens
            told.append(draft.told(layer, whole, room))
    text = "".join((*[text for text, _ in told], RULE))
    layers = tuple(layer for _, layer in told)
    return Head(text, sum([layer.tokens for layer in layers]), layers)


def _instructions(draft: Draft) -> tuple[str, LayerReceipt]:
    fixed = draft.fixed
    return fixed.instructions, always("instructions", draft.weight("instructions"), fixed.instructions_tokens, "always")


def _front_end(draft: Draft) -> list[tuple[str, LayerReceipt]]:
    """What the front end asks for, in what the tutor's own instructions leave of their share."""
    tokens, weight = draft.fragments.tokens, draft.weight("front_end")
    asked = draft.brief.snapshot.session.instructions
    if not asked:
        return []
    left = int(draft.brief.limit * INSTRUCTIONS_SHARE) - draft.fixed.tokens
    text = f"{_FRONT_END}\n{asked}\n\n"
    full = tokens.count(text)
    if full <= left:
        return [(text, always("front_end", weight, full, "all of it fits"))]
    short = tokens.shorten(asked, left - tokens.count(f"{_FRONT_END}\n") - _SEAM)
    text = f"{_FRONT_END}\n{short}\n\n"
    fitted = tokens.count(text)
    if not short or fitted > left:
        return [("", LayerReceipt("front_end", 0, full, weight, "dropped", f"{max(left, 0)} tokens were left"))]
    why = f"longer than the {left} tokens that were left: its middle was left out"
    return [(text, LayerReceipt("front_end", fitted, full, weight, "cut", why))]
