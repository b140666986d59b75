"""Metrics server: /metrics on a separate port, served by the worker that gets the port, for all workers of the host."""

import asyncio
import hmac
from typing import Final

from app.monitoring.metrics import MEDIA_TYPE, Metrics

_RETRY_SECONDS: Final = 2.0


def is_authorized(token: str, authorization: str) -> bool:
    """Whether a request carries the token. Without a token every request is authorized."""
    return not token or hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())


async def serve_metrics(metrics: Metrics, host: str, port: int, token: str) -> None:
    """Serve until cancelled; while another worker has the port, wait for it."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), timeout=5)
            writer.write(await _render_response(metrics, head, token))
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    while True:
        try:
            server = await asyncio.start_server(respond, host, port, limit=16_384)
        except OSError:
            await asyncio.sleep(_RETRY_SECONDS)
            continue
        async with server:
            await server.serve_forever()


async def _render_response(metrics: Metrics, head: bytes, token: str) -> bytes:
    request, *fields = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    if request.split(" ")[:2] == ["GET", "/metrics"] and is_authorized(token, headers.get("authorization", "")):
        status, body = "200 OK", await metrics.render()
    else:
        status, body = "404 Not Found", b"Metrics are at /metrics.\n"
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
        + body
    )
