"""Access log and traces: one log line and one span for each request, where the settings ask for them."""

import logging
import time
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import ConfigurationError
from app.http.gateway import HttpGateway
from app.http.services import REQUEST_VALUES_SHARE
from app.monitoring.logs import bind_request_id
from app.monitoring.metrics import Metrics
from app.settings import Settings

_log: Final = logging.getLogger("procedure_kb.access")


class Tracer(Protocol):
    """Destination of spans."""

    def begin(self, scope: Scope) -> Any:  # noqa: ANN401 - the span of whatever library is behind it
        """Start the span of a request, under the caller's trace."""

    def end(self, span: Any, scope: Scope, status: int) -> None:  # noqa: ANN401
        """End the span with the status of the response."""

    def shutdown(self) -> None:
        """Send the spans that are left."""


class InstrumentedGateway(HttpGateway):
    """Gateway with a log line (`access_log`) and a span (`tracer`) for each request. A hit costs less than its line."""

    access_log = False
    tracer: Tracer | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond, then log and trace."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        bind_request_id(scope["headers"])
        status, sent_bytes, cached = 500, 0, self.is_cached(scope)
        # As it was sent: the gateway drops what pages ignore.
        query = scope["query_string"]

        async def observe(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        span = self.tracer.begin(scope) if self.tracer else None
        began = time.perf_counter()
        try:
            await super().__call__(scope, receive, observe)
        finally:
            if self.tracer:
                self.tracer.end(span, scope, status)
            if self.access_log:
                seconds = time.perf_counter() - began
                self._log_request({**scope, "query_string": query}, status, sent_bytes, seconds, cached=cached)

    def _log_request(self, scope: Scope, status: int, sent_bytes: int, seconds: float, *, cached: bool) -> None:
        client = scope.get("client")
        fields = {
            "method": scope["method"],
            "path": scope["raw_path"].decode("latin-1"),
            "query": scope["query_string"].decode("latin-1"),
            "status": status,
            "bytes": sent_bytes,
            "seconds": round(seconds, 6),
            "cached": cached,
            "address": client[0] if client else "",
        }
        _log.info("%s %s %s", fields["method"], fields["path"], status, extra=fields)

    def shutdown(self) -> None:
        """Send the spans that are left."""
        if self.tracer:
            self.tracer.shutdown()


def build_gateway(app: ASGIApp, settings: Settings, metrics: Metrics) -> HttpGateway:
    """The gateway around an application; instrumented only where the settings ask for it."""
    instrumented = settings.access_log or settings.otlp_endpoint
    gateway = (InstrumentedGateway if instrumented else HttpGateway)(
        app,
        cache_bytes=int((1 - REQUEST_VALUES_SHARE) * settings.cache_bytes),
        max_concurrency=settings.max_concurrency,
        metrics=metrics,
        link_base=settings.link_base,
    )
    if isinstance(gateway, InstrumentedGateway):
        gateway.access_log = settings.access_log
        gateway.tracer = _build_tracer(settings.otlp_endpoint)
    return gateway


def _build_tracer(endpoint: str) -> Tracer | None:
    if not endpoint:
        return None
    try:
        from app.monitoring.traces import TraceExporter  # noqa: PLC0415 - needs the extra `otel`
    except ImportError:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and the extra otel is not installed: "
            "add KB_FEATURES=otel, or install requirements/otel.txt."
        ) from None
    return TraceExporter(endpoint)
