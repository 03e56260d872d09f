"""What the fault matrix runs in: providers that do what the question says, and services with catalogues of them."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.fault_kinds import Fault, Position
from bench.turn import free_port
from tests.e2e.provider import MisbehavingProvider
from tests.e2e.script import TEXTS, Script
from tests.e2e.service import ROOT, Masterx

DIALECTS = ("openai", "groq", "gemini")
LIMITS = {"connect": 0.5, "first_token": 1.0, "idle": 1.5, "total": 12.0}
DEADLINE = 6.0
"""Seconds, in the order of size of the defaults that ship: a provider's `total` is longer than the whole deadline."""

SOUND_TEXT = "Three quarters are more than a half: draw both on one line and compare."
FAULTY_TEXT = "".join(TEXTS)
SOUND, SOUND_TASK = "sound", "general"
TASKS = {"openai": "explanation", "groq": "practice", "gemini": "planning"}
"""A task for each dialect: by its strength for it, the catalogue says whose turn it is."""

_TAG = re.compile(r"\((\w+) (\w+) (\d{5})\)$")


@dataclass(frozen=True, slots=True)
class Question:
    """One question; its text says to the provider who is asking what."""

    position: Position
    dialect: str
    number: int

    @property
    def text(self) -> str:
        """As the learner types it."""
        return f"Which one is bigger, a half or three quarters? ({self.position} {self.dialect} {self.number:05d})"

    @property
    def task(self) -> str:
        """The task that brings the candidates into the order wanted."""
        return SOUND_TASK if self.position is Position.SOUND else TASKS[self.dialect]

    @classmethod
    def of(cls, words: str) -> "Question":
        """The question in what the user said last."""
        found = _TAG.search(words)
        assert found, words
        return cls(Position(found[1]), found[2], int(found[3]))


Behaviour = Callable[[str, Question], Script]


class Obedient(MisbehavingProvider):
    """Behaves as a function of dialect and question says, and counts how often each question was asked."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__()
        self._behaviour = behaviour
        self.asked: Counter[int] = Counter()

    def script_for(self, dialect: str, words: str) -> Script:
        """What holds for one request."""
        question = Question.of(words)
        self.asked[question.number] += 1
        return self._behaviour(dialect, question)


def sound(_: str, question: Question) -> Script:
    """Well, unless the faulty candidate is to be the last hope."""
    return Script(text=SOUND_TEXT) if question.position in (Position.SOUND, Position.FIRST) else Script(fault="503")


def faulty(fault: Fault) -> Behaviour:
    """The candidate that the question is about has the fault; the others of its kind are down."""
    script, down = Script(**fault.script), Script(fault="503")
    return lambda dialect, question: script if dialect == question.dialect else down


def catalogue(fault: Fault, well: Obedient, ill: Obedient, first: bool) -> str:
    """The catalogue in which, for a dialect's task, its faulty candidate stands `first`, the healthy one next; or
    last, behind all others. For the task `general` the healthy one is always first."""
    own, others, healthy = (1.0, 0.0, 0.5) if first else (0.0, 0.5, 1.0)
    nowhere = f"http://127.0.0.1:{free_port()}"
    entries = []
    for dialect in DIALECTS:
        url = nowhere if fault.name == "refused" else ill.url(dialect)
        strengths = {task: own if of == dialect else others for of, task in TASKS.items()}
        entries.append(_entry(dialect, dialect, url, strengths))
    strengths = {SOUND_TASK: 1.0, **dict.fromkeys(TASKS.values(), healthy)}
    return "\n".join([*entries, _entry(SOUND, "openai", well.url("openai"), strengths)])


def _entry(provider: str, dialect: str, url: str, strengths: dict[str, float]) -> str:
    limits = ", ".join(f"{name} = {seconds}" for name, seconds in LIMITS.items())
    tasks = ", ".join(f"{task} = {strength}" for task, strength in {SOUND_TASK: 0.0, **strengths}.items())
    return f"""
[[model]]
provider = "{provider}"
model = "{provider}-model"
dialect = "{dialect}"
base_url = "{url}"
key = "BENCH_KEY_{provider.upper()}"
prices = {{ input = 1.0, cached = 0.1, output = 2.0 }}
context_window = 131_072
max_output = 4_096
tokenizer = "o200k"
limits = {{ {limits} }}
strengths = {{ {tasks} }}
"""


def policy(degraded: bool) -> str:
    """The policy that ships, with the bench's deadline, with or without the offline tutor."""
    text = (ROOT / "config" / "policy.toml").read_text("utf-8")
    for name, value in (("deadline", str(DEADLINE)), ("degraded", str(degraded).lower())):
        text, found = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert found == 1, name
    return text


@dataclass
class World:
    """The services of one fault, by position, and what was asked of their providers."""

    fault: Fault
    well: Obedient
    ill: Obedient
    services: dict[Position, Masterx] = field(default_factory=dict)
    number: int = 0

    def question(self, position: Position, dialect: str) -> Question:
        """A new question."""
        self.number += 1
        return Question(position, dialect, self.number)

    def sent(self, question: Question) -> int:
        """How many requests were sent for a question."""
        return self.well.asked[question.number] + self.ill.asked[question.number]


@asynccontextmanager
async def world(fault: Fault, folder: Path, positions: Sequence[Position]) -> AsyncIterator[World]:
    """A fresh service for each position: none remembers another fault, or the same one elsewhere."""
    async with Obedient(sound) as well, Obedient(faulty(fault)) as ill:
        opened = World(fault, well, ill)
        opened.services = {
            position: _service(opened, folder / fault.name / position, position) for position in positions
        }
        try:
            await asyncio.gather(*(service.start() for service in opened.services.values()))
            yield opened
        finally:
            await asyncio.gather(*(service.__aexit__() for service in opened.services.values()))


def _service(world: World, folder: Path, position: Position) -> Masterx:
    folder.mkdir(parents=True)
    (folder / "providers.toml").write_text(
        catalogue(world.fault, world.well, world.ill, position is Position.FIRST), "utf-8"
    )
    (folder / "policy.toml").write_text(policy(position is not Position.OFF), "utf-8")
    keys = {f"BENCH_KEY_{name.upper()}": f"sk-{name}-secret" for name in (*DIALECTS, SOUND)}
    files = {"MASTERX_PROVIDERS": "providers.toml", "MASTERX_POLICY": "policy.toml"}
    return Masterx(folder, {"MASTERX_STORE": "sqlite:///./masterx.db", **files, **keys})
