"""What a turn's prompt holds for a question about a dialogue: the scorer's systems, made of the parts of a turn."""

from dataclasses import replace
from typing import Any

from app.context.assemble import Assembler
from app.context.brief import Brief
from app.context.layers import found
from app.context.recall.index import Index
from app.context.recall.search import Question, search
from app.context.tokens import o200k
from app.policy import ContextPolicy, Policy, Strategy, load
from app.settings import CONFIG
from app.vocabulary import Learner, Passage, Session, Snapshot

_ENDS = 3
"""Tokens that the layer of passages keeps free for the empty line after it."""

_AMPLE = 200_000


class Asked:
    """Indexes of dialogues, and prompts for the messages that begin a new session of their learner, as a turn
    assembles them."""

    def __init__(self, policy: Policy) -> None:
        self.tokens = o200k()
        self._policy, self._assembler = policy, Assembler(self.tokens)

    def ingest(self, conversation: dict[str, Any]) -> Index:
        """An index of one dialogue."""
        index = Index()
        for n, turn in enumerate(conversation["turns"]):
            index.add(passage(n, turn))
        return index

    def brief(self, index: Index, question: str, now: str) -> Brief:
        """All that a prompt for a question is made of: what was found, and nothing else is known of its learner."""
        session, learner = Session("new", "bench", "learner", now, now), Learner("learner", "bench", "learner")
        snapshot = Snapshot(session, learner, (), (), 0, 0, 0)
        strategy = next(iter(self._policy.tasks.values()))
        return Brief(self._policy, strategy, snapshot, question, recalled=search(index, Question(question, now)))

    def texts(self, brief: Brief) -> tuple[str, ...]:
        """The texts of a prompt's messages."""
        return tuple(message.text for message in self._assembler.assemble(brief).messages)


class Retrieved(Asked):
    """The passages that a prompt quotes, where they alone are given the budget.

    All else that stands in the prompt (the marks around notes, framing, the message, the title over the passages) comes
    on top of the budget: it is measured by a prompt for the same message with nothing found.
    """

    def __init__(self) -> None:
        super().__init__(_only_passages())
        self._title = self.tokens.count(f"{found.SAID}\n") + _ENDS

    def context(self, index: Index, question: str, budget: int, now: str) -> dict[str, str]:
        """What a prompt would quote for a question."""
        brief = self.brief(index, question, now)
        beside = self._assembler.assemble(replace(brief, recalled=None, budget=_AMPLE)).receipt.tokens + self._title
        notes = self.texts(replace(brief, budget=budget + beside))[-1]
        _, title, rest = notes.partition(f"{found.SAID}\n")
        return {"text": rest.partition("\n\n")[0] if title else ""}


class Turned(Asked):
    """Whole prompts by a policy: the budget is for all that stands in them."""

    def __init__(self, policy: Policy | None = None) -> None:
        super().__init__(policy or load(CONFIG / "policy.toml"))

    def context(self, index: Index, question: str, budget: int, now: str) -> dict[str, str]:
        """The texts of the prompt's messages."""
        return {"text": "\n".join(self.texts(replace(self.brief(index, question, now), budget=budget)))}


def passage(n: int, turn: dict[str, Any]) -> Passage:
    """A turn of a dialogue; a photo is told by its caption."""
    text = turn["text"] + (f" [photo: {turn['caption']}]" if turn["caption"] else "")
    return Passage(turn["id"], str(turn["session"]), n, turn["at"], turn["speaker"], text)


def _only_passages() -> Policy:
    """The shipped policy without a word of its own, and the budget for what is found alone."""
    shipped = load(CONFIG / "policy.toml")
    context = ContextPolicy(weights={"retrieved": 1.0}, ceilings={"retrieved": 1.0})
    silent = {name: Strategy(text="") for name in shipped.strategies}
    return shipped.model_copy(update={"instructions": "", "context": context, "strategies": silent})
