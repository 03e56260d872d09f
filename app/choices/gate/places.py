"""How arms stand in contexts, in groups of neighbouring contexts and in domains: a bounded table that replicas join."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from app.choices.gate.standing import Standing


class Place(NamedTuple):
    """The arm that is known to be safe here, where somebody said so, and how arms stand; never changed in place, so
    that a copy of the table is one of everything."""

    baseline: str | None = None
    arms: Mapping[str, Standing] = MappingProxyType({})


_NOWHERE = Place()


class Places:
    """Places by name; of more than `most` those go first that nothing was learned of for longest."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._places: OrderedDict[str, Place] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[tuple[str, Place]]:
        return iter(self._places.items())

    def at(self, name: str) -> Place:
        """What is known of a place."""
        return self._places.get(name, _NOWHERE)

    def base(self, name: str, baseline: str) -> None:
        """Says which arm is safe in a place."""
        self._put(name, Place(baseline, self.at(name).arms))

    def put(self, name: str, arm: str, standing: Standing) -> None:
        """Says how an arm stands in a place."""
        place = self.at(name)
        self._put(name, Place(place.baseline, {**place.arms, arm: standing}))

    def _put(self, name: str, place: Place) -> None:
        self._places[name] = place
        self._places.move_to_end(name)
        if len(self._places) > self._most:
            self._places.popitem(last=False)

    def frozen(self) -> Callable[[], list[list[Any]]]:
        """What gives all that is known now as JSON, in a thread if need be; names are no keys, for not every store
        takes every key."""
        places = [*self._places.items()]
        return lambda: [
            [name, place.baseline, [[arm, *standing.kept()] for arm, standing in sorted(place.arms.items())]]
            for name, place in places
        ]

    def join(self, kept: list[list[Any]]) -> None:
        """Takes over what another one knows (`Standing.joined`)."""
        for name, baseline, arms in kept:
            place = self.at(name)
            standings = dict(place.arms)
            for arm, *numbers in arms:
                known, told = standings.get(arm), Standing.of(numbers)
                standings[arm] = known.joined(told) if known else told
            self._put(name, Place(place.baseline or baseline, standings))


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
