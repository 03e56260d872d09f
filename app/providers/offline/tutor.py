"""The provider that needs no model: it asks back, hints and checks, and says what it is."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Sequence

from app.providers.offline.answer import Notes, compose, next_hint
from app.providers.offline.check import check, needs_algebra
from app.providers.offline.findings import Finding, Work
from app.providers.offline.problem import open_problem
from app.providers.offline.reading import Reading, ends, read
from app.providers.offline.recall import conversation, material, recall
from app.providers.offline.statements import statements
from app.providers.offline.wording import Wording
from app.providers.port import Entry
from app.vocabulary import OFFLINE, Chunk, Finish, Message, Offer, Prompt, Usage

ENTRY = Entry(
    provider=OFFLINE,
    model="rules",
    dialect=OFFLINE,
    base_url="",
    context_window=1_000_000,
    max_output=1_024,
    tokenizer="o200k",
)

PATIENCE = 2.0
"""Seconds that an answer waits for a check with unknowns; the first one of a process imports SymPy."""

_MOST_CHECKS = 2
"""Checks under way at once in this process: they share its interpreter with the turns of others."""

_ASKING = frozenset({"compute", "solve", "how", "what", "stuck", "confused", "quiz"})
_GOING_ON = frozenset({"stuck", "confused", "solve"})
_FREE_OF_CHARGE = Usage(cost_usd=0.0)
_FEW_WORDS = re.compile(r"(?:\S+\s*){1,4}")

_LANGUAGE = re.compile(r"^- Language: (.{1,40})$", re.MULTILINE)

log = logging.getLogger("masterx.offline")


class OfflineTutor:
    """Answers by rules, in about a hundred words at most, whatever `prompt.max_tokens` allows. Never fails."""

    def __init__(self, wording: Wording, patience: float = PATIENCE) -> None:
        self._wording, self._patience = wording, patience
        self._own_words = [note for one in wording.languages.values() for note in (one.note, one.short_note)]
        self._checks = 0

    @property
    def entry(self) -> Entry:
        """The catalogue entry: no address, no prices, no limit worth naming."""
        return ENTRY

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer, a few words at a time; the same prompt gets the same one, unless a check is not ready in time."""
        notes = await self._notes(prompt.messages)
        text, hint = compose(notes), next_hint(notes)
        pieces = _FEW_WORDS.findall(text) if prompt.stream else [text]
        for piece in pieces[:-1]:
            yield Chunk(piece)
            await asyncio.sleep(0)
        yield Chunk(pieces[-1], Finish.STOP, _FREE_OF_CHARGE, offers=(Offer("hint", hint),) if hint else ())

    async def _notes(self, messages: Sequence[Message]) -> Notes:
        spoken = [message for message in messages if message.role != "system"]
        message = spoken.pop().words if spoken and spoken[-1].role == "user" else ""
        said = [m.words for m in spoken if m.role == "user"]
        answers = [m.text for m in spoken if m.role == "assistant"]
        reading = read(message, said, _preferred_language(messages), self._wording)
        finding, rung = (None, 0) if reading.danger else await self._checked(message, said, reading)
        return Notes(
            reading=reading,
            finding=finding,
            recalled=None if finding or reading.danger else self._recalled(message, messages, spoken, reading),
            turn=len(answers),
            rung=rung,
            introduced=any(words in answer for answer in answers for words in self._own_words),
        )

    def _recalled(
        self, message: str, messages: Sequence[Message], spoken: Sequence[Message], reading: Reading
    ) -> tuple[str, str] | None:
        sources = [*material(messages, self._wording), *conversation(spoken, self._own_words)]
        return recall(ends(message), sources, reading.language)

    async def _checked(self, message: str, said: Sequence[str], reading: Reading) -> tuple[Finding | None, int]:
        """What a check of the message's formulas says, and how many hints on the same problem came before."""
        now = statements(message)
        if not now and reading.kind not in _GOING_ON and not reading.feeling:
            return None, 0
        problem, ago = open_problem(said)
        if now:
            again = problem is not None and problem.sides == now[0].sides
            return await self._run(Work(now, problem, reading.kind in _ASKING)), ago if again else 0
        return (await self._run(Work((problem,), asked=True)), ago) if problem else (None, 0)

    async def _run(self, work: Work) -> Finding | None:
        """The check's finding; `None` also when it takes too long or too many are under way."""
        if not needs_algebra(work):
            return check(work)
        if self._checks >= _MOST_CHECKS:
            return None
        self._checks += 1
        checking = asyncio.get_running_loop().run_in_executor(None, check, work)
        checking.add_done_callback(self._ended)
        done, _ = await asyncio.wait({checking}, timeout=self._patience)
        return checking.result() if done and not checking.exception() else None

    def _ended(self, checking: asyncio.Future[Finding | None]) -> None:
        self._checks -= 1
        if not checking.cancelled() and (error := checking.exception()):
            # Its type only: the message could repeat what the learner wrote.
            log.error("a check failed: %s", type(error).__name__)


def _preferred_language(messages: Sequence[Message]) -> str | None:
    """What the learner's profile says of their language."""
    for message in messages:
        if message.role == "system" and (found := _LANGUAGE.search(message.text)):
            return found.group(1)
    return None
