"""Tickets: a secret that opens one live connection, once, within seconds, on any replica.

A page cannot set the headers of a WebSocket, and an address ends up in logs: what stands in it must be worthless by
then.
"""

import hashlib
import secrets
from dataclasses import asdict

import orjson

from app.api.access import OPEN, Principal
from app.errors import Unauthenticated
from app.storage.cache import Cache
from app.vocabulary import Permission

LIFETIME = 30.0
"""Seconds within which a ticket is to be used."""


class Tickets:
    """Gives tickets and takes them back. The cache has a hash of each: who reads the cache cannot use them."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def give(self, asking: Principal) -> str:
        """A ticket for whoever asks."""
        ticket = f"mxt_{secrets.token_urlsafe(24)}"
        self._cache.set(_name(ticket), orjson.dumps(asdict(asking)), LIFETIME)
        return ticket

    async def take(self, ticket: str) -> Principal:
        """Whose ticket it is, which is used up now. Raises `Unauthenticated`, or `CacheUnavailable` where nobody can
        say."""
        kept = await self._cache.take(_name(ticket))
        if kept is None:
            raise Unauthenticated("this ticket was used, or is older than half a minute")
        fields = orjson.loads(kept)
        whose = Principal(**fields | {"role": Permission(fields["role"])})
        return OPEN if whose == OPEN else whose


def _name(ticket: str) -> str:
    return f"live-ticket:{hashlib.sha256(ticket.encode('utf-8', 'surrogatepass')).hexdigest()}"
