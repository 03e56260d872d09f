"""For which of a turn's decisions a reward counts: only an arm that really made the answer earns anything by it."""

from app.vocabulary import OFFLINE, Choice, Credit, Decision, Source, State, Turn

_OF_THE_END = frozenset({Source.FINISHED, Source.HARM})
"""What also a turn tells that its learner has cut short."""


def credits_of(turn: Turn, source: Source) -> tuple[Credit, ...]:
    """The decisions of a turn that a reward of this source counts for.

    None of a turn that was degraded, continued by another model, told from the cache, or answered with care. A model
    earns nothing, good or bad, where another one gave the answer in its place.
    """
    if not _counts(turn, source):
        return ()
    who = f"{turn.provider}/{turn.model}"
    return tuple(_credit(one) for one in turn.decisions if one.choice is not Choice.MODEL or one.arm == who)


def unasked(decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """The decisions of a turn for which no model was asked."""
    return tuple(one for one in decisions if one.choice is not Choice.MODEL)


def _counts(turn: Turn, source: Source) -> bool:
    if turn.evidence:
        return True
    own = not (turn.degraded or turn.continued or turn.cached or turn.safety) and turn.provider not in (None, OFFLINE)
    return own and turn.state is State.CANCELLED and source in _OF_THE_END


def _credit(one: Decision) -> Credit:
    made = one.choice, one.context, one.arm, one.how, one.baseline or one.arms[0]
    return Credit(*made, one.critical, one.experiment, one.under, one.segment)
