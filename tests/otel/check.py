"""Check of traces: run the server with traces, send requests with a traceparent and inspect the exported spans."""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
from checkout import ROOT
from live import find_free_port
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import StatusCode

from app.monitoring.traces import TraceExporter

TRACE = "0af7651916cd43dd8448eb211c80319c"
received: list[tuple[str, bytes]] = []


class Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


def send_requests(base: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{base}/health/ready").status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.1)
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    for _ in range(2):
        httpx.get(f"{base}/v1/procedures?limit=1", headers=headers).raise_for_status()


def main(work: Path) -> None:
    collector = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    port = find_free_port()
    env = {
        **os.environ,
        "KB_DATABASE_URL": str(work / "kb.sqlite3"),
        "KB_SEARCH_DIR": str(work / "search"),
        "KB_EXPORT_DIR": str(work / "export"),
        "KB_PORT": str(port),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}",
    }
    server = subprocess.Popen([sys.executable, "-m", "app.cli", "serve"], env=env, cwd=ROOT)
    try:
        send_requests(f"http://127.0.0.1:{port}")
    finally:
        # The service exports the remaining spans when it stops.
        server.terminate()
        server.wait(timeout=60)
    collector.shutdown()
    check_spans()


def check_spans() -> None:
    spans = []
    for path, body in received:
        assert path == "/v1/traces", path
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
            assert attributes["service.name"] == "procedure-kb", attributes
            spans += [span for scope in resource.scope_spans for span in scope.spans]
    traced = [span for span in spans if span.trace_id.hex() == TRACE]
    assert len(traced) == 2, [span.name for span in spans]
    assert all(span.parent_span_id.hex() == "b7ad6b7169203331" for span in traced)
    span = traced[0]
    span_attributes = {attribute.key: attribute.value for attribute in span.attributes}
    assert span_attributes["http.response.status_code"].int_value == 200
    assert (span.name, span_attributes["http.route"].string_value) == ("GET /procedures", "/procedures"), span.name
    print(f"{len(spans)} spans received, {len(traced)} in the trace of the client")


def check_errors() -> None:
    """The span of a failure of the server is an error, that of a wrong request is not."""
    exporter = TraceExporter("http://127.0.0.1:9")
    scope = {"method": "GET", "path": "/v1/procedures", "scheme": "http", "query_string": b"limit=1", "headers": []}
    expected = {
        200: StatusCode.UNSET,
        404: StatusCode.UNSET,
        499: StatusCode.UNSET,
        500: StatusCode.ERROR,
        503: StatusCode.ERROR,
    }
    for status, code in expected.items():
        span = exporter.begin(scope)
        exporter.end(span, scope, status)
        assert span.status.status_code is code, status
        assert span.attributes["url.query"] == "limit=1", span.attributes


if __name__ == "__main__":
    check_errors()
    main(Path(sys.argv[1]))
