"""What a learner who may be in danger is told before anything else: help lines, whatever becomes of the answer."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime

from app.errors import NoProvider
from app.policy import Policy
from app.routing.answer import Answer
from app.vocabulary import Alarm, Chunk, Finish, Learner, Snapshot


def cared_for(alarm: Alarm | None, snapshot: Snapshot, now: float, policy: Policy) -> bool:
    """Whether a message that says `alarm`, at `now` (seconds since the epoch), is answered with care: a learner who may
    be in danger is not taught by the next answer, nor by the few after it."""
    if alarm is not None:
        return True
    if snapshot.alarmed is None:
        return False
    seq, at = snapshot.alarmed
    late = now - datetime.fromisoformat(at).timestamp() > policy.safety.minutes * 60
    return snapshot.last_seq - seq < policy.safety.turns and not late


def words_for(alarm: Alarm, learner: Learner, policy: Policy) -> str:
    """The policy's message in the language that the learner wrote in, else in the one they prefer, else in English."""
    texts, preferred = policy.safety.messages, str(learner.preferences.get("language") or "").lower()
    chosen = next((code for code in (alarm.language, preferred[:2]) if code in texts), "en")
    return texts[chosen].strip()


async def comforted(
    text: str, chunks: AsyncGenerator[Chunk, None], answer: Answer, now: Callable[[], float]
) -> AsyncGenerator[Chunk, None]:
    """The text, then what a model says, if one is to be asked and can be; without one the text is the whole answer."""
    answer.first_token_at = now()
    yield Chunk(text)
    gap = "\n\n"
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                if chunk.text and gap:
                    yield Chunk(gap)
                    gap = ""
                yield chunk
    except NoProvider:
        answer.finish = Finish.STOP
