"""Log lines: JSON, each with the id of its request."""

import datetime as dt
import logging
import random
import re
import sys
import time
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final

from pythonjsonlogger.core import RESERVED_ATTRS, LogData
from pythonjsonlogger.orjson import OrjsonFormatter

# Trace id of the caller (W3C traceparent) if it sent one, else a random id.
request_id: ContextVar[str] = ContextVar("request_id", default="")
# Kinds of lines that are counted at the same time.
_MAX_KINDS: Final = 1_000
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)
# Seeded by the system once: an id is no secret, and asking the system for each would cost more than the rest of a hit.
_RANDOM: Final = random.Random()  # noqa: S311 - see above


def bind_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Bind an id of 32 hexadecimal digits to the request of this context, and return it."""
    traceparent = next((value for name, value in headers if name == b"traceparent"), b"")
    match = _TRACEPARENT.fullmatch(traceparent)
    new_id = match.group(1).decode() if match else f"{_RANDOM.getrandbits(128):032x}"
    request_id.set(new_id)
    return new_id


class JsonFormatter(OrjsonFormatter):
    """Formatter that writes one JSON object a line: time (UTC), level, logger, message, request id, and the extra fields."""

    def __init__(self) -> None:
        # uvicorn repeats its message with the colors of a terminal.
        reserved = (*RESERVED_ATTRS, "color_message")
        super().__init__(json_default=str, reserved_attrs=reserved, rename_fields={"exc_info": "exception"})

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        """Add the fields of every line, then those of the record."""
        log_data["time"] = dt.datetime.fromtimestamp(record.created, tz=dt.UTC).isoformat(timespec="milliseconds")
        log_data["level"] = record.levelname.lower()
        log_data["logger"] = record.name
        log_data["message"] = record.getMessage()
        if current_id := request_id.get():
            log_data["request_id"] = current_id
        super().add_fields(log_data, record, message_dict)


class LogBudget(logging.Filter):
    """Filter that lets through a few lines of one kind in a while, and counts the rest in the next one.

    Whoever can cause a line can cause a million: what is refused must not fill a disk. The kind of a line is its message
    before its arguments. Lines of level info are no refusals, and pass.
    """

    def __init__(self, lines: int = 20, seconds: float = 10.0) -> None:
        super().__init__()
        self.lines, self.seconds = lines, seconds
        # Kind -> end of its window in monotonic seconds, lines in it.
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line passes."""
        if record.levelno < logging.WARNING:
            return True
        kind, now = (record.name, str(record.msg)[:200]), time.monotonic()
        end, count = self._windows.get(kind, (0.0, 0))
        if now > end:
            if len(self._windows) > _MAX_KINDS:
                self._windows.clear()
            self._windows[kind] = (now + self.seconds, 1)
            if count > self.lines:
                record.msg = f"{record.msg} ({count - self.lines} lines like this were left out)"
            return True
        self._windows[kind] = (end, count + 1)
        return count < self.lines


def build_log_config(level: str, style: str) -> dict[str, Any]:
    """Logging configuration of this program and its server; `style` auto is text on a terminal, else JSON."""
    json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    text = {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
    service = {"handlers": ["lines"], "level": level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": "app.monitoring.logs.JsonFormatter"} if json else text},
        "filters": {"budget": {"()": "app.monitoring.logs.LogBudget"}},
        "handlers": {
            "lines": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["budget"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["lines"], "level": "WARNING"},
        "loggers": {"procedure_kb": service, "uvicorn": service, "uvicorn.error": {"level": level.upper()}},
    }
