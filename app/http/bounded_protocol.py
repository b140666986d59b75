"""HTTP/1.1 protocol of the server with bounds, so that it can face the internet without a proxy.

The protocol of uvicorn reads heads, chunk extensions and trailers without bounds of size or time: one connection took gigabytes
of memory. Bytes are counted here until something is complete: a head, a piece of a body, or a request.
"""

import asyncio
import sys
from typing import Final

import httptools
import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.errors import BadRequest, HeadersTooLarge, KnowledgeBaseError, Overloaded

# Bytes of a head, a chunk extension or trailers. The application itself refuses heads from 16 kB, with a problem like others.
MAX_INCOMPLETE: Final = 64 * 1024
# Bytes parsed without a look at the clock: a head of thousands of fields must not hold the event loop.
_SLICE: Final = 64 * 1024
# Seconds in which a request must arrive, from its first byte, or from the connection for the first one. `/mcp` has its own limit.
REQUEST_SECONDS: Final = 15.0
# Seconds in which a caller must take what is sent: more than 64 kB of a body, or the rest of it when the connection is closed.
SEND_SECONDS: Final = 60.0
# Requests that may wait on one connection for the response before.
_MAX_PIPELINED: Final = 32
# File descriptors kept for the database, files and child processes.
_RESERVED_FILES: Final = 128


def count_allowed_connections() -> int:
    """Connections of one process, so that file descriptors are left for its work."""
    if sys.platform == "win32":
        return 1_000
    import resource  # noqa: PLC0415 - not on Windows

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return 1_000_000 if limit == resource.RLIM_INFINITY else max(16, limit - _RESERVED_FILES)


def render_refusal(error: KnowledgeBaseError) -> bytes:
    """Bytes of a response that ends a connection. It has no `KB-Build`, so no cache in front stores it."""
    body = orjson.dumps(
        {
            "type": f"/problems/{error.code}",
            "title": error.title,
            "status": error.status,
            "detail": error.detail,
            "instance": "/",
            "code": error.code,
            "errors": [],
            "suggestions": [],
            "replaced_by": [],
        }
    )
    lines = [
        STATUS_LINE[error.status] + b"content-type: application/problem+json",
        b"content-length: %d" % len(body),
        b"cache-control: no-store",
        b"access-control-allow-origin: *",
        b"connection: close",
        *([b"retry-after: %d" % error.retry_after] if error.retry_after else []),
    ]
    return b"\r\n".join([*lines, b"", body])


class BoundedHttpProtocol(HttpToolsProtocol):
    """Protocol of one connection. It counts bytes that are not part of anything complete, and closes what is too large or slow."""

    max_connections = count_allowed_connections()
    # Bytes since the last complete head, piece of a body, or request.
    _incomplete = 0
    _timer: asyncio.TimerHandle | None = None
    _send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, or say that this process has as many connections as it may."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._refuse(Overloaded("The server has no connection to spare.", retry_after=1))
            # Those that only wait for a caller to read the rest make room for the next one.
            for connection in list(self.connections):
                if connection is not self and connection.transport.is_closing():
                    connection.transport.abort()
            return
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        for timer in (self._timer, self._send_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, a slice at a time."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
        if len(data) <= _SLICE:
            self._feed(data)
            return
        for start in range(0, len(data), _SLICE):
            # An earlier slice may have been refused.
            if not self.transport.is_closing():
                self._feed(data[start : start + _SLICE])

    def _feed(self, data: bytes) -> None:
        self._incomplete += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # An upgrade is optional: the request is handled without.
            pass
        except httptools.HttpParserError:
            self._refuse(BadRequest("The request is not valid HTTP."))
            return
        if self._incomplete or self.pipeline:
            self._check_bounds()

    def _check_bounds(self) -> None:
        if self.transport.is_closing():
            return
        if self._incomplete > MAX_INCOMPLETE:
            self._refuse(HeadersTooLarge(f"More than {MAX_INCOMPLETE} bytes belong to no complete part of a request."))
        elif len(self.pipeline) > _MAX_PIPELINED:
            self._close()
        elif self._incomplete and self._timer is None:
            self._start_timer()

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        super().on_body(body)
        self._incomplete = 0

    def on_chunk_header(self) -> None:
        """A chunk begins, perhaps the last one: what counts as header fields after it are trailers, which nothing reads."""
        self.headers = []

    def on_message_complete(self) -> None:
        """A request is complete."""
        self._incomplete = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.cycle.response_complete:
            self.cycle.more_body = False
            self.cycle.message_event.set()

    def timeout_keep_alive_handler(self) -> None:
        """No other request came."""
        self._close()

    def pause_writing(self) -> None:
        """The caller reads more slowly than the response is made."""
        super().pause_writing()
        self._limit_sending()

    def resume_writing(self) -> None:
        """The caller has read most of what was sent."""
        super().resume_writing()
        if self._send_timer is not None and not self.transport.is_closing():
            self._send_timer.cancel()
            self._send_timer = None

    def _refuse(self, error: KnowledgeBaseError) -> None:
        # Not in the middle of another response, nor before that to an earlier request.
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(render_refusal(error))
        elif not self.cycle.response_started and not self.pipeline:
            # The request in whose body it is: the application reads and sends no more.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            self.transport.write(render_refusal(error))
        self._close()

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
            self._limit_sending()

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(REQUEST_SECONDS, self._close)

    def _limit_sending(self) -> None:
        if self._send_timer is None:
            self._send_timer = self.loop.call_later(SEND_SECONDS, self.transport.abort)
