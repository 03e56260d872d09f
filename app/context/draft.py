"""A prompt that is being made: what each layer has to say, what it is worth, and what a lot leaves out of it."""

from dataclasses import dataclass

from app.context.brief import UNWEIGHED, Brief, weigh
from app.context.fixed import Fixed
from app.context.fragments import Fragments
from app.context.layers import LAYERS
from app.context.layers.layer import Fragment, Layer, Supply
from app.context.receipts import Given, of_fragment
from app.context.worth import explore
from app.policy import Tunable
from app.vocabulary import Explored, LayerReceipt


@dataclass(frozen=True, slots=True)
class Draft:
    """All that head and notes are made of."""

    brief: Brief
    fixed: Fixed
    fragments: Fragments
    weights: dict[str, float]
    supplies: dict[str, Supply]
    explored: Explored | None
    again: bool = False
    """Whether passages stand with the first exchange already: those that are found now get half the room."""

    def weight(self, name: str) -> float:
        """What a layer's first token is worth."""
        return self.weights.get(name, UNWEIGHED)

    def ceiling(self, name: Tunable) -> int:
        """The most tokens that a layer may have."""
        tokens = int(self.brief.limit * self.brief.policy.context.ceiling(name))
        return tokens // 2 if self.again and name == "retrieved" else tokens

    def floor(self, name: Tunable) -> int:
        """The tokens that a layer gets at least."""
        return int(self.brief.limit * self.brief.policy.context.floors.get(name, 0.0))

    def factor(self, name: str) -> float:
        """What a lot shrinks a layer to; 1 leaves it whole."""
        hit = self.explored is not None and self.explored.layer == name
        return self.explored.factor if self.explored and hit else 1.0

    def fragment(self, layer: Layer, room: int) -> Fragment:
        """A layer's words in a room, as they would be without any lot."""
        session = self.brief.snapshot.session
        whose = (session.workspace, session.learner_id, session.id if layer.of == "session" else "")
        return self.fragments.of(whose, layer.name, self.supplies[layer.name], room)

    def told(self, layer: Layer, whole: Fragment, room: int) -> tuple[str, LayerReceipt]:
        """A layer's words as they are sent, and what became of it."""
        factor, sent = self.factor(layer.name), whole
        if factor < 1.0:
            sent = self.supplies[layer.name].take(int(whole.tokens * factor), self.fragments.tokens)
        if layer.name == "retrieved" and self.brief.draw is not None:
            snapshot = self.brief.snapshot
            session = snapshot.session
            place = (session.workspace, session.learner_id, session.id, snapshot.last_seq + 1)
            self.fragments.carried.keep(place, sent)
        return sent.text, of_fragment(Given(layer.name, self.weight(layer.name), room), sent)


def draft(brief: Brief, always_there: Fixed, fragments: Fragments) -> Draft:
    """What can be said for a brief, before anything is shared."""
    supplies: dict[str, Supply] = {layer.name: supply for layer in LAYERS if (supply := layer.supply(brief))}
    spoken = ("history",) if brief.snapshot.said else ()
    share = brief.policy.context.explore.share
    explored = None if brief.draw is None else explore((*supplies, *spoken), brief.draw, share)
    return Draft(brief, always_there, fragments, weigh(brief), supplies, explored)
