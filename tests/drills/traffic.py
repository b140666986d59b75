"""Open-loop load generator: it sends requests at fixed times and compares every body with the one expected for its release,
if any are expected.

Latency counts from the time at which a request was due, not from when it was sent, so it includes stalls of the server.
"""

import asyncio
import hashlib
import itertools
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from drills.background import BackgroundWork

Bodies = Mapping[str, Mapping[str, str]]


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class Tally:
    """Results of the requests, as the clients saw them."""

    requests: int = 0
    errors: int = 0
    wrong_bodies: int = 0
    stale: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def get_latency_quantile(self, quantile: float) -> float:
        latencies = sorted(self.latencies)
        return latencies[min(len(latencies) - 1, int(quantile * len(latencies)))] if latencies else 0.0


class Connection:
    """Persistent HTTP connection; reconnects when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        is_reused = self._streams is not None
        try:
            return await self._send(path)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            # Every HTTP client reconnects when the server closes an idle connection before any byte of the response.
            if not is_reused or getattr(error, "partial", b""):
                raise
        return await self._send(path)

    async def _send(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: drill\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status_line, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return int(status_line.split(" ")[1]), headers, body

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


class Traffic(BackgroundWork):
    """Clients of a service that run in a separate thread until the block ends."""

    def __init__(
        self, ports: Sequence[int], urls: Sequence[str], expected: Bodies, *, rate: float, connections: int = 16
    ) -> None:
        # With an infinite rate, each connection sends its next request when it has the response to the one before.
        self.ports, self.urls, self.expected = ports, urls, expected
        self.rate, self.connections = rate, connections
        self.tally = Tally()
        super().__init__()

    def _run(self) -> None:
        asyncio.run(self._run_clients())

    async def _run_clients(self) -> None:
        start, request_numbers = time.perf_counter(), itertools.count()
        ports = itertools.islice(itertools.cycle(self.ports), self.connections)
        await asyncio.gather(*(self._run_client(port, start, request_numbers) for port in ports))

    async def _run_client(self, port: int, start: float, request_numbers: "itertools.count[int]") -> None:
        connection = Connection(port)
        while not self._stop.is_set():
            number = next(request_numbers)
            due = start + number / self.rate if math.isfinite(self.rate) else time.perf_counter()
            if (delay := due - time.perf_counter()) > 0:
                await asyncio.sleep(delay)
            await self._request(connection, self.urls[number % len(self.urls)], due)
        connection.close()

    async def _request(self, connection: Connection, url: str, due: float) -> None:
        tally = self.tally
        tally.requests += 1
        try:
            status, headers, body = await asyncio.wait_for(connection.get(url), timeout=30)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            connection.close()
            tally.errors += 1
            tally.reasons[type(error).__name__] += 1
            return
        tally.latencies.append(time.perf_counter() - due)
        if status != 200:
            tally.errors += 1
            tally.reasons[f"{status} {url}"] += 1
            return
        version = headers.get("kb-release", "")
        tally.versions[version] += 1
        tally.stale += "kb-stale" in headers
        if self.expected and self.expected.get(version, {}).get(url) != digest(body):
            tally.wrong_bodies += 1
            tally.reasons[f"wrong body of {version}: {url}"] += 1
