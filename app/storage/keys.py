"""API keys in the store: only their hashes."""

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass, replace

from app.clock import Clock, iso
from app.errors import NotFound
from app.storage.ports import KEYS, Find, Store
from app.storage.records import from_doc, to_doc
from app.vocabulary import Key, Permission

PREFIX = "mx_"
"""What every secret begins with, so that scanners and people recognise one."""

_REMEMBER = 5.0
"""Seconds for which a look-up is remembered, and so the longest that a revoked key goes on working."""

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Grant:
    """What a new key is for."""

    role: Permission
    workspace: str
    learner_id: str | None = None


class Keys:
    """Makes, finds and revokes API keys."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._known: OrderedDict[str, tuple[float, Key | None]] = OrderedDict()

    async def create(self, grant: Grant) -> tuple[Key, str]:
        """A new key and its secret, which is shown this once."""
        secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
        key = Key(
            id=self._clock.id(),
            workspace=grant.workspace,
            role=grant.role,
            hash=_hash(secret),
            created_at=iso(self._clock.now()),
            learner_id=grant.learner_id,
        )
        await self._store.insert(KEYS, to_doc(key))
        return key, secret

    async def of(self, secret: str) -> Key | None:
        """The key with this secret, unless it was revoked."""
        return await self.with_hash(_hash(secret))

    async def with_hash(self, digest: str) -> Key | None:
        """The key whose secret has this hash, unless it was revoked."""
        now = self._clock.monotonic()
        remembered = self._known.get(digest)
        if remembered and now < remembered[0]:
            return remembered[1]
        found = await self._store.find(KEYS, Find({"hash": digest}, limit=1))
        key = from_doc(Key, found[0]) if found else None
        valid = key if key and not key.revoked_at else None
        self._known[digest] = (now + _REMEMBER, valid)
        self._known.move_to_end(digest)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return valid

    async def all(self, workspace: str | None = None) -> list[Key]:
        """Keys, oldest first, of one workspace or of all; 1,000 at most."""
        where = {"workspace": workspace} if workspace else {}
        return [from_doc(Key, doc) for doc in await self._store.find(KEYS, Find(where, limit=1_000))]

    async def revoke(self, key_id: str) -> Key:
        """Ends a key; other replicas notice within 5 seconds."""
        doc = await self._store.get(KEYS, key_id)
        if doc is None:
            raise NotFound("key", key_id)
        key = replace(from_doc(Key, doc), revoked_at=iso(self._clock.now()))
        await self._store.replace(KEYS, to_doc(key), {})
        self._known.pop(key.hash, None)
        return key

    async def exist(self) -> bool:
        """Whether there is a key that works."""
        return any(not key.revoked_at for key in await self.all())


def _hash(secret: str) -> str:
    # The secret has 256 random bits: a fast hash is enough, there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
