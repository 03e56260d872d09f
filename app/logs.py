"""Log lines for people (`console`) or machines (`json`), each with the ids of the work that it is about. A message's
text or a key never appears in one."""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson

from app.trail import TRAIL


def ids() -> Mapping[str, str]:
    """What the work at hand belongs to, as far as it belongs to anything."""
    trail = TRAIL.get()
    found = {name: getattr(trail, name) for name in ("request_id", "turn_id", "session_id", "trace_id")}
    return {name: one for name, one in found.items() if one is not None}


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **ids(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


class _Plain(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:
        told = super().formatMessage(record)
        trail = TRAIL.get()
        whose = f"turn {trail.turn_id}" if trail.turn_id else f"request {trail.request_id}" if trail.request_id else ""
        return f"{told}  ({whose})" if whose else told


def configure(form: str) -> None:
    """Sends all log lines to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    plain = _Plain("%(asctime)s %(levelname)-7s %(name)s  %(message)s", "%H:%M:%S")
    handler.setFormatter(_Json() if form == "json" else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # uvicorn's own start and stop lines say nothing that ours do not.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
