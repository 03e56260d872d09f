"""The cache port over Redis or Valkey, not a cluster of them: one connection for commands, one for messages."""

from app.storage.redis.breakers import RedisBreakers
from app.storage.redis.cache import RedisCache

__all__ = ["RedisBreakers", "RedisCache"]
