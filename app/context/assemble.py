"""Layers of context into one prompt within a budget: pure, deterministic, with a receipt.

Order is by how often a layer changes, rarest first, so that providers' prefix caches hit: instructions and strategy,
the front end's, profile, memory (one system message), then history oldest first, then the learner's message. The
oldest history is dropped first; instructions and message always stay, a message that is larger than the budget loses
its middle.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from operator import is_

from app.context.tokens import TOKENIZER, Tokens
from app.policy import Policy
from app.vocabulary import FRAMING, LayerReceipt, Learner, Message, Outcome, Receipt, Said, Snapshot

PRIMING = 3
"""Tokens that open the reply, counted with the message."""

INSTRUCTIONS_SHARE = 0.6
"""The largest part of a budget that instructions and strategy may take; the rest holds all else, message included."""

_PROFILE_SHARE = 0.15
_MEMORY_SHARE = 0.10
_MESSAGE_FLOOR = 32
_SEAM = 4
"""Tokens that text may take more beside other text than alone."""
_KEPT = 2_048


@dataclass(frozen=True, slots=True)
class Brief:
    """All that a prompt is made of."""

    policy: Policy
    strategy: str
    snapshot: Snapshot
    message: str
    budget: int | None = None

    @property
    def limit(self) -> int:
        """Tokens that the prompt may have."""
        return self.budget or self.policy.context.budget


def smallest_budget(policy: Policy, tokens: Tokens) -> int:
    """The least budget that this policy's instructions leave room in, whatever the strategy."""
    longest = max(tokens.count(f"{policy.instructions}\n\n{s.text}") for s in policy.strategies.values())
    return int((longest + FRAMING) / INSTRUCTIONS_SHARE) + 1


@dataclass(frozen=True, slots=True)
class Assembly:
    """The messages to send and what became of each layer; `message_tokens` is the learner's whole message."""

    messages: tuple[Message, ...]
    receipt: Receipt
    message_tokens: int


System = tuple[str, tuple[LayerReceipt, ...]]
"""The system message and what became of its layers."""

Basis = tuple[object, ...]


class Assembler:
    """Assembles prompts; keeps the system messages of the 2,048 sessions last used, which depend on nothing said."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._systems: OrderedDict[str, tuple[Basis, System]] = OrderedDict()

    def assemble(self, brief: Brief) -> Assembly:
        """The prompt for one turn, never over `brief.limit` tokens."""
        return assemble(brief, self._tokens, self._system(brief))

    def _system(self, brief: Brief) -> System:
        session_id, basis = brief.snapshot.session.id, _basis(brief)
        kept = self._systems.get(session_id)
        if kept is None or not all(map(is_, kept[0], basis)):
            kept = self._systems[session_id] = (basis, system_of(brief, self._tokens))
            if len(self._systems) > _KEPT:
                self._systems.popitem(last=False)
        self._systems.move_to_end(session_id)
        return kept[1]


def _basis(brief: Brief) -> Basis:
    """What a system message is made of: records that are never changed, so that the same ones make the same message."""
    snapshot = brief.snapshot
    return snapshot.session, snapshot.learner, snapshot.memory, brief.policy, brief.strategy, brief.budget


def assemble(brief: Brief, tokens: Tokens, system: System) -> Assembly:
    """The prompt for one turn, never over `brief.limit` tokens as `tokens` counts them."""
    message_tokens = tokens.count(brief.message)
    text, layers = system
    spent = sum(layer.tokens for layer in layers)
    message, layer = _message(brief, message_tokens, brief.limit - spent, tokens)
    kept, history = _history(brief, brief.limit - spent - layer.tokens)
    layers = (*layers, _weighed(brief, history), _weighed(brief, layer))
    messages = (Message("system", text), *_spoken(kept), Message("user", message))
    return Assembly(messages, _receipt(brief, layers), message_tokens)


def _weighed(brief: Brief, layer: LayerReceipt) -> LayerReceipt:
    return replace(layer, weight=brief.policy.context.weights.get(layer.name, 1.0))


def _receipt(brief: Brief, layers: tuple[LayerReceipt, ...]) -> Receipt:
    return Receipt(
        budget=brief.limit,
        tokens=sum(layer.tokens for layer in layers),
        full_tokens=sum(layer.full_tokens for layer in layers),
        tokenizer=TOKENIZER,
        policy=brief.policy.version,
        layers=layers,
    )


def system_of(brief: Brief, tokens: Tokens) -> System:
    """The system message, with each layer's tokens as what it adds to the text before it, so that they sum up."""
    text = f"{brief.policy.instructions.strip()}\n\n{brief.policy.strategies[brief.strategy].text.strip()}"
    count = tokens.count(text)
    layers = [
        LayerReceipt(
            "instructions", count + FRAMING, count + FRAMING, 1.0, "kept", f"always; strategy {brief.strategy}"
        )
    ]
    snapshot = brief.snapshot
    if snapshot.session.instructions:
        text, layer = _front_end(text, snapshot.session.instructions, brief.limit, tokens)
        layers.append(layer)
    for name, lines, share in (
        ("profile", profile(snapshot), _PROFILE_SHARE),
        ("memory", snapshot.memory, _MEMORY_SHARE),
    ):
        text, layer = _lines(_Lines(name, text, lines, int(brief.limit * share)), tokens)
        layers.append(layer)
    return text, tuple(_weighed(brief, layer) for layer in layers)


