"""Hostile traffic at a fixed rate, from a process of its own: poisoned headers, one-off URLs and slow heads in turn."""

import asyncio
import itertools
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Final, Self

from drills.poison import ONE_OFF_REQUESTS, POISONED_REQUESTS

# They take turns.
_KINDS: Final = (itertools.cycle(POISONED_REQUESTS.values()), itertools.cycle(ONE_OFF_REQUESTS.values()))
# Connections at once that each send a head without end, and again when they are closed.
_SLOW_HEADS: Final = 50
# Other connections at once.
_CONNECTIONS: Final = 200


class HostileTraffic:
    """Sends hostile requests until the block ends; `sent` is their number."""

    def __init__(self, port: int, urls: Sequence[str], *, rate: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop, self._sent = context.Event(), context.Value("l", 0)
        self._process = context.Process(target=_run, args=(port, urls, rate, self._stop, self._sent))
        self.rate = rate

    @property
    def sent(self) -> int:
        return self._sent.value

    def __enter__(self) -> Self:
        if self.rate:
            self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self.rate:
            self._process.join()


def _run(port: int, urls: Sequence[str], rate: float, stop: Any, sent: "Synchronized[int]") -> None:
    asyncio.run(_send_all(port, urls, rate, stop, sent))


async def _send_all(port: int, urls: Sequence[str], rate: float, stop: Any, sent: "Synchronized[int]") -> None:
    start, free = time.monotonic(), asyncio.Semaphore(_CONNECTIONS)
    async with asyncio.TaskGroup() as group:
        for _ in range(_SLOW_HEADS):
            group.create_task(_drip(port, stop, sent))
        for number in itertools.count():
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            if stop.is_set():
                return
            await free.acquire()
            request = next(_KINDS[number % len(_KINDS)])(urls[number // len(_KINDS) % len(urls)])
            group.create_task(_send(port, request)).add_done_callback(lambda _: free.release())
            sent.value += 1


async def _send(port: int, request: bytes) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(request)
            async with asyncio.timeout(0.5):
                await reader.read(64)
        finally:
            writer.close()
    except (OSError, TimeoutError):
        # Some requests are refused or get no response.
        return


async def _drip(port: int, stop: Any, sent: "Synchronized[int]") -> None:
    while not stop.is_set():
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            sent.value += 1
            writer.write(b"GET / HTTP/1.1\r\n")
            while not stop.is_set():
                await asyncio.sleep(0.5)
                writer.write(b"X: a\r\n")
                await writer.drain()
        except OSError:
            continue
        writer.close()
