"""Services of one process: what `create_app` wires once and requests use."""

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.db.read_engine import ReadEngine
from app.errors import KnowledgeBaseError
from app.monitoring.metrics import Metrics
from app.settings import Settings

T = TypeVar("T")
_MAX_CACHED = 10_000
_MISSING = object()


class RevisionCache:
    """Values that are the same for every request of one revision: totals, facets, names.

    Kept for two revisions: while replicas catch up, requests of both are answered side by side.
    """

    def __init__(self) -> None:
        self._revisions: dict[str, dict[Hashable, Any]] = {}

    def get(self, revision: str, key: Hashable, build: Callable[[], T]) -> T:
        """The value of a key, built once per revision."""
        # Threads of two revisions meet here: each works on the dictionary of its own revision.
        values = self._revisions.get(revision, {})
        # One lookup: another thread may empty the dictionary meanwhile.
        value = values.get(key, _MISSING)
        return self.set(revision, key, build()) if value is _MISSING else cast("T", value)

    def find(self, revision: str, key: Hashable) -> Any | None:  # noqa: ANN401 - whatever was set
        """The value of a key if there is one."""
        return self._revisions.get(revision, {}).get(key)

    def set(self, revision: str, key: Hashable, value: T) -> T:
        """Keep a value."""
        values = self._revisions.get(revision)
        if values is None:
            values = self._revisions.setdefault(revision, {})
            for old in list(self._revisions)[:-2]:
                self._revisions.pop(old, None)
        if len(values) >= _MAX_CACHED:
            values.clear()
        values[key] = value
        return value


class GatewayHandle(Protocol):
    """What requests may use of the gateway around them."""

    database_unreachable: bool
    revision: str

    def mark_database_unreachable(self) -> None:
        """The database cannot be reached: cached responses are marked as possibly stale."""

    async def request_internal(self, target: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes, str]:
        """Status and body of a GET of this service, and the revision of its release."""


@dataclass
class Services:
    """Everything that a request may use beside its own data."""

    settings: Settings
    engine: ReadEngine
    metrics: Metrics
    gateway: GatewayHandle
    values_by_revision: RevisionCache = field(default_factory=RevisionCache)
    # Values of prepared files, by the name of the files. Few: none is ever dropped for its number.
    prepared: RevisionCache = field(default_factory=RevisionCache)
    # Whether this process prepares releases in the background; otherwise the first request that needs files builds them.
    prepares_releases: bool = False
    # Why the last preparation failed; empty if it succeeded.
    preparation_failure: str = ""
    known_paths: tuple[str, ...] = ()
    # Path and route of each resource under /v1.
    api_routes: tuple[tuple[str, APIRoute], ...] = ()
    # Renders an unknown path as an HTML page; None: as a problem.
    render_missing_page: Callable[[Request, KnowledgeBaseError], Response] | None = None

    def serves(self, path: str) -> bool:
        """Whether a path fits a known one. The record that it names may be unknown."""
        return self._path_pattern.fullmatch(path.removeprefix(self.settings.path_prefix)) is not None

    @cached_property
    def _path_pattern(self) -> re.Pattern[str]:
        parts = (re.split(r"\{\w+\}", path) for path in self.known_paths)
        return re.compile("|".join("[^/]+".join(map(re.escape, literals)) for literals in parts))


def get_services(request: Request) -> Services:
    """Services of the application that handles this request."""
    services: Services = request.app.state.services
    return services
