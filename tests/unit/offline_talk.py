"""How the tests talk to the offline tutor."""

from pathlib import Path

from app.providers.offline import OfflineTutor, load_wording
from app.vocabulary import Chunk, Message, Prompt

CONFIG = Path(__file__).parents[2] / "config"
WORDING = load_wording(CONFIG / "offline.toml")

SLOW_MACHINE = 2.0
"""Seconds that no answer may take, even on a busy machine; usual ones take a thousandth of it."""


def prompt(*said: str, system: str = "You are a patient tutor.", stream: bool = True) -> Prompt:
    """A conversation, learner and tutor in turns, that ends with the learner's message."""
    spoken = (Message("assistant" if n % 2 else "user", text) for n, text in enumerate(said))
    return Prompt((Message("system", system), *spoken), max_tokens=512, temperature=0.4, stream=stream)


async def chunks(asked: Prompt, tutor: OfflineTutor | None = None) -> list[Chunk]:
    """The answer as it streams; a tutor of its own is patient enough for the slowest machine."""
    return [chunk async for chunk in (tutor or OfflineTutor(WORDING, patience=60.0)).stream(asked)]


async def answer(*said: str, system: str = "You are a patient tutor.") -> str:
    """The text of the answer."""
    return "".join(chunk.text for chunk in await chunks(prompt(*said, system=system)))
