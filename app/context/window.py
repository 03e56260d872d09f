"""Which of the newest exchanges of a session stand in the prompt: pure.

Providers cache what a prompt has in common with the one before it, from its beginning. A window that slid with each
turn would change that beginning each time. This one is cut in blocks of half its room: it begins where the exchanges
before it fill a whole number of blocks, stays there while the session goes on, and is cut down to about half when it
overflows.
"""

from collections.abc import Sequence
from math import ceil

from app.vocabulary import Said

_BLOCK = 16
"""Exchanges by which it moves where those before the newest 64 are not loaded."""


def begin(said: Sequence[Said], total: int, room: int) -> int:
    """The place in `said` of the first exchange to be sent: from there on they have at most `room` tokens.

    `said` are the newest exchanges, oldest first, `total` the tokens of all of the session. The newest one is sent
    wherever it fits.
    """
    if total <= room and (not said or _whole(said, total)):
        return 0
    block = max(room // 2, 1)
    cut = ceil((total - room) / block) * block
    before = total - sum([one.tokens for one in said])
    start = 0
    while start < len(said) and before < cut:
        before += said[start].tokens
        start += 1
    if not start:
        start = next((n for n, one in enumerate(said) if one.seq % _BLOCK == 1), 0)
    newest_fits = bool(said) and said[-1].tokens <= room
    return len(said) - 1 if start == len(said) and newest_fits else start


def _whole(said: Sequence[Said], total: int) -> bool:
    return sum([one.tokens for one in said]) == total
