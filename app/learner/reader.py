"""What a message says of the learner before any model is called."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from app.learner.minds import Minds, Who
from app.learner.named import Names
from app.vocabulary import Snapshot

Titles = Callable[[str, str], Mapping[str, str]]
"""Of a workspace and a course."""

_KEPT = 1_024


class Reader:
    """Reads messages. Keeps the names of the skills of the 1,024 learners last met."""

    def __init__(self, minds: Minds) -> None:
        self._minds = minds
        self._names: OrderedDict[Who, tuple[Mapping[str, str], Names]] = OrderedDict()
        self.titles: Titles = lambda workspace, course_id: {}
        """Gives the titles of a course's skills by their ids, without a wait."""

    def read(self, snapshot: Snapshot, message: str) -> tuple[str, ...]:
        """The skills that a message names, of those that the learner has practised and those of the session's course;
        never waits."""
        session = snapshot.session
        mind = self._minds.warm((session.workspace, session.learner_id))
        titles = dict(self.titles(session.workspace, session.course_id)) if session.course_id else {}
        for skill in mind.skills if mind else ():
            titles.setdefault(skill, skill)
        if not titles:
            return ()
        return self._of((session.workspace, session.learner_id), titles).found(message)

    def drop(self, who: Who) -> None:
        """Forgets the names of a learner's skills."""
        self._names.pop(who, None)

    def _of(self, who: Who, titles: Mapping[str, str]) -> Names:
        kept = self._names.get(who)
        if kept is None or kept[0] != titles:
            kept = self._names[who] = (titles, Names(titles))
            if len(self._names) > _KEPT:
                self._names.popitem(last=False)
        self._names.move_to_end(who)
        return kept[1]
