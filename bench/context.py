"""Evidence recall of the context engine, as the scorer of the LoCoMo dialogues wants to ask for it."""

from dataclasses import dataclass
from typing import Any

from app.context.recall.index import Index
from app.context.recall.search import Question, search
from app.context.recall.select import select
from app.context.tokens import o200k
from app.vocabulary import Passage


@dataclass
class System:
    """What the scorer's `--system bench.context:make` talks to."""

    def __post_init__(self) -> None:
        self._tokens = o200k()

    def ingest(self, conversation: dict[str, Any]) -> Index:
        """An index of one dialogue."""
        index = Index()
        for n, turn in enumerate(conversation["turns"]):
            index.add(passage(n, turn))
        return index

    def context(self, index: Index, question: str, budget: int, now: str) -> str:
        """What would be sent for a question."""
        return select(search(index, Question(question, now)), budget, self._tokens).text


def passage(n: int, turn: dict[str, Any]) -> Passage:
    """A turn of a dialogue; a photo is told by its caption."""
    text = turn["text"] + (f" [photo: {turn['caption']}]" if turn["caption"] else "")
    return Passage(turn["id"], str(turn["session"]), n, turn["at"], turn["speaker"], text)


def make() -> System:
    """The system under test."""
    return System()
