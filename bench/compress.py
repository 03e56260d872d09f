"""What each level of compression cuts and what it loses, beside truncation and chance at the same number of tokens.

    masterx bench compress [--questions 60] [--data FOLDER]

On the dialogues of LoCoMo (`../shared/data/locomo`, for development only). Each dialogue is made shorter as a whole,
for each of a sample of its questions, and it is asked what became of the turns that are annotated as its evidence.
`whole` is the share of them that stands there word for word, `sentences` that of their sentences that bear a number, a
name, a negation, a formula or a question; `mass` how much of their content words is left, weighed by how rare these are
in the dialogue, and `soft` the share of them with a mass of at least 0.6 (as `eval_context.py` scores, but each turn
against what became of itself alone). The references keep as many tokens: the beginning of each text, in the same part;
whole sentences chosen by lot. Milliseconds are those of the thread for one text of the dialogue.
"""

import argparse
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import fmean
from time import thread_time

from app.context.compress.compress import compress_all
from app.context.compress.levels import LEVELS
from app.context.prose.bearing import bears
from app.context.prose.pieces import joined, pieces
from app.context.recall.words import terms
from app.context.tokens import o200k
from bench.report import keep, skip, table

_DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "locomo"
_SOFT = 0.6

Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where in the dialogue its evidence is."""

    text: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What was said, in order, and what is asked of it."""

    texts: tuple[str, ...]
    questions: tuple[Question, ...]


def load(path: Path) -> Dialogue:
    """A conversation of LoCoMo."""
    told = json.loads(path.read_text("utf-8"))
    spoken = told["conversation"]
    numbers = sorted(int(key.split("_")[1]) for key in spoken if re.fullmatch(r"session_\d+", key))
    turns = [turn for n in numbers for turn in spoken[f"session_{n}"]]
    at = {turn["dia_id"]: n for n, turn in enumerate(turns)}
    questions = []
    for asked in told["qa"]:
        named = [f"D{int(a)}:{int(b)}" for e in asked["evidence"] for a, b in re.findall(r"D:?(\d+):(\d+)", e)]
        evidence = tuple(sorted({at[one] for one in named if one in at}))
        if evidence:
            questions.append(Question(asked["question"], evidence))
    return Dialogue(tuple(turn["text"].strip() for turn in turns), tuple(questions))


def beginnings(texts: Sequence[str], share: float, count: Count) -> list[str]:
    """Each text cut off after its share of tokens."""
    cut = []
    for text in texts:
        words, room = re.findall(r"\S+\s*", text), round(count(text) * share)
        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if count("".join(words[:middle])) <= room else (low, middle - 1)
        cut.append("".join(words[:low]))
    return cut


def by_lot(texts: Sequence[str], room: int, count: Count, chance: random.Random) -> list[str]:
    """Whole sentences chosen by lot while they fit into so many tokens."""
    read = [pieces(text) for text in texts]
    every = [(n, k) for n, each in enumerate(read) for k in range(len(each))]
    chance.shuffle(every)
    kept: dict[int, set[int]] = defaultdict(set)
    for n, k in every:
        cost = count(read[n][k].text)
        if cost <= room:
            kept[n].add(k)
            room -= cost
    return [joined(text, [piece for k, piece in enumerate(read[n]) if k in kept[n]]) for n, text in enumerate(texts)]


class Judge:
    """What became of a dialogue's turns."""

    def __init__(self, dialogue: Dialogue, count: Count) -> None:
        self._said = dialogue.texts
        self._count = count
        self._bearing = [[piece.text for piece in pieces(text) if bears(piece.text)] for text in dialogue.texts]
        self._words = [frozenset(terms(text)) for text in dialogue.texts]
        counts = Counter(word for words in self._words for word in words)
        n = len(self._said)
        self._idf = {word: math.log(1 + (n - c + 0.5) / (c + 0.5)) for word, c in counts.items()}
        self.full = sum(map(count, self._said))

    def cut(self, texts: Sequence[str]) -> float:
        """The share of tokens that is gone."""
        return 1 - sum(map(self._count, texts)) / self.full

    def kept(self, texts: Sequence[str], evidence: Sequence[int]) -> dict[str, float]:
        """Of one question's evidence, what is there still."""
        masses = [self._mass(n, texts[n]) for n in evidence]
        same = [_plain(texts[n]) == _plain(self._said[n]) for n in evidence]
        stand = [_plain(one) in _plain(texts[n]) for n in evidence for one in self._bearing[n]]
        return {
            "whole": fmean(same),
            "sentences": fmean(stand) if stand else 1.0,
            "mass": fmean(masses),
            "soft": fmean(mass >= _SOFT for mass in masses),
        }

    def _mass(self, n: int, text: str) -> float:
        if not self._words[n]:
            return float(bool(text))
        left = frozenset(terms(text))
        total = sum(self._idf[word] for word in self._words[n])
        return sum(self._idf[word] for word in self._words[n] & left) / total


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


