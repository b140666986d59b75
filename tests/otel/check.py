"""Serves with traces on, asks once with a traceparent, and reads what the collector was sent."""

import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT = Path(__file__).resolve().parent.parent.parent
received: list[tuple[str, bytes]] = []


class Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def ask(base: str) -> None:
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
    port = free_port()
    env = {
        **os.environ,
        "KB_DATABASE_URL": str(work / "kb.sqlite3"),
        "KB_SEARCH_DIR": str(work / "search"),
        "KB_PORT": str(port),
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_address[1]}",
    }
    server = subprocess.Popen([sys.executable, "-m", "app.cli", "serve"], env=env, cwd=ROOT)
    try:
        ask(f"http://127.0.0.1:{port}")
    finally:
        # What is left is sent when the service stops.
        server.terminate()
        server.wait(timeout=60)
    collector.shutdown()
    check()


def check() -> None:
    spans = []
    for path, body in received:
        assert path == "/v1/traces", path
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            assert names["service.name"] == "procedure-kb", names
            spans += [span for scope in resource.scope_spans for span in scope.spans]
    mine = [span for span in spans if span.trace_id.hex() == TRACE]
    assert len(mine) == 2, [span.name for span in spans]
    assert all(span.parent_span_id.hex() == "b7ad6b7169203331" for span in mine)
    told = {one.key: one.value for one in mine[0].attributes}
    assert told["http.response.status_code"].int_value == 200
    assert (mine[0].name, told["http.route"].string_value) == ("GET /procedures", "/procedures"), mine[0].name
    print(f"{len(spans)} spans received, {len(mine)} under the caller's trace")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
