"""All that a prompt is made of, as it is known when it is assembled."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.policy import STANDARD, AffectBand, MasteryBand, Policy
from app.vocabulary import Affect, Remembered, Retold, Snapshot, Task

if TYPE_CHECKING:
    from app.context.recall.search import Ranked  # carries numpy, which a plain command does not need

_WEAK, _STRONG = 0.4, 0.8
_LOW, _HIGH = -0.25, 0.25
_FRUSTRATED = 0.5
_WEAKEST = 3

UNWEIGHED = 0.5
"""The weight of a layer of which a policy says nothing."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a layer: what it is called in the receipt, and its words."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Brief:
    """All that a prompt is made of. `course` says what the course is about, `facts` what the learner told us and still
    holds; the best of each comes first.

    `recalled` and `material` are passages that may help, `memory` how what is remembered was there. `draw`, from
    [0, 1), decides whether a layer is left out to learn what it is worth; `None` for a preview.
    `retold` is what a model made of an older stretch of the session. `profile` names factors of the policy, `variant`
    what the strategy is told with.
    """

    policy: Policy
    strategy: str
    snapshot: Snapshot
    message: str
    budget: int | None = None
    task: Task = Task.GENERAL
    affect: Affect | None = None
    course: tuple[Item, ...] = ()
    facts: tuple[Item, ...] = ()
    recalled: "Ranked | None" = None
    material: "Ranked | None" = None
    memory: Remembered | None = None
    draw: float | None = None
    retold: Retold | None = None
    profile: str = STANDARD
    variant: str = STANDARD

    @property
    def taught(self) -> str:
        """The strategy by name, with its variant unless that adds nothing."""
        return self.strategy if self.variant == STANDARD else f"{self.strategy}/{self.variant}"

    @property
    def limit(self) -> int:
        """Tokens that the prompt may have."""
        return self.budget or self.policy.context.budget

    @property
    def feeling(self) -> Affect:
        """How the learner seems to feel."""
        return feeling(self.snapshot, self.affect)


def feeling(snapshot: Snapshot, affect: Affect | None) -> Affect:
    """How a learner seems to feel in a message that says `affect`, under the strain of what they do; else lately."""
    portrait = snapshot.portrait
    if portrait is None:
        return affect or Affect()
    return affect.strained(portrait.strain or 0.0) if affect else portrait.affect


def affect_band(affect: Affect) -> AffectBand | None:
    """How good a learner seems to feel; `None` while nobody knows.

    >>> affect_band(Affect(valence=0.6, frustration=0.7)), affect_band(Affect(valence=0.6)), affect_band(Affect())
    ('low', 'high', None)
    """
    if (affect.frustration or 0.0) >= _FRUSTRATED:
        return "low"
    if affect.valence is None:
        return None if affect.frustration is None else "even"
    return "low" if affect.valence <= _LOW else "high" if affect.valence >= _HIGH else "even"


def mastery_band(snapshot: Snapshot) -> MasteryBand | None:
    """How well a learner does in the skills they are weakest in; `None` while nothing is believed of any."""
    weakest = [standing.mastery for standing in (snapshot.portrait.weak if snapshot.portrait else ())][:_WEAKEST]
    if not weakest:
        return None
    mean = sum(weakest) / len(weakest)
    return "weak" if mean < _WEAK else "strong" if mean >= _STRONG else "growing"


def weigh(brief: Brief) -> dict[str, float]:
    """What the first token of each layer that the policy names is worth for this task and learner, in this profile."""
    context = brief.policy.context
    affect, mastery = affect_band(brief.feeling), mastery_band(brief.snapshot)
    factors = context.factors
    cases = (
        factors.task.get(brief.task),
        factors.affect.get(affect) if affect else None,
        factors.mastery.get(mastery) if mastery else None,
        context.profiles.get(brief.profile),
    )
    weights: dict[str, float] = {str(name): weight for name, weight in context.weights.items()}
    for case in filter(None, cases):
        for name, factor in case.items():
            weights[name] = weights.get(name, UNWEIGHED) * factor
    return weights
