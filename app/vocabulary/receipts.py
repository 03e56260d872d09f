"""What became of the layers of a context: the nouns of a receipt, which is kept with each turn."""

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["kept", "cut", "dropped", "empty"]


@dataclass(frozen=True)
class ItemReceipt:
    """What became of one item of a layer: `id` names it, `displaced` the item that would be in its place otherwise."""

    id: str
    outcome: Outcome
    tokens: int
    why: str
    displaced: str | None = None


@dataclass(frozen=True)
class LayerReceipt:
    """What became of one layer of context: `kept`, `cut`, `dropped` or `empty`, and why.

    `room` is the tokens that it was given, `weight` what its first token was worth beside those of others, for this
    task and learner. `told` are the items worth telling about; `items` of `full_items` count all of them.
    """

    name: str
    tokens: int
    full_tokens: int
    weight: float
    outcome: Outcome
    why: str
    items: int | None = None
    full_items: int | None = None
    first_seq: int | None = None
    room: int | None = None
    told: tuple[ItemReceipt, ...] = ()


@dataclass(frozen=True)
class Explored:
    """A draw about the layers of a turn's context: `layer` was shrunk to `factor` (0: left out) of what it would have
    been, or nothing was (`None`); with which probability that came out, and which `layers` it could have hit."""

    layers: tuple[str, ...]
    propensity: float
    layer: str | None = None
    factor: float = 1.0


Remembered = Literal["warm", "loaded", "stale", "loading"]
"""How a learner's memory was there for a turn: at hand, waited for, without what other replicas recorded of late, or
not in time."""


@dataclass(frozen=True)
class Receipt:
    """What the model got to read. Token counts include each message's framing; `full_tokens` are those of all that
    could have been sent. `empty` names the layers that had nothing to say. `explored` is `None` where nothing was left
    to chance, `memory` where no memory was asked."""

    budget: int
    tokens: int
    full_tokens: int
    tokenizer: str
    policy: str
    layers: tuple[LayerReceipt, ...]
    empty: tuple[str, ...] = ()
    explored: Explored | None = None
    memory: Remembered | None = None
