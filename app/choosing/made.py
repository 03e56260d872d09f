"""The choices of one turn, one after the other, as it goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.choices.port import Options
from app.choosing.case import Case
from app.policy import STANDARD
from app.routing.rank import Ranked
from app.vocabulary import Choice, Decision


@dataclass(slots=True)
class Made:
    """The choices of one turn, as they are made."""

    case: Case
    decide: Callable[[Case, Choice, Options, str], Decision | None]
    approved: frozenset[str]
    strategy: str
    variant: str = STANDARD
    profile: str = STANDARD
    decisions: list[Decision] = field(default_factory=list)

    def choose(self, choice: Choice, options: Options, table: str | None = None) -> str:
        """One of the arms, what the `table` says (the baseline where it says nothing) while nothing is learned; what is
        no choice is not logged."""
        decision = self.decide(self.case, choice, options, table or options.baseline)
        if decision is None:
            return options.baseline
        self.decisions.append(decision)
        return decision.arm

    def lead(self, ranked: Sequence[Ranked], safe: str) -> str | None:
        """Who is to be asked first of the models that may be now, in their order; `None` leaves them in it. `safe` is
        the same in each turn, also while it may not be asked: what an arm is measured by does not change with who is
        well at this moment."""
        if self.case.cared or not ranked:
            return None
        strengths = {one.provider.entry.name: one.terms.strength for one in ranked}
        arms = tuple(sorted(strengths, key=lambda name: name != safe))
        if len(arms) < 2:
            return None
        approved, first = self.approved.intersection(arms) | {safe}, ranked[0].provider.entry.name
        return self.choose(Choice.MODEL, Options(arms, safe, approved, strengths), first)
