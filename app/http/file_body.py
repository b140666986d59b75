"""File bodies: responses on disk, sent in chunks and never held in memory, with the same headers as every other."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from starlette.types import Send

from app.files.build_once import read_checksums
from app.http.byte_range import ByteRange

_CHUNK_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class FileBody:
    """File that is the body of a response. Its bytes never change: another release is another file."""

    path: Path
    size: int
    # Time of the last change, as in the file system.
    modified_ns: int
    # Hash of its bytes.
    digest: str
    # The same bytes, compressed when the file was made, by content coding.
    compressed: "Mapping[bytes, FileBody]" = field(default_factory=dict)

    async def open(self) -> BinaryIO:
        """Open the file. Raises OSError when it is gone or was changed since."""
        file = await asyncio.to_thread(self.path.open, "rb")
        stat = os.fstat(file.fileno())
        if (stat.st_size, stat.st_mtime_ns) != (self.size, self.modified_ns):
            file.close()
            msg = f"{self.path.name} was changed"
            raise OSError(msg)
        return file

    async def send(self, file: BinaryIO, send: Send, part: ByteRange) -> None:
        """Send a part of the opened file; each chunk is read when the one before was taken. Raises OSError when it is cut short."""
        file.seek(part.first)
        remaining = part.size
        while remaining:
            chunk = await asyncio.to_thread(file.read, min(_CHUNK_BYTES, remaining))
            if not chunk:
                msg = f"{self.path.name} ends {remaining} bytes early"
                raise OSError(msg)
            remaining -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": remaining > 0})


def open_built_files(directory: Path) -> dict[str, FileBody]:
    """Bodies of the files of a built directory, by path. They were compared with their checksums: none is read once more."""
    bodies = {}
    for name, checksum in read_checksums(directory).items():
        stat = (directory / name).stat()
        bodies[name] = FileBody(directory / name, stat.st_size, stat.st_mtime_ns, checksum)
    return bodies
