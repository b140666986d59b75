"""Answers that are logged and traced, one line and one span a request. Only for who asks for it: a hit costs less than its line."""

import logging
import time
from typing import Any, Final, Protocol

from starlette.types import Message, Receive, Scope, Send

from app.http.response_cache import Answers
from app.monitoring.logs import identify

_log: Final = logging.getLogger("procedure_kb.access")


class Tracer(Protocol):
    """Where spans go."""

    def begin(self, scope: Scope) -> Any:  # noqa: ANN401 - the span of whatever library is behind it
        """Start the span of a request, under the caller's trace."""

    def end(self, span: Any, scope: Scope, status: int) -> None:  # noqa: ANN401
        """End it with what was answered."""

    def shutdown(self) -> None:
        """Send what is left."""


class ObservedAnswers(Answers):
    """The same answers, with a log line (`access_log`) and a span (`tracer`) for each."""

    access_log = False
    tracer: Tracer | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then tell."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        identify(scope["headers"])
        status, size, hits = 500, 0, self.metrics.hits

        async def watched(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        span = self.tracer.begin(scope) if self.tracer else None
        began = time.perf_counter()
        try:
            await super().__call__(scope, receive, watched)
        finally:
            if self.tracer:
                self.tracer.end(span, scope, status)
            if self.access_log:
                self._tell(scope, status, size, time.perf_counter() - began, cached=self.metrics.hits > hits)

    def _tell(self, scope: Scope, status: int, size: int, seconds: float, *, cached: bool) -> None:
        client = scope.get("client")
        said = {
            "method": scope["method"],
            "path": scope["raw_path"].decode("latin-1"),
            "query": scope["query_string"].decode("latin-1"),
            "status": status,
            "bytes": size,
            "seconds": round(seconds, 6),
            "cached": cached,
            "address": client[0] if client else "",
        }
        _log.info("%s %s %s", said["method"], said["path"], status, extra=said)