Found = dict[str, list[dict[str, float]]]


def measure(dialogue: Dialogue, questions: int, count: Count) -> Found:
    """All levels and their references over a sample of a dialogue's questions."""
    judge, chance, found = Judge(dialogue, count), random.Random(7), Found()
    sample = chance.sample(dialogue.questions, min(questions, len(dialogue.questions)))

    def note(name: str, question: Question, texts: Sequence[str], ms: float = math.nan) -> None:
        scored = {"cut": judge.cut(texts), **judge.kept(texts, question.evidence), "ms": ms}
        found.setdefault(name, []).append(scored)

    for question in sample:
        asked = terms(question.text)
        for level in range(1, len(LEVELS)):
            began = thread_time()
            short = [one.text for one in compress_all(dialogue.texts, level, asked)]
            note(f"level {level}", question, short, (thread_time() - began) * 1e3 / len(short))
            left = judge.full * (1 - judge.cut(short))
            note(f"level {level}: beginnings", question, beginnings(dialogue.texts, left / judge.full, count))
            note(f"level {level}: by lot", question, by_lot(dialogue.texts, int(left), count, chance))
            if level > 1:
                unasked = [one.text for one in compress_all(dialogue.texts, level)]
                note(f"level {level}, question unknown", question, unasked)
    return found


_LONG = {
    "no space": "a",
    "words": "hi there is a word and another one ",
    "sentences": "We looked at it again. Then it was 4. ",
    "Chinese": "今天学了方程，我不懂。",
    "formulas": "$x^2$ and `f(x)` ",
    "lines": "a line\n",
    "items": "- an item\n",
    "table": "| a | b |\n",
}
_CHARACTERS = 50_000


def long_texts() -> dict[str, list[float]]:
    """Milliseconds of the thread for each level, the least of three, for texts of 50,000 characters."""
    found: dict[str, list[float]] = {}
    for name, part in _LONG.items():
        text = (part * (_CHARACTERS // len(part) + 1))[:_CHARACTERS]
        for level in range(1, len(LEVELS)):
            took = []
            for _ in range(3):
                began = thread_time()
                compress_all((text,), level)
                took.append((thread_time() - began) * 1e3)
            found.setdefault(name, []).append(min(took))
    return found


def main(arguments: list[str]) -> None:
    """Measures, prints the table and writes the JSON."""
    parser = argparse.ArgumentParser(prog="masterx bench compress", description=__doc__)
    parser.add_argument("--questions", type=int, default=60, help="of each dialogue (%(default)s)")
    parser.add_argument("--data", type=Path, default=_DATA)
    options = parser.parse_args(arguments)
    paths = sorted(options.data.glob("conv-*.json"))
    if not paths:
        skip(f"no dialogues (conv-*.json) in {options.data}")
    count = cache(o200k().count)  # the references count the same pieces for each question
    found = Found()
    for path in paths:
        for name, scored in measure(load(path), options.questions, count).items():
            found.setdefault(name, []).extend(scored)
    rows = {name: {key: fmean(one[key] for one in scored) for key in scored[0]} for name, scored in found.items()}
    head = ["", "tokens cut", "whole", "sentences", "mass", "soft", "ms a text"]
    n = len(next(iter(found.values())))
    table(
        f"Evidence kept, {n} questions about {len(paths)} dialogues", head, [_row(*one) for one in sorted(rows.items())]
    )
    ms = long_texts()
    levels = [f"level {n}" for n in range(1, len(LEVELS))]
    long = [[name, *(f"{one:.0f}" for one in each)] for name, each in ms.items()]
    table(f"Milliseconds for one text of {_CHARACTERS:,} characters", ["", *levels], long)
    keep("compress", {"questions": n, "dialogues": len(paths), "rows": rows, "long_ms": ms})


def _row(name: str, row: dict[str, float]) -> list[str]:
    shares = [f"{row[key]:.1%}" for key in ("cut", "whole", "sentences", "mass", "soft")]
    return [name, *shares, "" if math.isnan(row["ms"]) else f"{row['ms']:.2f}"]
