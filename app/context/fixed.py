"""What is in every prompt of a policy, whatever is said."""

from dataclasses import dataclass

from app.context.fence import CLOSE, OPEN, RULE
from app.context.tokens import Tokens
from app.policy import Policy
from app.vocabulary import FRAMING

PRIMING = 3
"""Tokens that open the reply, counted with the message."""

INSTRUCTIONS_SHARE = 0.6
"""The largest part of a budget that instructions and strategy may take; the rest holds all else, message included."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The instructions and each strategy as a block, with its tokens; those of the marks around notes, of all that is
    around the message, and of all that is always there, with the longest strategy."""

    instructions: str
    instructions_tokens: int
    strategies: dict[str, tuple[str, int]]
    fence_tokens: int
    message_tokens: int
    tokens: int


def fixed(policy: Policy, tokens: Tokens) -> Fixed:
    """What is in every prompt of a policy. The rule of the notes counts with the instructions, the marks around them
    with the message."""
    instructions = f"{policy.instructions.strip()}\n\n"
    texts = {name: f"How to teach now: {s.text.strip()}\n\n" for name, s in policy.strategies.items()}
    strategies = {name: (text, tokens.count(text)) for name, text in texts.items()}
    counted = tokens.count(instructions) + tokens.count(RULE) + FRAMING
    fence = tokens.count(OPEN) + tokens.count(CLOSE)
    around = fence + FRAMING + PRIMING
    longest = max(count for _, count in strategies.values())
    return Fixed(instructions, counted, strategies, fence, around, counted + around + longest)


def smallest_budget(policy: Policy, tokens: Tokens) -> int:
    """The least budget that this policy's instructions leave room in, whatever the strategy."""
    there = fixed(policy, tokens)
    return int((there.tokens - there.message_tokens) / INSTRUCTIONS_SHARE) + 1
