"""Builds every part and wires it; the only place that knows all adapters."""

from app.bootstrap.adapters import bring_up_to_date, cache_of, entries_of, providers_of, store_of
from app.bootstrap.base import Base
from app.bootstrap.learning import Learning, learning_of
from app.bootstrap.records import Records, records_of
from app.bootstrap.service import Service, service

__all__ = [
    "Base",
    "Learning",
    "Records",
    "Service",
    "bring_up_to_date",
    "cache_of",
    "entries_of",
    "learning_of",
    "providers_of",
    "records_of",
    "service",
    "store_of",
]
