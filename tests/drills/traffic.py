"""An open-loop generator: requests leave at fixed times whatever the answers do, and every body is held against its release.

Latency counts from when a request was due, not from when it could be sent: a stall of the server is in the figures.
"""

import asyncio
import hashlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

Bodies = Mapping[str, Mapping[str, str]]


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class Tally:
    """What callers noticed."""

    requests: int = 0
    errors: int = 0
    wrong_bodies: int = 0
    stale: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class Wire:
    """One connection that is kept, and opened anew when the other side closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        kept = self._streams is not None
        try:
            return await self._once(path)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            # What every HTTP client does: a kept connection that was closed before it answered anything is opened anew.
            if not kept or getattr(error, "partial", b""):
                raise
        return await self._once(path)

    async def _once(self, path: str) -> tuple[int, dict[str, str], bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        writer.write(f"GET {path} HTTP/1.1\r\nHost: drill\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return int(first.split(" ")[1]), headers, body

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


class Traffic:
    """Callers of a service, in a thread of their own, until the block ends."""

    def __init__(
        self, ports: Sequence[int], urls: Sequence[str], expected: Bodies, *, rate: float, wires: int = 16
    ) -> None:
        self.ports, self.urls, self.expected = ports, urls, expected
        self.rate, self.wires = rate, wires
        self.tally = Tally()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _run(self) -> None:
        began, numbers = time.perf_counter(), itertools.count()
        await asyncio.gather(*(self._caller(place, began, numbers) for place in range(self.wires)))

    async def _caller(self, place: int, began: float, numbers: "itertools.count[int]") -> None:
        wire = Wire(self.ports[place % len(self.ports)])
        while not self._stop.is_set():
            number = next(numbers)
            due = began + number / self.rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            await self._ask(wire, self.urls[number % len(self.urls)], due)
        wire.close()

    async def _ask(self, wire: Wire, url: str, due: float) -> None:
        tally = self.tally
        tally.requests += 1
        try:
            status, headers, body = await asyncio.wait_for(wire.get(url), timeout=30)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            wire.close()
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
        if self.expected.get(version, {}).get(url) != digest(body):
            tally.wrong_bodies += 1
            tally.reasons[f"wrong body of {version}: {url}"] += 1
