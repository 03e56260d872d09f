"""What is taught and advised, wired."""

from contextlib import AbstractAsyncContextManager

from app.advice import Advice, Nobody
from app.advice import Parts as AdviceParts
from app.clock import Clock
from app.context.tokens import Tokens
from app.library import Library, Parts
from app.policy import Policy
from app.storage.cache import Cache
from app.storage.courses import Courses
from app.storage.ports import Store


def library_of(store: Store, cache: Cache, clock: Clock, tokens: Tokens) -> AbstractAsyncContextManager[Library]:
    """The material of the courses in a store."""
    return Library.of(Parts(Courses(store, clock), cache, clock, tokens.count))


def advice_of(store: Store, clock: Clock, policy: Policy) -> Advice:
    """Advice to the learners in a store."""
    return Advice(AdviceParts(Nobody(), Courses(store, clock), clock, policy.path))
