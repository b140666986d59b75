"""What is to go: operations marked in one place, for the document, the headers and the page about the API."""

import datetime as dt
from collections.abc import MutableMapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cached_property
from typing import Any, Final

from app.domain.json import Json


@dataclass(frozen=True)
class Deprecation:
    """Since when an operation is deprecated, when it is to be gone, and what takes its place (a path)."""

    since: dt.date
    sunset: dt.date
    successor: str = ""

    @cached_property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """`Deprecation` (RFC 9745: seconds since 1970 behind an @), `Sunset` (RFC 8594), `Link` to the successor."""
        found = [
            (b"deprecation", b"@%d" % _midnight(self.since).timestamp()),
            (b"sunset", format_datetime(_midnight(self.sunset), usegmt=True).encode()),
        ]
        if self.successor:
            found.append((b"link", f'<{self.successor}>; rel="successor-version"'.encode()))
        return found


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


# By operation id. An entry stays until its sunset is past and a version has gone by that says "removed".
DEPRECATED: Final[MutableMapping[str, Deprecation]] = {}


def headers_of(scope: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """Headers that say of the answered operation that it is to go; none for all others."""
    if not DEPRECATED:
        return []
    marked = DEPRECATED.get(getattr(scope.get("route"), "name", ""))
    return marked.headers if marked else []


def mark(operation: Json) -> None:
    """Say the same in the document."""
    marked = DEPRECATED.get(operation.get("operationId", ""))
    if marked:
        operation["deprecated"] = True
        operation["x-sunset"] = marked.sunset.isoformat()
