"""What of a turn is worth remembering: pure."""

from app.context.facts.fact import Fact
from app.context.facts.reading import facts_in
from app.storage.ports import Doc
from app.vocabulary import Passage, State

_REPLIES = frozenset({State.COMPLETE, State.INCOMPLETE, State.CANCELLED})


def passages(turn: Doc) -> list[Passage]:
    """The learner's message (`ID#m`) and the tutor's reply (`ID#r`) of a turn, as far as they are worth remembering.

    Nothing of a turn that is open, or that failed: nobody answered, and whoever still wants to know asks again. Only
    the message where the answer is no tutor's: the offline one stood in (`degraded`), or a content policy ended it
    (`guarded`). What broke off or was cancelled is kept as far as it was heard.
    """
    state = turn["state"]
    if state in (State.OPEN, State.FAILED):
        return []
    place = 2 * max(turn["seq"] - 1, 0)
    of_message, of_reply = ids_of(turn["id"])
    message = Passage(of_message, turn["session_id"], place, turn["created_at"], "learner", turn["message"])
    if state not in _REPLIES or turn["degraded"] or not turn["reply"].strip():
        return [message]
    at = turn["closed_at"] or turn["created_at"]
    return [message, Passage(of_reply, turn["session_id"], place + 1, at, "tutor", turn["reply"])]


def ids_of(turn_id: str) -> tuple[str, str]:
    """What the passages of a turn are called, where it has them: the message and the reply."""
    return f"{turn_id}#m", f"{turn_id}#r"


def facts(turn: Doc) -> tuple[Fact, ...]:
    """What the learner says of themselves in a turn that is remembered."""
    return facts_in(turn["message"], turn["id"], turn["created_at"]) if passages(turn) else ()
