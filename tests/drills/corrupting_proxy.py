"""A proxy that lies: every so many answers, one letter of the body is another. What checks bodies must notice."""

import asyncio
import threading
from typing import Self

from drills.processes import free_port


class Liar:
    def __init__(self, origin: int, *, every: int) -> None:
        self.origin, self.every, self.port = origin, every, free_port()
        self._count = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop.close()

    def _serve(self) -> None:
        self._end = asyncio.Event()
        self._loop.run_until_complete(self._run())

    async def _run(self) -> None:
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", self.port)
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        origin_reader, origin_writer = await asyncio.open_connection("127.0.0.1", self.origin)
        try:
            while True:
                origin_writer.write(await reader.readuntil(b"\r\n\r\n"))
                head = await origin_reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").lower().split("\r\n")
                size = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
                body = await origin_reader.readexactly(size)
                self._count += 1
                if self._count % self.every == 0:
                    body = body[:-3] + bytes([body[-3] ^ 1]) + body[-2:]
                writer.write(head + body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            origin_writer.close()
            writer.close()
