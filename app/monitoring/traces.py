"""Traces: a span for each request, sent to an OpenTelemetry collector. Only this module needs the extra `otel`."""

from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from app import __version__


class TraceExporter:
    """Server spans, one a request, under the trace that the caller names in `traceparent`."""

    def __init__(self, endpoint: str) -> None:
        resource = Resource.create({"service.name": "procedure-kb", "service.version": __version__})
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("procedure_kb")
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, scope: Scope) -> Any:  # noqa: ANN401 - a span of the library
        """Start the span of a request."""
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        attributes = {"http.request.method": scope["method"], "url.path": scope["path"], "url.scheme": scope["scheme"]}
        if scope["query_string"]:
            attributes["url.query"] = scope["query_string"].decode("latin-1")
        context = self._propagator.extract(carrier)
        return self._tracer.start_span(scope["method"], context=context, kind=SpanKind.SERVER, attributes=attributes)

    def end(self, span: Any, scope: Scope, status: int) -> None:  # noqa: ANN401
        """End a span, named by its route, so that there are few names."""
        route = getattr(scope.get("route"), "path", None)
        if route:
            span.set_attribute("http.route", route)
            span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.response.status_code", status)
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def shutdown(self) -> None:
        """Send the spans that are left."""
        self._provider.shutdown()
