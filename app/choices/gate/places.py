"""How arms stand in contexts, in groups of neighbouring contexts and in domains: a bounded table that replicas join."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.choices.gate.standing import Standing


@dataclass(slots=True)
class Place:
    """The arm that is known to be safe here, where somebody said so, and how arms stand."""

    baseline: str | None = None
    arms: dict[str, Standing] = field(default_factory=dict)


class Places:
    """Places by name; of more than `most` those go first that nothing was learned of for longest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: OrderedDict[str, Place] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[tuple[str, Place]]:
        return iter(self._places.items())

    def find(self, name: str) -> Place | None:
        """A place, if anything is known of it."""
        return self._places.get(name)

    def at(self, name: str) -> Place:
        """A place to write to."""
        place = self._places.get(name)
        if place is None:
            place = self._places[name] = Place()
            if len(self._places) > self._most:
                self._places.popitem(last=False)
        else:
            self._places.move_to_end(name)
        return place

    def kept(self) -> list[list[Any]]:
        """As JSON; names are no keys, for not every store takes every key."""
        return [
            [name, place.baseline, [[arm, *standing.kept()] for arm, standing in sorted(place.arms.items())]]
            for name, place in self
        ]

    def join(self, kept: list[list[Any]]) -> None:
        """Takes over what another one knows (`Standing.joined`)."""
        for name, baseline, arms in kept:
            place = self.at(name)
            place.baseline = place.baseline or baseline
            for arm, *numbers in arms:
                known, told = place.arms.get(arm), Standing.of(numbers)
                place.arms[arm] = known.joined(told) if known else told


def neighbours(context: str) -> tuple[str, ...]:
    """The groups of contexts that share all parts with this one but one: two contexts are neighbours if they have a
    group in common. A context of one part has none.

    >>> neighbours("practice/maths/calm")
    ('*/maths/calm', 'practice/*/calm', 'practice/maths/*')
    """
    parts = context.split("/")
    if len(parts) < 2:
        return ()
    return tuple("/".join([*parts[:i], "*", *parts[i + 1 :]]) for i in range(len(parts)))
