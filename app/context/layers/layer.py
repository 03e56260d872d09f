"""What a layer of context is: where its words come from, and how many of them fit into a room of tokens."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from app.context.brief import Brief, Item
from app.context.fence import inert
from app.context.tokens import Tokens
from app.policy import Tunable
from app.vocabulary import ItemReceipt

MOST_TOLD = 4
"""Items of a layer of lines that a receipt tells about when some were left out."""

Version = tuple[object, ...]
"""What a layer's words were made of: equal versions make equal words."""

Place = Literal["system", "notes"]
"""Where a layer stands: in the system message, which stays the same from turn to turn, or in the notes that stand
before the learner's message."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A layer's words in some room: a block of text that ends with an empty line, or nothing. `full_tokens` are those
    of all that it had to say, `kept` of `of` the items that fit, `told` those worth telling about."""

    text: str
    tokens: int
    full_tokens: int
    kept: int
    of: int
    told: tuple[ItemReceipt, ...] = ()
    ids: tuple[str, ...] = ()
    """The passages that are quoted."""

    cited: tuple[str, ...] = ()
    """The pieces of material that the marks [1], [2] … in the text stand for."""


Take = Callable[[int, Tokens], Fragment]
"""As much of a layer as fits into so many tokens."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What a layer has to say for a brief; `version` is `None` for what is made for one message only."""

    version: Version | None
    take: Take


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer that a policy weighs. `supply` gives `None` where it has nothing to say."""

    name: Tunable
    place: Place
    supply: Callable[[Brief], Supply | None]
    of: Literal["session", "learner"] = "session"
    """Whose words they are: those of a learner are the same in all of their sessions."""


def lines(title: str, items: Callable[[], Iterable[Item]]) -> Take:
    """The items that fit, each on a line under the title, in their order; one that does not fit is left out."""

    def take(room: int, tokens: Tokens) -> Fragment:
        return _fitted(title, tuple(items()), room, tokens)

    return take


def _fitted(title: str, items: Sequence[Item], room: int, tokens: Tokens) -> Fragment:
    """A text that ends with a line break and one that begins with neither white space nor "/" have as many tokens
    together as alone (the tokenizers' patterns end a piece there), so that lines can be counted one by one."""
    head = tokens.count(f"{title}\n")
    spent = full = head
    texts: list[str] = []
    outcomes: list[tuple[Item, int, bool]] = []
    closing = 0
    for item in items:
        line = f"- {_flat(item.text)}\n"
        alone, last = tokens.count(line), tokens.count(line + "\n")
        fits = spent + last <= room
        outcomes.append((item, alone, fits))
        full += alone
        if fits:
            texts.append(line)
            spent, closing = spent + alone, last - alone
    if not texts:
        return Fragment("", 0, full, 0, len(items), _told(outcomes, room))
    text = "".join((f"{title}\n", *texts, "\n"))
    return Fragment(text, spent + closing, full + closing, len(texts), len(items), _told(outcomes, room))


def _told(outcomes: Sequence[tuple[Item, int, bool]], room: int) -> tuple[ItemReceipt, ...]:
    """What was left out, where anything was."""
    out = [(item, tokens) for item, tokens, fits in outcomes if not fits][:MOST_TOLD]
    return tuple(ItemReceipt(item.id, "dropped", tokens, f"did not fit into {room} tokens") for item, tokens in out)


def _flat(text: str) -> str:
    """A text on one line: what somebody else wrote must not look like a title or a line of ours."""
    return inert(" ".join(text.split()))
