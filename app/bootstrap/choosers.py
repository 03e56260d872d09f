"""The policies of choice by their names in the policy."""

from collections.abc import Callable

from app.choices.beliefs import ALONE, Beliefs
from app.choices.contexts import DAY
from app.choices.gate.budget import Budget
from app.choices.gate.gate import Gate
from app.choices.gate.gated import Gated
from app.choices.gate.standing import Rules
from app.choices.hybrid import Hybrid
from app.choices.kinds.greedy import Greedy
from app.choices.kinds.linear import Linear
from app.choices.kinds.thompson import Thompson
from app.choices.kinds.ucb import Ucb
from app.choices.pacing import Paced
from app.choices.port import Chooser
from app.choices.situations import WIDTH
from app.policy import ChoicesPolicy
from app.vocabulary import Choice

_KINDS: dict[str, Callable[[], Chooser]] = {
    "hybrid": lambda: Hybrid(WIDTH),
    # As the textbook has it: each context for itself, without calm.
    "thompson": lambda: Thompson(Beliefs(ALONE, personal=False), calm=1.0),
    "ucb": Ucb,
    "greedy": Greedy,
    "linear": Linear,
    "paced": lambda: paced(Beliefs()),
}


def paced(beliefs: Beliefs) -> Paced:
    """Thompson at three paces, of which it is learned by domain which one does best."""
    paces = {f"calm {calm:g}": Thompson(beliefs, calm=calm) for calm in (1.0, 4.0, 16.0)}
    return Paced(paces, Thompson(Beliefs(ALONE, personal=False)), baseline="calm 4")


def chooser_of(policy: ChoicesPolicy, choice: Choice) -> Gated:
    """What `choices.by` names, that has seen nothing, behind the gate of one kind of choice."""
    gate = policy.gate
    rules = Rules(floor=gate.floor, cooling=gate.cooling * DAY, longest=gate.longest * DAY)
    return Gated(_KINDS[policy.by](), Gate(choice, rules, Budget(gate.trials)))
