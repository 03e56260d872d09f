"""Who answers where no model does."""

import asyncio
from importlib import import_module

from app.bootstrap.adapters import entries_of
from app.policy import Policy
from app.providers.port import Provider
from app.routing.router import Router
from app.settings import CONFIG, Settings

_PATIENCE_OF_STAND_IN = 0.15
"""Seconds that the offline tutor's answer waits for a check where it stands in for models: the learner has waited for
them, and what the first check loads (SymPy, 37 MB) is not in the memory of a service whose models answer."""


def last_resort(settings: Settings, policy: Policy) -> Provider | None:
    """The offline tutor, where the policy lets it answer or nobody else can; `None` elsewhere."""
    alone = all(key is None for _, key in entries_of(settings))
    if not (policy.routing.degraded or alone):
        return None
    from app.providers.offline import OfflineTutor, load_wording

    wording = load_wording(CONFIG / "offline.toml")
    return OfflineTutor(wording) if alone else OfflineTutor(wording, _PATIENCE_OF_STAND_IN)


async def warm_up(router: Router) -> None:
    """Lets the offline tutor, where nobody else answers, load what its first answer would wait for."""
    if not router.entries:
        await asyncio.to_thread(import_module, "sympy")
