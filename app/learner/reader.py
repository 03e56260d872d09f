"""What a message says of the learner before any model is called."""

from collections import OrderedDict

from app.learner.minds import Minds, Who
from app.learner.named import Names
from app.vocabulary import Reading, Snapshot

_KEPT = 1_024


class Reader:
    """Reads messages. Keeps the names of the skills of the 1,024 learners last met."""

    def __init__(self, minds: Minds) -> None:
        self._minds = minds
        self._names: OrderedDict[Who, tuple[frozenset[str], Names]] = OrderedDict()

    def read(self, snapshot: Snapshot, message: str) -> Reading:
        """The skills that a message names, of those that the learner has practised; never waits."""
        who = (snapshot.session.workspace, snapshot.session.learner_id)
        mind = self._minds.warm(who)
        if mind is None or not mind.size:
            return Reading()
        return Reading(skills=self._of(who, frozenset(mind.skills)).found(message))

    def _of(self, who: Who, skills: frozenset[str]) -> Names:
        kept = self._names.get(who)
        if kept is None or kept[0] != skills:
            kept = self._names[who] = (skills, Names({skill: skill for skill in skills}))
            if len(self._names) > _KEPT:
                self._names.popitem(last=False)
        self._names.move_to_end(who)
        return kept[1]
