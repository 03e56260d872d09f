"""Log lines for people (`console`) or machines (`json`). A message's text or a key never appears in one."""

import logging
import sys
from datetime import UTC, datetime

import orjson


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def configure(form: str) -> None:
    """Sends all log lines to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    plain = logging.Formatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s", "%H:%M:%S")
    handler.setFormatter(_Json() if form == "json" else plain)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # uvicorn's own start and stop lines say nothing that ours do not.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
