"""What the session was about before its newest exchanges: its most telling sentences, word for word.

It is there where history was cut, so that the thread is not lost with the words. It changes only where the history's
beginning does.
"""

from collections.abc import Iterator

from app.context.brief import Brief, Item
from app.context.layers.layer import Fragment, Layer, Supply, Take, lines
from app.context.tokens import Tokens
from app.vocabulary import Said

_TITLE = "Earlier in this session:"
_ENDS = 2
_READ = 12
"""Exchanges before the first one sent that are read."""

_FEW = 2
"""Fewer exchanges than these are not summed up: what fits the message is retrieved from them."""


def _nothing(_: Brief) -> Supply | None:
    """Before the history is cut it is not known what of it is left out."""
    return None


def before(brief: Brief, first_seq: int | None) -> Supply | None:
    """What was said in the session before the exchange `first_seq`."""
    cut = tuple([said for said in brief.snapshot.said if first_seq is not None and said.seq < first_seq])[-_READ:]
    if len(cut) < _FEW:
        return None
    return Supply((brief.snapshot.session.id, cut[0], cut[-1]), _take(cut))


def _take(cut: tuple[Said, ...]) -> Take:
    def take(room: int, tokens: Tokens) -> Fragment:
        left = room - tokens.count(f"{_TITLE}\n") - _ENDS
        return lines(_TITLE, lambda: _items(cut, max(left, 0), tokens))(room, tokens)

    return take


def _items(cut: tuple[Said, ...], room: int, tokens: Tokens) -> Iterator[Item]:
    from app.context.summaries import Line, Summary, summed_up  # reads words with a stemmer: not for a plain command

    said = [
        Line(str(one.seq), speaker, text)
        for one in cut
        for speaker, text in (("learner", one.message), ("tutor", one.reply))
        if text
    ]
    for line in summed_up(Summary(), said, room, lambda text: tokens.count(f"- {text}\n")).lines:
        yield Item(f"exchange {line.turn_id}", f"{line.speaker}: {line.text}")


LAYER = Layer("summary", "notes", _nothing)
