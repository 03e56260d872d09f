"""What is kept of one learner: bounded, and as bytes for a store."""

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from app.errors import MasterxError
from app.learner.knowledge.elo import Elo
from app.learner.knowledge.past import Past

SCHEMA = 1


class State:
    """Abilities, history, and what the network remembers. `model` is the version of the model that updated it: another
    one cannot read `hidden`, and the state is to be rebuilt from the learner's answers."""

    __slots__ = ("elo", "hidden", "model", "past")

    def __init__(self, model: str, width: int = 0) -> None:
        self.model = model
        self.elo = Elo()
        self.past = Past()
        self.hidden: NDArray[np.float32] = np.zeros(width, np.float32)

    def pack(self) -> bytes:
        """As JSON. Equal states give equal bytes."""
        hidden = [float(value) for value in self.hidden]
        return orjson.dumps([SCHEMA, self.model, self.elo.kept(), self.past.kept(), hidden])

    @classmethod
    def unpack(cls, packed: bytes) -> "State":
        """What `pack` gave; `StaleState` for another version of it."""
        kept: list[Any] = orjson.loads(packed)
        if not isinstance(kept, list) or kept[:1] != [SCHEMA]:
            raise StaleState
        _, model, elo, past, hidden = kept
        state = cls(model)
        state.elo, state.past = Elo.of(elo), Past.of(past)
        state.hidden = np.array(hidden, np.float32)
        return state


class StaleState(MasterxError):
    """A state that this version cannot read: it is to be rebuilt from the learner's answers."""

    def __init__(self) -> None:
        super().__init__("what is kept of this learner has another version; it is rebuilt from the answers")
