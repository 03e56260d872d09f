"""JSON merge patches as a client applies them: the algorithm of RFC 7396, section 2, to the letter."""

from typing import Any


def applied(target: Any, patch: Any) -> Any:
    """What a patch makes of a value."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = applied(made.get(name), value)
    return made
