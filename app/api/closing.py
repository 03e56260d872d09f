"""Which code closes a WebSocket because of an error: one table for chats and live connections."""

from app import errors
from app.api.problems import problem_of
from app.broadcasting import Code

_CODES: tuple[tuple[type[errors.MasterxError], Code, Code], ...] = (
    (errors.Unauthenticated, Code.UNAUTHENTICATED, Code.UNAUTHENTICATED),
    (errors.Forbidden, Code.FORBIDDEN, Code.NOT_SHOWN),
    (errors.NotFound, Code.NOT_FOUND, Code.NOT_SHOWN),
    (errors.StoreUnavailable, Code.TRY_LATER, Code.TRY_LATER),
    (errors.CacheUnavailable, Code.TRY_LATER, Code.TRY_LATER),
    (errors.Overloaded, Code.TRY_LATER, Code.TRY_LATER),
)
"""An error, how it closes a chat, how a live connection."""


def of_chat(error: errors.MasterxError) -> tuple[Code, str]:
    """The code and the reason for closing a chat because of an error."""
    return next((code for kind, code, _ in _CODES if isinstance(error, kind)), Code.INTERNAL), _reason(error)


def of_live(error: errors.MasterxError) -> tuple[Code, str]:
    """The code and the reason for closing a live connection because of an error."""
    return next((code for kind, _, code in _CODES if isinstance(error, kind)), Code.INTERNAL), _reason(error)


def _reason(error: errors.MasterxError) -> str:
    return problem_of(error).title
