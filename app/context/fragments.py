"""Rendered layers of context, kept warm in this process; they go by version, never by time.

A layer's words depend on its version and on its room alone. What is kept for an owner under one layer and room is told
apart by its version: a newer one takes the place of the one before.
"""

from collections import Counter, OrderedDict

from app.context.carried import Carried
from app.context.layers.layer import Fragment, Supply, Version
from app.context.tokens import Tokens

_KEPT = 8_192
_SUPPLIES = 1_024
_STEP = 32
"""Tokens by which rooms differ, so that a room that is a little smaller finds the same fragment."""

Owner = tuple[str, str, str]
"""Whose words: workspace, learner, and the session or nothing."""


class Fragments:
    """The 8,192 fragments last used, and what the last 1,024 of them were made of."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.carried = Carried()
        self._kept: OrderedDict[tuple[Owner, str, int], tuple[Version, Fragment]] = OrderedDict()
        self._supplies: OrderedDict[tuple[Owner, str], Supply] = OrderedDict()
        self.lookups = Counter[str](hit=0, miss=0)
        """How often a fragment was found here, and how often it had to be rendered; those that are made for one
        message only are not looked for."""

    def of(self, owner: Owner, name: str, supply: Supply, room: int) -> Fragment:
        """A layer's words in a room."""
        if supply.version is None:
            return supply.take(room, self.tokens)
        room -= room % _STEP
        key = (owner, name, room)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == supply.version:
            self._kept.move_to_end(key)
            self.lookups["hit"] += 1
            return kept[1]
        self.lookups["miss"] += 1
        made = self._same(owner, name, supply).take(room, self.tokens)
        self._kept[key] = (supply.version, made)
        self._kept.move_to_end(key)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made

    def _same(self, owner: Owner, name: str, supply: Supply) -> Supply:
        """The supply that was asked before, where it is of the same version: what it worked out for one room serves
        another."""
        known = self._supplies.pop((owner, name), supply)
        same = known if known.version == supply.version else supply
        self._supplies[owner, name] = same
        if len(self._supplies) > _SUPPLIES:
            self._supplies.popitem(last=False)
        return same

    def drop(self, workspace: str, learner_id: str) -> None:
        """Forgets the words of a learner."""
        whose = (workspace, learner_id)
        for key in [key for key in self._kept if key[0][:2] == whose]:
            del self._kept[key]
        for name in [name for name in self._supplies if name[0][:2] == whose]:
            del self._supplies[name]
        self.carried.drop(workspace, learner_id)
