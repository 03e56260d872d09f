"""What follows from an experiment: pure."""

from dataclasses import dataclass
from typing import Literal

from app.choices.experiments.results import Results
from app.vocabulary import Experiment

Then = Literal["adopt", "keep", "rerun", "wait"]


@dataclass(frozen=True)
class Conclusion:
    """What to do: `adopt` an arm, `keep` control, `rerun` because nothing can be told, or `wait`; and why."""

    then: Then
    arm: str
    why: str

    @property
    def sure(self) -> bool:
        """Whether more learners would hardly change it."""
        return self.then in ("adopt", "keep")


def concluded(experiment: Experiment, found: Results) -> Conclusion:
    """What follows from the results by now.

    An arm is adopted that surely earns more than control; control is kept where each arm surely earns less than what
    is worthwhile. An experiment whose lots were not dealt as drawn, or that a guardrail stopped, adopts nothing.
    """
    control, least = experiment.control, experiment.design.worthwhile
    if not found.dealt.even:
        return Conclusion(
            "rerun", control, "arms do not have the shares of learners that were drawn: find out why first"
        )
    if experiment.ended_by == "guardrail":
        return Conclusion("keep", control, f"a guardrail stopped it: {experiment.ended_why}")
    better = [(one.arm, one.compared) for one in found.contrasts if one.compared and one.compared.low > 0]
    if better:
        arm, by = max(better, key=lambda one: one[1].effect)
        return Conclusion("adopt", arm, f"it earns {by.low:.3f} to {by.high:.3f} more than {control}")
    if all(one.compared and one.compared.high < least for one in found.contrasts):
        return Conclusion("keep", control, f"no arm earns {least:g} more than {control}")
    if experiment.running:
        return Conclusion("wait", control, "nothing is sure yet")
    return Conclusion("rerun", control, "it ended before anything was sure: with more learners, or not at all")