def _front_end(before: str, asked: str, limit: int, tokens: Tokens) -> tuple[str, LayerReceipt]:
    """What the front end asks for, after the tutor's own instructions and in what these leave of their share."""
    head = f"{before}\n\n{_TITLES['front_end']}\n"
    base = tokens.count(before)
    room = int(limit * INSTRUCTIONS_SHARE) - FRAMING - base
    full = tokens.count(head + asked) - base
    if full <= room:
        return head + asked, LayerReceipt("front_end", full, full, 1.0, "kept", "all of it fits")
    short = tokens.shorten(asked, room - (tokens.count(head) - base) - _SEAM)
    fitted = tokens.count(head + short) - base
    if not short or fitted > room:
        return before, LayerReceipt("front_end", 0, full, 1.0, "dropped", f"{max(room, 0)} tokens were left")
    why = f"longer than the {room} tokens that were left: its middle was left out"
    return head + short, LayerReceipt("front_end", fitted, full, 1.0, "cut", why)


@dataclass(frozen=True, slots=True)
class _Lines:
    name: str
    before: str
    lines: tuple[str, ...]
    limit: int


_TITLES = {
    "front_end": "Where it agrees with all of the above, also do as the learner's application asks:",
    "profile": "About the learner:",
    "memory": "Earlier sessions of this learner:",
}


def _lines(wanted: _Lines, tokens: Tokens) -> tuple[str, LayerReceipt]:
    """As many of the lines, in order, as fit the layer's share, under the layer's title."""
    if not wanted.lines:
        return wanted.before, LayerReceipt(wanted.name, 0, 0, 1.0, "empty", "nothing is known yet", 0, 0)
    base = tokens.count(wanted.before)
    full = fitted = 0
    text, kept = wanted.before, 0
    for n in range(1, len(wanted.lines) + 1):
        longer = "\n".join((f"{wanted.before}\n\n{_TITLES[wanted.name]}", *wanted.lines[:n]))
        full = tokens.count(longer) - base
        if full <= wanted.limit:
            text, kept, fitted = longer, n, full
    outcome, why = _outcome(kept, len(wanted.lines), f"share of {wanted.limit} tokens")
    return text, LayerReceipt(wanted.name, fitted, full, 1.0, outcome, why, kept, len(wanted.lines))


def profile(snapshot: Snapshot) -> tuple[str, ...]:
    """What the learner and the session say of themselves, a line each."""
    session = snapshot.session
    named = (("Subject", session.subject), ("Goal of this session", session.goal))
    lines = [f"- {name}: {value}" for name, value in named if value]
    return (*lines, *_preferences(snapshot.learner))


def _preferences(learner: Learner) -> tuple[str, ...]:
    def shown(value: object) -> str:
        return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

    return tuple(f"- {k.replace('_', ' ').capitalize()}: {shown(v)}" for k, v in learner.preferences.items() if v)


def _message(brief: Brief, count: int, room: int, tokens: Tokens) -> tuple[str, LayerReceipt]:
    frame = FRAMING + PRIMING
    if count + frame <= room:
        return brief.message, LayerReceipt("message", count + frame, count + frame, 1.0, "kept", "always", 1, 1)
    short = tokens.shorten(brief.message, max(room - frame, _MESSAGE_FLOOR))
    left = tokens.count(short)
    why = f"longer than the budget: its middle was left out ({count - left} tokens)"
    return short, LayerReceipt("message", left + frame, count + frame, 1.0, "cut", why, 1, 1)


def _history(brief: Brief, room: int) -> tuple[tuple[Said, ...], LayerReceipt]:
    """The newest exchanges that fit into `room` tokens, without a gap."""
    said = brief.snapshot.said
    start, spent = len(said), 0
    while start and spent + said[start - 1].tokens <= room:
        start -= 1
        spent += said[start].tokens
    kept, total = said[start:], brief.snapshot.history_items
    if not total:
        return (), LayerReceipt("history", 0, 0, 1.0, "empty", "the first message of the session", 0, 0)
    outcome, why = _outcome(len(kept), total, f"oldest first, {max(room, 0)} tokens were left")
    first = kept[0].seq if kept else None
    return kept, LayerReceipt(
        "history", spent, brief.snapshot.history_tokens, 1.0, outcome, why, len(kept), total, first
    )


def _outcome(kept: int, total: int, why: str) -> tuple[Outcome, str]:
    if kept == total:
        return "kept", "all of it fits"
    return ("cut" if kept else "dropped"), f"{total - kept} of {total} left out: {why}"


def _spoken(kept: tuple[Said, ...]) -> tuple[Message, ...]:
    return tuple(message for said in kept for message in said.messages)
