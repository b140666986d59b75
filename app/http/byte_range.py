"""Byte ranges of a file (RFC 9110, section 14): so that a download that broke off is resumed, not begun again."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.errors import RangeNotSatisfiable

# One range. Several would be a body of parts, which no downloader asks for: a server may ignore them.
_RANGE: Final = re.compile(rb"bytes=\s*(?:(\d{1,18})\s*-\s*(\d{1,18})?|-\s*(\d{1,18}))\s*", re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """Bytes `first` to `last` of a file, both included."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.last - self.first + 1


def find_range(headers: Iterable[tuple[bytes, bytes]], size: int, etag: bytes) -> ByteRange | None:
    """The range that a request asks for; None: the whole file.

    A range that cannot be parsed is ignored, and so is one of another version of the file than `If-Range` names. Raises
    RangeNotSatisfiable when the file has none of the bytes.
    """
    fields = {name: value for name, value in headers if name in {b"range", b"if-range"}}
    match = _RANGE.fullmatch(fields.get(b"range", b""))
    if match is None or fields.get(b"if-range", etag) != etag:
        return None
    first, last, final_bytes = (None if digits is None else int(digits) for digits in match.groups())
    if first is None:
        first, last = max(0, size - (final_bytes or 0)), size - 1
    elif last is not None and last < first:
        return None
    if first >= size:
        raise RangeNotSatisfiable(f"The file has {size} bytes.", complete_length=size)
    return ByteRange(first, size - 1 if last is None else min(last, size - 1))
