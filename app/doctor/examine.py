"""The whole examination, in the order in which a service starts."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from app.clock import Clock
from app.doctor import cache, clock, configuration, store, surroundings
from app.doctor.findings import Finding
from app.settings import Settings, masked


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: settings, time, where the service is to listen; who is asked may take `patience` seconds."""

    settings: Settings
    clock: Clock
    host: str
    port: int
    patience: float = 15.0
    """On a busy machine a driver alone takes some seconds to load."""


async def examine(patient: Patient, looking: Callable[[str], None]) -> AsyncIterator[Finding]:
    """Every finding as soon as there is one; `looking` is told what may take a moment."""
    settings = patient.settings
    configured = configuration.look(settings)
    for finding in configured:
        yield finding
    looking(f"opening {masked(settings.store)}")
    async for finding in store.look(settings, patient.clock, patient.patience):
        yield finding
    looking(f"asking {masked(settings.cache)}")
    for finding in await cache.look(settings, patient.clock, patient.patience):
        yield finding
    yield await surroundings.port(patient.host, patient.port, patient.patience)
    yield surroundings.files()
    yield clock.look(patient.clock)
    if all(finding.verdict != "problem" for finding in configured if finding.about == "catalogue"):
        looking("asking each provider that has a key, one tiny call per model")
        from app.doctor import providers  # the SDKs it brings take a second to load

        async for finding in providers.look(settings, patient.clock):
            yield finding
