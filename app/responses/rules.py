"""Which questions may be answered with another one's answer, and which answers are kept. Pure."""

from app.policy import ResponsesPolicy
from app.responses.kept import MOST_TEXT
from app.vocabulary import Finish, Receipt, Task, Turn

_EVERYONES = frozenset({"instructions", "front_end", "course", "strategy", "message"})
"""Layers that hold nothing of one learner beyond what the key compares word for word. The front end's instructions are
among them: a class that shares them shares answers, one that names its learner there shares with nobody. A layer that
this list does not know counts as personal."""


def bypass(rules: ResponsesPolicy, task: Task, context: Receipt) -> str | None:
    """Why a question is not for the cache: `off`, `task`, `personal` or `cut`; `None` where it is.

    A learner of whom anything is known gets an answer of their own, even where the budget kept it out of the prompt.
    A text that was cut is no longer the question that was asked.
    """
    if not rules.ttl:
        return "off"
    if task not in rules.tasks:
        return "task"
    if any(layer.outcome != "empty" for layer in context.layers if layer.name not in _EVERYONES):
        return "personal"
    if any(layer.outcome != "kept" for layer in context.layers if layer.name in _EVERYONES):
        return "cut"
    return None


def worth_keeping(turn: Turn) -> bool:
    """Whether a turn's answer may be told to others: a whole one, from a model that was asked for this turn."""
    return turn.evidence and turn.finish_reason is Finish.STOP and 0 < len(turn.reply) <= MOST_TEXT
