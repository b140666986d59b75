"""Services of one process: what `create_app` wires once and requests use."""

import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol, TypeVar, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.db.read_engine import ReadEngine
from app.errors import KnowledgeBaseError
from app.monitoring.metrics import Metrics
from app.settings import Settings

T = TypeVar("T")
_MISSING: Final = object()
# Share of the cache that values of requests take; responses take the rest.
REQUEST_VALUES_SHARE: Final = 1 / 16


class RevisionCache:
    """Values that are the same for every request of one revision: names, documents, opened files. None is ever dropped.

    So no key comes from a request. Kept for two revisions: while replicas catch up, requests of both are answered side by side.
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

    def drop(self, revision: str, key: Hashable) -> None:
        """Forget a value."""
        self._revisions.get(revision, {}).pop(key, None)

    def set(self, revision: str, key: Hashable, value: T) -> T:
        """Keep a value."""
        values = self._revisions.get(revision)
        if values is None:
            values = self._revisions.setdefault(revision, {})
            for old in list(self._revisions)[:-2]:
                self._revisions.pop(old, None)
        values[key] = value
        return value


class RequestCache:
    """Totals and facet counts by what was requested, bounded in bytes: the least recently used leave first."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, build: Callable[[], T]) -> T:
        """The value of a key, built when it is not there."""
        with self._lock:
            kept = self._values.get(key)
            if kept is not None:
                self._values.move_to_end(key)
                return cast("T", kept[0])
        value = build()
        size = _estimate_bytes(key) + _estimate_bytes(value)
        with self._lock:
            if key not in self._values:
                self._values[key] = value, size
                self.bytes += size
            while self.bytes > self.max_bytes:
                self.bytes -= self._values.popitem(last=False)[1][1]
        return value


def _estimate_bytes(value: Any) -> int:  # noqa: ANN401 - a key, a number or rows
    inner = value if isinstance(value, Sequence) and not isinstance(value, str | bytes) else ()
    return 100 + sys.getsizeof(value) + sum(map(_estimate_bytes, inner))


class GatewayHandle(Protocol):
    """What requests may use of the gateway around them."""

    database_unreachable: bool
    revision: str

    def mark_database_unreachable(self) -> None:
        """The database cannot be reached: cached responses are marked as possibly stale."""

    def drop_responses(self) -> None:
        """Drop all cached responses."""

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
    # Values of prepared files, by the name of the files.
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
    def values_by_request(self) -> RequestCache:
        """Values by what was requested."""
        return RequestCache(int(REQUEST_VALUES_SHARE * self.settings.cache_bytes))

    @cached_property
    def _path_pattern(self) -> re.Pattern[str]:
        parts = (re.split(r"\{\w+\}", path) for path in self.known_paths)
        return re.compile("|".join("[^/]+".join(map(re.escape, literals)) for literals in parts))


def get_services(request: Request) -> Services:
    """Services of the application that handles this request."""
    services: Services = request.app.state.services
    return services
