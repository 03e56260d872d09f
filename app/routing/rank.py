"""In which order providers are asked: pure, from what the catalogue says they are good at."""

from collections.abc import Sequence

from app.providers.port import Provider
from app.vocabulary import Task

_UNSTATED = 0.5
"""Strength of a model for a task that the catalogue does not mention."""


def rank(providers: Sequence[Provider], task: Task) -> tuple[Provider, ...]:
    """Providers for a task, strongest first, the catalogue's order between equals."""
    return tuple(sorted(providers, key=lambda provider: -provider.entry.strengths.get(task, _UNSTATED)))
