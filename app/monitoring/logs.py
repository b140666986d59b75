"""Lines of the log: JSON, each with the id of the request it speaks of."""

import datetime as dt
import logging
import random
import re
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final

import orjson

# The trace id of the caller (W3C traceparent) where one was sent, else one of our own.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)
# Seeded by the system once: an id names a request and keeps no secret, and asking the system each time costs more than all else here.
_RANDOM: Final = random.Random()  # noqa: S311 - see above
_RECORD_FIELDS: Final = ("method", "path", "query", "status", "seconds", "bytes", "address", "cached")


def bind_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Give the request of this context its id: 32 hexadecimal digits."""
    found = next((value for name, value in headers if name == b"traceparent"), b"")
    match = _TRACEPARENT.fullmatch(found)
    given = match.group(1).decode() if match else f"{_RANDOM.getrandbits(128):032x}"
    request_id.set(given)
    return given


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message, request id, and what the record carries beside them."""
        shown: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, tz=dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if given := request_id.get():
            shown["request_id"] = given
        shown |= {name: record.__dict__[name] for name in _RECORD_FIELDS if name in record.__dict__}
        if record.exc_info:
            shown["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(shown, default=str).decode()


def build_log_config(level: str, style: str) -> dict[str, Any]:
    """Configuration of logging for this program and its server; `style` auto is text on a terminal, else JSON."""
    json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    plain = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    own = {"handlers": ["lines"], "level": level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "app.monitoring.logs.JsonFormatter"} if json else plain},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {"procedure_kb": own, "uvicorn": own, "uvicorn.error": {"level": level.upper()}},
    }
