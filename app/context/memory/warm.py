"""The memories that are warm, within bounds: those not used for longest give way."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from app.context.memory.memory import Memory
from app.storage.segments import Owner


@dataclass(slots=True)
class _Held:
    memory: Memory
    size: int


class Warm:
    """Memories by owner. The one that was used last stays, however large it is."""

    def __init__(self, most: int, size: int, gone: Callable[[Owner], None]) -> None:
        """At most so many, and so many bytes in all; `gone` is told of those that gave way."""
        self.most, self._limit, self._gone = most, size, gone
        self._held: OrderedDict[Owner, _Held] = OrderedDict()
        self.size = 0
        """Bytes of all of them, about."""

        self.evicted = 0
        """How many gave way so far."""

    def __len__(self) -> int:
        return len(self._held)

    def get(self, owner: Owner) -> Memory | None:
        """The memory, used now."""
        held = self._held.get(owner)
        if held is None:
            return None
        self._held.move_to_end(owner)
        return held.memory

    def peek(self, owner: Owner) -> Memory | None:
        """The memory, without using it."""
        held = self._held.get(owner)
        return held.memory if held else None

    def put(self, owner: Owner, memory: Memory) -> None:
        """Keeps a memory, or notes how large it has become."""
        self.drop(owner)
        held = self._held[owner] = _Held(memory, memory.size)
        self.size += held.size
        while len(self._held) > 1 and (len(self._held) > self.most or self.size > self._limit):
            oldest, given_up = self._held.popitem(last=False)
            self.size -= given_up.size
            self.evicted += 1
            self._gone(oldest)

    def drop(self, owner: Owner) -> None:
        """Forgets a memory."""
        if held := self._held.pop(owner, None):
            self.size -= held.size
