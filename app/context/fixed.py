"""What is in every prompt of a policy, whatever is said."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.context.fence import CLOSE, OPEN, RULE
from app.context.tokens import Tokens
from app.policy import STANDARD, Policy
from app.vocabulary import FRAMING

PRIMING = 3
"""Tokens that open the reply, counted with the message."""

INSTRUCTIONS_SHARE = 0.6
"""The largest part of a budget that instructions and strategy may take; the rest holds all else, message included."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The instructions, and each strategy in each variant as a block, by both names, with its tokens; those of the
    marks around notes, of all that is around the message, and of all that is always there, with the longest strategy.
    """

    instructions: str
    instructions_tokens: int
    strategies: dict[tuple[str, str], tuple[str, int]]
    fence_tokens: int
    message_tokens: int
    tokens: int


def fixed(policy: Policy, tokens: Tokens) -> Fixed:
    """What is in every prompt of a policy. The rule of the notes counts with the instructions, the marks around them
    with the message."""
    instructions = f"{policy.instructions.strip()}\n\n"
    strategies = {names: (text, tokens.count(text)) for names, text in _taught(policy)}
    counted = tokens.count(instructions) + tokens.count(RULE) + FRAMING
    fence = tokens.count(OPEN) + tokens.count(CLOSE)
    around = fence + FRAMING + PRIMING
    longest = max(count for _, count in strategies.values())
    return Fixed(instructions, counted, strategies, fence, around, counted + around + longest)


def _taught(policy: Policy) -> Iterator[tuple[tuple[str, str], str]]:
    for name, strategy in policy.strategies.items():
        text = f"How to teach now: {strategy.text.strip()}"
        yield (name, STANDARD), f"{text}\n\n"
        yield from (((name, variant), f"{text} {more}\n\n") for variant, more in strategy.variants.items())


def smallest_budget(policy: Policy, tokens: Tokens) -> int:
    """The least budget that this policy's instructions leave room in, whatever the strategy."""
    there = fixed(policy, tokens)
    return int((there.tokens - there.message_tokens) / INSTRUCTIONS_SHARE) + 1
