"""Layers of context into one prompt within a budget: deterministic, with a receipt.

    system    instructions · front end's instructions · course · profile · facts · earlier sessions · rule of the notes
    history   the newest exchanges, oldest first, cut in blocks (`window.py`)
    message   notes (retrieved · material · summary · mastery · affect · strategy), then the learner's own words

Order is by how often a layer changes, rarest first, so that providers' prefix caches hit. Instructions, strategy and
message are always there; the others share what is left by what they are worth (`share.py`). A message that is larger
than the budget loses its middle.

Tokens are counted block by block: a block ends with a line break, and the next one begins with neither white space nor
"/", where the tokenizers' patterns part them in any case, so that the counts of the parts are that of the whole.
"""

from dataclasses import dataclass

from app.context.brief import Brief
from app.context.draft import Draft, draft
from app.context.fence import CLOSE, OPEN
from app.context.fixed import Fixed, fixed
from app.context.fragments import Fragments
from app.context.head import head
from app.context.layers import LAYERS
from app.context.notes import notes
from app.context.receipts import always, bounded, remembered
from app.context.tokens import TOKENIZER, Tokens
from app.policy import Policy
from app.vocabulary import LayerReceipt, Message, Receipt

_MESSAGE_FLOOR = 32


@dataclass(frozen=True, slots=True)
class Assembly:
    """The messages to send and what became of each layer; `message_tokens` is the learner's whole message."""

    messages: tuple[Message, ...]
    receipt: Receipt
    message_tokens: int


class Assembler:
    """Assembles prompts; keeps fragments of them warm."""

    def __init__(self, tokens: Tokens) -> None:
        self.fragments = Fragments(tokens)
        self._fixed: tuple[Policy, Fixed] | None = None

    def assemble(self, brief: Brief) -> Assembly:
        """The prompt for one turn, never over `brief.limit` tokens."""
        return _assembled(draft(brief, self._of(brief.policy), self.fragments))

    def _of(self, policy: Policy) -> Fixed:
        if self._fixed is None or self._fixed[0] is not policy:
            self._fixed = policy, fixed(policy, self.fragments.tokens)
        return self._fixed[1]


def _assembled(made: Draft) -> Assembly:
    brief, tokens = made.brief, made.fragments.tokens
    count = tokens.count(brief.message)
    top = head(made, count)
    strategy, strategy_tokens = made.fixed.strategies[brief.strategy, brief.variant]
    room = brief.limit - top.tokens - strategy_tokens
    words, message = _message(made, count, room)
    rest = notes(made, room - message.tokens)
    before = "".join((OPEN, rest.text, strategy, CLOSE))
    asked = Message("user", before + words, len(before))
    taught = always("strategy", made.weight("strategy"), strategy_tokens, brief.taught)
    receipt = _receipt(made, (*top.layers, *rest.layers, taught, message))
    return Assembly((Message("system", top.text), *rest.history, asked), receipt, count)


def _message(made: Draft, count: int, room: int) -> tuple[str, LayerReceipt]:
    """The learner's words, and their middle left out where they do not fit."""
    words, tokens, weight = made.brief.message, made.fragments.tokens, made.weight("message")
    around = made.fixed.message_tokens
    whole = _after_the_notes(words, count, tokens) + around
    if whole <= room:
        return words, always("message", weight, whole, "always")
    left = max(room - around, _MESSAGE_FLOOR)
    short = tokens.shorten(words, left)
    while (fitted := _after_the_notes(short, tokens.count(short), tokens)) > left and short:
        left -= fitted - left
        short = tokens.shorten(words, left)
    why = f"longer than the budget: its middle was left out ({count - fitted} tokens)"
    return short, LayerReceipt("message", fitted + around, whole, weight, "cut", why)


def _after_the_notes(words: str, count: int, tokens: Tokens) -> int:
    """What a message adds after the notes: its tokens, unless it begins with what is read as one with their end."""
    if words[:1] != "/" and not words[:1].isspace():
        return count
    return tokens.count(CLOSE + words) - tokens.count(CLOSE)


def _receipt(made: Draft, layers: tuple[LayerReceipt, ...]) -> Receipt:
    brief, layers = made.brief, remembered(layers, made.brief.memory)
    there = {layer.name for layer in layers}
    names = (*[layer.name for layer in LAYERS], "history")
    return Receipt(
        budget=brief.limit,
        tokens=sum([layer.tokens for layer in layers]),
        full_tokens=sum([layer.full_tokens for layer in layers]),
        tokenizer=TOKENIZER,
        policy=brief.policy.version,
        layers=bounded(layers),
        empty=tuple([name for name in names if name not in there]),
        explored=made.explored,
        memory=brief.memory,
    )
