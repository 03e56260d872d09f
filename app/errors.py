"""Everything that can go wrong, as one tree. `app/api/problems.py` is the only place that turns it into HTTP.

MasterxError
├── NotFound                      not there, or not yours
├── Conflict
│   ├── SessionBusy               a turn is already running in this session
│   ├── KeyReused                 an idempotency key came back with another body
│   ├── QueueFull                 as many questions of this learner wait as may
│   └── NotAskedLater             a model answered, so that there is nothing to ask again
├── Refused
│   ├── Unauthenticated           no key, or not a valid one
│   └── Forbidden                 not for this role
├── Invalid                       a value that cannot be worked with, field by field
│   └── Malformed                 not JSON at all
├── TooLarge                      a body over the limit
├── StoreError
│   ├── StoreUnavailable          cannot be reached, or did not answer in time
│   ├── Duplicate                 a unique index says no; names the index
│   └── SchemaMismatch            the store is newer, or older and not migrated
├── CacheUnavailable              never reaches a request: callers go on without
├── SettingsError                 one line that names the variable, the value and what is allowed
├── ProviderError                 one attempt at one provider; the router falls over
│   ├── ProviderTimeout           no connection, first token or next token in time
│   ├── ProviderBusy              429 or overloaded; carries `retry_after` seconds
│   ├── ProviderDown              refused connection, 5xx
│   ├── ProviderRefused           the provider will not do this (4xx, content policy)
│   ├── CredentialRefused         401/403: the key, not the question
│   └── BrokenStream              ended without a finish reason, or could not be read
├── NoProvider                    every candidate failed and degraded mode is off; carries `retry_after`
├── BudgetSpent                   what is left of a day's budget does not pay for another answer; carries whose
├── Overloaded                    as many turns are running as this process takes
├── SegmentError                  bytes that are no packed passages of this version; they are made anew from the log
└── ReplayError                   a recording cannot be played, or the service it is played through is not there
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.vocabulary import Quota


class MasterxError(Exception):
    """Root of the tree. `str(error)` is safe to show to an operator, not to a learner."""


class NotFound(MasterxError):
    """The thing does not exist, or belongs to someone else; the two cannot be told apart."""

    def __init__(self, kind: str, id: str) -> None:  # noqa: A002 - the field's own name
        super().__init__(f"no {kind} {id!r}")
        self.kind, self.id = kind, id


class Conflict(MasterxError):
    """The request is sound, but not now."""


class SessionBusy(Conflict):
    """A turn is already running in this session."""


class KeyReused(Conflict):
    """An idempotency key came back with another body."""


class QueueFull(Conflict):
    """As many questions of this learner wait as may."""


class NotAskedLater(Conflict):
    """A model answered this turn, or is about to: there is nothing to ask again."""


class Refused(MasterxError):
    """Who asks may not."""


class Unauthenticated(Refused):
    """No key, or one that is unknown or revoked."""


class Forbidden(Refused):
    """A valid key whose role does not allow this."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One invalid field: a dotted path and what is wrong with it. `code` names the fault for programs, where there is
    more than one."""

    field: str
    message: str
    code: str | None = None


class Invalid(MasterxError):
    """Values that cannot be worked with; every one of them is named."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors))
        self.errors = tuple(errors)


class Malformed(MasterxError):
    """The body is not the JSON it claims to be."""


class TooLarge(MasterxError):
    """The body is over the limit (bytes); `advice` is what to do about it."""

    def __init__(self, limit: int, advice: str = "") -> None:
        super().__init__(f"the body is over {limit} bytes{advice}")
        self.limit = limit


class StoreError(MasterxError):
    """The store said no, or nothing."""


class StoreUnavailable(StoreError):
    """The store cannot be reached, or did not answer in time. What was asked may or may not have happened."""


class Duplicate(StoreError):
    """A unique index refused a document; `index` is its name in `storage/ports.py`."""

    def __init__(self, kind: str, index: str) -> None:
        super().__init__(f"{kind}: {index} is taken")
        self.kind, self.index = kind, index


class SchemaMismatch(StoreError):
    """The store's schema is not the one this version works with."""


class CacheUnavailable(MasterxError):
    """The cache is away. Whoever catches it goes on without."""


class SettingsError(MasterxError):
    """A setting is unknown, malformed or contradicts another."""


class ProviderError(MasterxError):
    """One attempt at one provider failed. `outcome` is its name in `attempts` and in metrics; `quota` is what the
    provider said is left of its rate limits, where it refused and said so."""

    outcome = "error"

    def __init__(self, detail: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.status, self.retry_after = status, retry_after
        self.quota: Quota | None = None


class ProviderTimeout(ProviderError):
    """No connection, first token or next token within its limit."""

    outcome = "timeout"


class ProviderBusy(ProviderError):
    """Rate limited or overloaded; `retry_after` in seconds where the provider said so."""

    outcome = "busy"


class ProviderDown(ProviderError):
    """Connection refused or lost before the answer, or a 5xx."""

    outcome = "down"


class ProviderRefused(ProviderError):
    """The provider understood and declined: a bad request, a missing model, a content policy."""

    outcome = "refused"


class CredentialRefused(ProviderError):
    """401 or 403: the key is wrong, whatever the question."""

    outcome = "credential"


class BrokenStream(ProviderError):
    """The answer ended without a finish reason or could not be read."""

    outcome = "broken"


class NoProvider(MasterxError):
    """Every candidate failed before its first word; `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__("no provider could answer")
        self.retry_after = retry_after


class BudgetSpent(MasterxError):
    """What is left of a day's budget does not pay for another answer. `whose` is `workspace` or `learner`,
    `retry_after` the seconds until the next day's."""

    def __init__(self, whose: str, retry_after: float) -> None:
        super().__init__(f"this {whose}'s budget for today is spent; it is renewed at midnight UTC")
        self.whose, self.retry_after = whose, retry_after


class Overloaded(MasterxError):
    """This process runs as many turns as it takes; another one, or a later try, may do."""


class ReplayError(MasterxError):
    """A recording cannot be played, or the service that it is played through is not there."""


class SegmentError(MasterxError):
    """Bytes that are not analysed passages, are damaged, or of another version: to be made anew from the turns."""
