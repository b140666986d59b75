"""Log lines: JSON, each with the id of its request."""

import datetime as dt
import logging
import random
import re
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final

import orjson

# Trace id of the caller (W3C traceparent) if it sent one, else a random id.
request_id: ContextVar[str] = ContextVar("request_id", default="")
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)
# Seeded by the system once: an id is no secret, and asking the system for each would cost more than the rest of a hit.
_RANDOM: Final = random.Random()  # noqa: S311 - see above
_RECORD_FIELDS: Final = ("method", "path", "query", "status", "seconds", "bytes", "address", "cached")


def bind_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Bind an id of 32 hexadecimal digits to the request of this context, and return it."""
    traceparent = next((value for name, value in headers if name == b"traceparent"), b"")
    match = _TRACEPARENT.fullmatch(traceparent)
    new_id = match.group(1).decode() if match else f"{_RANDOM.getrandbits(128):032x}"
    request_id.set(new_id)
    return new_id


class JsonFormatter(logging.Formatter):
    """Formatter that writes one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger, message, request id, and the extra fields of the record."""
        fields: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, tz=dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current_id := request_id.get():
            fields["request_id"] = current_id
        fields |= {name: record.__dict__[name] for name in _RECORD_FIELDS if name in record.__dict__}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(fields, default=str).decode()


def build_log_config(level: str, style: str) -> dict[str, Any]:
    """Logging configuration of this program and its server; `style` auto is text on a terminal, else JSON."""
    json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    text = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    service = {"handlers": ["lines"], "level": level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "app.monitoring.logs.JsonFormatter"} if json else text},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {"procedure_kb": service, "uvicorn": service, "uvicorn.error": {"level": level.upper()}},
    }
