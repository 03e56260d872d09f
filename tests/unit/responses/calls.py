"""A call of the providers that says what the test lets it say."""

import asyncio
from collections.abc import AsyncGenerator

from app.errors import MasterxError
from app.responses.flights import Flight
from app.routing.answer import Answer
from app.vocabulary import Attempt, Chunk, Finish, Usage
from tests.fakes import entry


class ScriptedCall:
    """Each `say` is heard by whoever made the call; `made` counts how often it was."""

    def __init__(self, provider: str = "a") -> None:
        self.made = 0
        self.open = 0
        self.answers: list[Answer] = []
        self._provider = provider
        self._script: tuple[Chunk, ...] = ()
        self._said: asyncio.Queue[Chunk | Exception] = asyncio.Queue()

    async def __call__(self, answer: Answer) -> AsyncGenerator[Chunk, None]:
        self.made += 1
        self.open += 1
        self.answers.append(answer)
        outcome, script = "abandoned", list(self._script)
        try:
            while True:
                said = script.pop(0) if script else await self._said.get()
                if isinstance(said, Exception):
                    outcome = said.outcome if hasattr(said, "outcome") else "error"
                    raise said
                answer.entry = entry(self._provider)
                answer.hear(said)
                yield said
                if said.finish:
                    outcome = "ok"
                    return
        finally:
            self.open -= 1
            answer.attempts.append(Attempt(self._provider, "a-1", outcome, 1.0))

    def script(self, text: str) -> None:
        """Whoever makes a call from now on hears this at once."""
        self._script = (Chunk(text), Chunk(finish=Finish.STOP, usage=Usage(100, 20, 5, 0.5)))

    async def say(self, text: str) -> None:
        """Says a piece, and lets everyone hear it."""
        self._said.put_nowait(Chunk(text))
        await heard()

    async def end(self, finish: Finish = Finish.STOP) -> None:
        """Ends the answer."""
        self._said.put_nowait(Chunk(finish=finish, usage=Usage(100, 20, 5, 0.5)))
        await heard()

    async def fail(self, error: Exception) -> None:
        """Breaks the call."""
        self._said.put_nowait(error)
        await heard()


class Listener:
    """One turn that hears an answer."""

    def __init__(self, flight: Flight) -> None:
        self.answer = Answer()
        self.text = ""
        self.error: Exception | None = None
        self.task = asyncio.get_running_loop().create_task(self._listen(flight))

    async def _listen(self, flight: Flight) -> None:
        try:
            async for chunk in flight.listen(self.answer):
                self.text += chunk.text
        except (MasterxError, RuntimeError) as error:
            self.error = error

    async def leave(self) -> None:
        """Is cancelled, as a turn that its learner stops."""
        self.task.cancel()
        await asyncio.wait([self.task])


async def heard() -> None:
    """Lets everything that can go on do so; nothing here waits for time to pass."""
    for _ in range(12):
        await asyncio.sleep(0)
