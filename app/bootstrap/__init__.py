"""Builds every part and wires it; the only place that knows all adapters.

A whole service is in `bootstrap.service`: importing that takes most of a second, which a plain command need not pay.
"""

from app.bootstrap.adapters import bring_up_to_date, cache_of, entries_of, providers_of, store_of
from app.bootstrap.learning import Learning, learning_of
from app.bootstrap.records import Records, records_of

__all__ = [
    "Learning",
    "Records",
    "bring_up_to_date",
    "cache_of",
    "entries_of",
    "learning_of",
    "providers_of",
    "records_of",
    "store_of",
]
