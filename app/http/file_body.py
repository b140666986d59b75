"""Answers that lie on disk: sent in pieces, never held in memory, with the same rules as every other answer."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.types import Send

_PIECE: Final = 256 * 1024


@dataclass(frozen=True)
class FileOnDisk:
    """A file that is the body of an answer. Its bytes never change: another release is another file."""

    path: Path
    size: int
    # Hash of its bytes.
    digest: str

    async def send(self, send: Send) -> None:
        """The body, piece by piece: the next one is read when the last one was taken."""
        with await asyncio.to_thread(self.path.open, "rb") as file:
            left = self.size
            while left:
                piece = await asyncio.to_thread(file.read, min(_PIECE, left))
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
