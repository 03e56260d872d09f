"""Skills and what must be learned before them: what makes a course's graph sound."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise

from app.errors import FieldError
from app.vocabulary import Skill

MOST_SKILLS = 2_000
_MOST_FAULTS = 100


def faults(skills: Sequence[Skill]) -> list[FieldError]:
    """What is wrong with the skills of a course, each field by name, a hundred at most: ids that stand twice,
    prerequisites that are no skills of the course, circles.

    >>> [(e.field, e.message) for e in faults([Skill("a", "A", ("b",)), Skill("b", "B", ("a",))])]
    [('skills.0.prerequisites.0', 'goes round in a circle: a needs b needs a')]
    """
    found = list(islice(_names(skills), _MOST_FAULTS))
    return found or list(islice(_circles(skills), _MOST_FAULTS))


def _names(skills: Sequence[Skill]) -> Iterator[FieldError]:
    places: dict[str, int] = {}
    for n, skill in enumerate(skills):
        if places.setdefault(skill.id, n) != n:
            yield FieldError(f"skills.{n}.id", f"{skill.id!r} is already the id of skills.{places[skill.id]}")
    for n, skill in enumerate(skills):
        for m, needed in enumerate(skill.prerequisites):
            if needed not in places:
                yield FieldError(f"skills.{n}.prerequisites.{m}", f"there is no skill {needed!r} in this course")
            elif needed in skill.prerequisites[:m]:
                yield FieldError(f"skills.{n}.prerequisites.{m}", f"{needed!r} is named twice")


def _circles(skills: Sequence[Skill]) -> Iterator[FieldError]:
    """One fault for each prerequisite that closes a circle, in depth-first order."""
    needs = {skill.id: skill.prerequisites for skill in skills}
    places = {skill.id: n for n, skill in enumerate(skills)}
    done: set[str] = set()
    for skill in skills:
        for path in _walks(skill.id, needs, done):
            circle = path[path.index(path[-1]) :]
            yield FieldError(_edge(circle, skills, places), f"goes round in a circle: {_shown(circle)}")


def _walks(start: str, needs: Mapping[str, Sequence[str]], done: set[str]) -> Iterator[list[str]]:
    """Ways through what is needed that come back to where they were; what has been gone through is `done`."""
    path: list[str] = []
    on_path: set[str] = set()
    ahead: list[Iterator[str]] = [iter((start,))]
    while ahead:
        name = next(ahead[-1], None)
        if name is None:
            ahead.pop()
            if path:
                on_path.discard(path[-1])
                done.add(path.pop())
        elif name in on_path:
            yield [*path, name]
        elif name not in done:
            path.append(name)
            on_path.add(name)
            ahead.append(iter(needs[name]))


def _edge(circle: list[str], skills: Sequence[Skill], places: Mapping[str, int]) -> str:
    """The field of the circle that stands first in what was sent."""
    at, other = min(pairwise(circle), key=lambda edge: places[edge[0]])
    return f"skills.{places[at]}.prerequisites.{skills[places[at]].prerequisites.index(other)}"


def _shown(circle: list[str]) -> str:
    names = circle if len(circle) <= 8 else [*circle[:4], f"… {len(circle) - 7} more …", *circle[-3:]]
    return " needs ".join(names)
