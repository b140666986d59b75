"""Metrics on a port of their own: the worker that gets the port answers for all workers of the box."""

import asyncio
import hmac
from typing import Final

from app.monitoring.metrics import Metrics

_RETRY_SECONDS: Final = 2.0


def is_authorized(token: str, authorization: str) -> bool:
    """Does a request carry the token; any does where none is set."""
    return not token or hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


async def serve_metrics(metrics: Metrics, host: str, port: int, token: str) -> None:
    """Hold the port until cancelled; while another worker holds it, wait for it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=5)
            writer.write(_render_response(metrics, head, token))
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    while True:
        try:
            server = await asyncio.start_server(answer, host, port, limit=16_384)
        except OSError:
            await asyncio.sleep(_RETRY_SECONDS)
            continue
        async with server:
            await server.serve_forever()


def _render_response(metrics: Metrics, head: bytes, token: str) -> bytes:
    request, *fields = head.decode("latin-1").split("\r\n")
    sent = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    if request.split(" ")[:2] == ["GET", "/metrics"] and is_authorized(token, sent.get("authorization", "")):
        status, body = "200 OK", metrics.render().encode()
    else:
        status, body = "404 Not Found", b"Metrics are at /metrics.\n"
    kind = "text/plain; version=0.0.4; charset=utf-8"
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
