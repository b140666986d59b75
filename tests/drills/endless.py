"""Requests that do not end: heads, chunk extensions and trailers of any size, heads that drip, callers that do not read."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Final, Self

_CHUNKED: Final = b"POST /mcp HTTP/1.1\r\nHost: kb\r\nTransfer-Encoding: chunked\r\n\r\n"
# Name -> what is sent first, what is sent again and again, and seconds between two pieces.
ENDLESS_REQUESTS: Final[dict[str, tuple[bytes, bytes, float]]] = {
    "header field": (b"GET / HTTP/1.1\r\nX: ", b"a" * 256_000, 0),
    "header fields": (b"GET / HTTP/1.1\r\n", b"X: a\r\n" * 40_000, 0),
    "path": (b"GET /", b"a" * 256_000, 0),
    "chunk extension": (_CHUNKED, b"1;" + b"a" * 256_000, 0),
    "trailers": (_CHUNKED + b"0\r\n", b"X: a\r\n" * 40_000, 0),
    "trailer": (_CHUNKED + b"0\r\nX: ", b"a" * 256_000, 0),
    "slow head": (b"GET / HTTP/1.1\r\n", b"X: a\r\n", 0.5),
    "nothing": (b"", b"", 0.5),
    "pipelined requests": (b"", b"GET /v1/procedures?limit=100 HTTP/1.1\r\nHost: kb\r\n\r\n" * 5_000, 0),
}


class EndlessSender:
    """Clients that each send one kind of request without end, and connect again when the server closes, until the block ends."""

    def __init__(self, port: int) -> None:
        self.port, self.closed = port, 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._repeat(*parts)) for parts in ENDLESS_REQUESTS.values()]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, head: bytes, piece: bytes, pause: float) -> Callable[[], None]:
        def run() -> None:
            while not self._stop.wait(0.05):
                try:
                    with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
                        self._send(connection, head, piece, pause)
                except OSError:
                    self.closed += 1

        return run

    def _send(self, connection: socket.socket, head: bytes, piece: bytes, pause: float) -> None:
        connection.sendall(head)
        until = time.monotonic() + 30
        while not self._stop.wait(pause) and time.monotonic() < until:
            if piece:
                connection.sendall(piece)
            elif not connection.recv(1):
                self.closed += 1
                return
