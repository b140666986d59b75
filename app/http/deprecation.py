"""Deprecated operations: listed in one place, for the OpenAPI document, the headers and the page about the API."""

import datetime as dt
from collections.abc import MutableMapping
from dataclasses import dataclass
from email.utils import format_datetime
from functools import cached_property
from typing import Any, Final

from app.domain.json import Json


@dataclass(frozen=True)
class Deprecation:
    """Deprecation of an operation: its date, the date of removal, and the path that replaces it."""

    since: dt.date
    sunset: dt.date
    successor: str = ""

    @cached_property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """`Deprecation` (RFC 9745: seconds since 1970 after an @), `Sunset` (RFC 8594), `Link` to the successor."""
        headers = [
            (b"deprecation", b"@%d" % _midnight(self.since).timestamp()),
            (b"sunset", format_datetime(_midnight(self.sunset), usegmt=True).encode()),
        ]
        if self.successor:
            headers.append((b"link", f'<{self.successor}>; rel="successor-version"'.encode()))
        return headers


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


# By operation id. An entry stays until its sunset is past and one version has said "removed".
DEPRECATED: Final[MutableMapping[str, Deprecation]] = {}


def deprecation_headers(scope: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    """Headers of a response of a deprecated operation; none for every other."""
    if not DEPRECATED:
        return []
    deprecation = DEPRECATED.get(getattr(scope.get("route"), "name", ""))
    return deprecation.headers if deprecation else []


def mark_deprecated(operation: Json) -> None:
    """Mark a deprecated operation in the OpenAPI document."""
    deprecation = DEPRECATED.get(operation.get("operationId", ""))
    if deprecation:
        operation["deprecated"] = True
        operation["x-sunset"] = deprecation.sunset.isoformat()
