"""Corrupting proxy: flips a bit in the body of every nth response, to prove that the drills notice wrong bodies."""

import asyncio
import threading
from typing import Self

from live import find_free_port


class CorruptingProxy:
    def __init__(self, origin: int, *, every: int) -> None:
        self.origin, self.every, self.port = origin, every, find_free_port()
        self._response_count = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        origin_reader, origin_writer = await asyncio.open_connection("127.0.0.1", self.origin)
        try:
            while True:
                origin_writer.write(await reader.readuntil(b"\r\n\r\n"))
                head = await origin_reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").lower().split("\r\n")
                size = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
                body = await origin_reader.readexactly(size)
                self._response_count += 1
                if self._response_count % self.every == 0:
                    body = body[:-3] + bytes([body[-3] ^ 1]) + body[-2:]
                writer.write(head + body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            origin_writer.close()
            writer.close()
