"""What the session was about before its newest exchanges: its most telling sentences, word for word.

It is there where history was cut, so that the thread is not lost with the words. It changes only where the history's
beginning does.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from app.context.brief import Brief, Item
from app.context.layers.layer import Fragment, Layer, Supply, Take, lines
from app.context.tokens import Tokens
from app.vocabulary import Retold, Said

if TYPE_CHECKING:
    from app.context.summaries import Line, Stretch

_TITLE = "Earlier in this session:"
_ENDS = 2
READ = 12
"""Exchanges before the first one sent that are read."""

_FEW = 2
"""Fewer exchanges than these are not summed up: what fits the message is retrieved from them."""


def _nothing(_: Brief) -> Supply | None:
    """Before the history is cut it is not known what of it is left out."""
    return None


def stretch(cut: Sequence[Said]) -> tuple[Said, ...]:
    """The exchanges that are summed up of those that were `cut`, oldest first; none where they are too few."""
    return tuple(cut)[-READ:] if len(cut) >= _FEW else ()


def words(cut: Iterable[Said]) -> list["Line"]:
    """What was said in exchanges, each with its number."""
    from app.context.summaries import Line  # reads words with a stemmer: not for a plain command

    return [
        Line(str(one.seq), speaker, text)
        for one in cut
        for speaker, text in (("learner", one.message), ("tutor", one.reply))
        if text
    ]


def before(brief: Brief, first_seq: int | None) -> Supply | None:
    """What was said in the session before the exchange `first_seq`."""
    cut = stretch([said for said in brief.snapshot.said if first_seq is not None and said.seq < first_seq])
    if not cut:
        return None
    retold = told_again(brief.retold, [one.seq for one in cut])
    version = (brief.snapshot.session.id, cut[0], cut[-1], retold and retold.text)
    return Supply(version, _take(cut) if retold is None else _instead(retold, _take(cut)))


def told_again(retold: Retold | None, seqs: Sequence[int]) -> Retold | None:
    """What a model made of a stretch, where it is of these very exchanges."""
    return retold if retold and retold.seqs == tuple(seqs) else None


def _instead(retold: Retold, sentences: Take) -> Take:
    """It goes whole, for it was checked whole; in a room that is too small for it there are sentences."""
    named = Item(f"exchanges {retold.seqs[0]} to {retold.seqs[-1]} by {retold.model}", retold.text)
    whole = lines(_TITLE, lambda: [named])

    def take(room: int, tokens: Tokens) -> Fragment:
        fragment = whole(room, tokens)
        return fragment if fragment.kept else sentences(room, tokens)

    return take


def _take(cut: tuple[Said, ...]) -> Take:
    @cache
    def sentences() -> "Stretch":
        from app.context.summaries import Summary, read

        return read(Summary(), words(cut))

    costs: dict[str, int] = {}

    def items(room: int, tokens: Tokens) -> Iterator[Item]:
        def cost(text: str) -> int:
            return costs.get(text) or costs.setdefault(text, tokens.count(f"- {text}\n"))

        for line in sentences().within(room, cost).lines:
            yield Item(f"exchange {line.turn_id}", f"{line.speaker}: {line.text}")

    def take(room: int, tokens: Tokens) -> Fragment:
        left = room - tokens.count(f"{_TITLE}\n") - _ENDS
        return lines(_TITLE, lambda: items(max(left, 0), tokens))(room, tokens)

    return take


LAYER = Layer("summary", "notes", _nothing)
