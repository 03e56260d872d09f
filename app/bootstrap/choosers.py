"""The policies of choice by their names in the policy."""

from collections.abc import Callable

from app.choices.beliefs import ALONE, Beliefs
from app.choices.gate.gate import Gate
from app.choices.gate.gated import Gated
from app.choices.hybrid import Hybrid
from app.choices.kinds.greedy import Greedy
from app.choices.kinds.linear import Linear
from app.choices.kinds.thompson import Thompson
from app.choices.kinds.ucb import Ucb
from app.choices.port import Chooser
from app.choices.situations import WIDTH
from app.vocabulary import Choice

_KINDS: dict[str, Callable[[], Chooser]] = {
    "hybrid": lambda: Hybrid(WIDTH),
    # As the textbook has it: each context for itself, without calm.
    "thompson": lambda: Thompson(Beliefs(ALONE, personal=False), calm=1.0),
    "ucb": Ucb,
    "greedy": Greedy,
    "linear": Linear,
}


def chooser_of(name: str, choice: Choice) -> Gated:
    """The policy with a name of `choices.by`, that has seen nothing, behind the gate of one kind of choice."""
    return Gated(_KINDS[name](), Gate(choice))
