"""What changed between two JSON values, as a JSON merge patch (RFC 7396), and parts of a value by dotted paths.

A null in a patch removes a member, so a value that is told in patches has none: what is unknown is absent. Lists are
replaced whole, and what is inside them stays as it is.
"""

from collections.abc import Iterable
from typing import Any

import orjson

Json = Any
Tree = dict[str, "Tree"]


def known(value: Json) -> Json:
    """A value without the members of its objects that are null.

    >>> known({"rate": 2.0, "p50": None, "tokens": {"cached": None}})
    {'rate': 2.0, 'tokens': {}}
    """
    if isinstance(value, dict):
        return {name: known(inner) for name, inner in value.items() if inner is not None}
    return value


def patch(old: Json, new: Json) -> Json | None:
    """The merge patch that makes `new` of `old`; `None` where they are the same.

    >>> patch({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 2, "d": 4}})
    {'a': None, 'b': {'d': 4}}
    """
    if not (isinstance(old, dict) and isinstance(new, dict)):
        # By their text, because 1, 1.0 and True are equal in Python and not in JSON.
        return None if orjson.dumps(old) == orjson.dumps(new) else new
    changed: dict[str, Json] = {name: None for name in old if name not in new}
    for name, value in new.items():
        if name not in old:
            changed[name] = value
        elif (inner := patch(old[name], value)) is not None:
            changed[name] = inner
    return changed or None


def merged(first: Json, second: Json) -> Json | None:
    """One merge patch that does what two do, the first before the second; `None` where no patch can.

    None can where the first puts something else in the place of an object and the second an object in its place again:
    a patch adds to an object that is there.

    >>> merged({"a": 1, "b": {"c": None}}, {"b": {"d": 2}})
    {'a': 1, 'b': {'c': None, 'd': 2}}
    """
    if not isinstance(second, dict):
        return second
    if not isinstance(first, dict):
        return None
    both = dict(first)
    for name, value in second.items():
        if name not in first or value is None:
            both[name] = value
            continue
        inner = merged(first[name], value)
        if inner is None:
            return None
        both[name] = inner
    return both


def tree(paths: Iterable[str]) -> Tree:
    """Dotted paths as nested names; a path that another one begins with has all that is below it.

    >>> tree(["turns.count", "turns.rate", "cost_usd"])
    {'turns': {'count': {}, 'rate': {}}, 'cost_usd': {}}
    >>> tree(["turns.rate", "turns"])
    {'turns': {}}
    """
    found: Tree = {}
    for path in sorted(paths, key=len, reverse=True):
        at, (*above, last) = found, path.split(".")
        for name in above:
            at = at.setdefault(name, {})
        at[last] = {}
    return found


def part(value: Json, wanted: Tree) -> Json:
    """What of a value was asked for: of an object the members named, of a list the same of each of its items.

    >>> part([{"id": 1, "why": {"share": 0.9, "advice": "…"}}], {"why": {"share": {}}})
    [{'why': {'share': 0.9}}]
    """
    if not wanted:
        return value
    if isinstance(value, list):
        return [part(item, wanted) for item in value]
    if isinstance(value, dict):
        return {name: part(value[name], inner) for name, inner in wanted.items() if name in value}
    return value
