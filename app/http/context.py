"""Request context: one read transaction of one release, closed as soon as the response body is built."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import orjson
from fastapi import Request, Response

from app.db.read_engine import ReadTransaction
from app.errors import FieldError, ReleaseMismatch, Unavailable
from app.http.services import Services, get_services
from app.queries.releases import LoadedRelease, get_release
from app.read_model.link_placeholder import LINK_PLACEHOLDER_JSON, REPORT_MEMBER_JSON
from app.settings import Settings

T = TypeVar("T")
# A release lives for days: a minute of freshness and a long grace keep caches in front useful and close to current.
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"


def resolve_links(settings: Settings, body: bytes, base: str | None = None) -> bytes:
    """Replace the link placeholders of a stored document by a base URL; default: that of these settings."""
    if settings.report_url:
        body = body.replace(REPORT_MEMBER_JSON, b'"report":' + orjson.dumps(settings.report_url))
    # Splitting and joining searches for the placeholder once; bytes.replace would search twice.
    return orjson.dumps(settings.link_base if base is None else base)[1:-1].join(body.split(LINK_PLACEHOLDER_JSON))


class _EncodedResponse(Response):
    """Response with status 200 and headers that are encoded already."""

    def __init__(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = 200
        self.background = None
        self.body = body
        self.raw_headers = [*headers, (b"content-length", str(len(body)).encode())]


def _encode_headers(headers: dict[str, str], media_type: str | None = None) -> list[tuple[bytes, bytes]]:
    raw = Response(headers=headers, media_type=media_type).raw_headers
    return [pair for pair in raw if pair[0] != b"content-length"]


class RequestContext:
    """Read transaction of one request, opened when first needed.

    `release=` in the query is a precondition: opening the transaction raises ReleaseMismatch when another release is
    loaded, whatever the request asks for.
    """

    def __init__(self, request: Request, services: Services) -> None:
        self.request = request
        self.settings = services.settings
        self._services = services
        self._opened: AbstractContextManager[ReadTransaction] | None = None
        self._transaction: ReadTransaction | None = None
        self._release: LoadedRelease | None = None
        self._is_closed = False

    @property
    def transaction(self) -> ReadTransaction:
        """The open transaction. Raises Unavailable at once while the database is known to be unreachable, and ReleaseMismatch."""
        if self._transaction is None:
            if self._is_closed:
                # Another transaction could be of another release.
                msg = "the transaction of this request is closed"
                raise RuntimeError(msg)
            if self._services.gateway.database_unreachable:
                raise Unavailable("The database cannot be reached at the moment.", retry_after=2)
            opened = self._services.engine.transaction()
            self._transaction = opened.__enter__()
            self._opened = opened
            if self._release is None:
                self._read_release(self._transaction)
        return self._transaction

    @property
    def release(self) -> LoadedRelease:
        """Release of this transaction. Raises NotLoaded if there is none, and ReleaseMismatch."""
        if self._release is None:
            _ = self.transaction
        return cast("LoadedRelease", self._release)

    def _read_release(self, transaction: ReadTransaction) -> None:
        release = self._release = get_release(transaction)
        # The dictionary of the scope: Starlette would wrap it for each request.
        state = self.request.scope.setdefault("state", {})
        state["kb_release"], state["kb_revision"] = release.version, release.revision
        query = self.request.scope["query_string"]
        if b"release" not in query and b"%" not in query:
            return
        for name, version in parse_qsl(query.decode("latin-1")):
            if name == "release" and version != release.version:
                raise ReleaseMismatch(
                    f"The current release is {release.version}.",
                    errors=(FieldError("release", version[:80], f"the current release is {release.version}"),),
                    suggestions=(release.version,),
                )

    def cached(self, key: Hashable, build: Callable[[], T]) -> T:
        """A value that is the same for every request of this revision, built once. The key must not come from the request."""
        return self._services.values_by_revision.get(self.release.revision, key, build)

    def cached_by_request(self, key: Hashable, build: Callable[[], T]) -> T:
        """A value that is the same for every request with this key, built again when there was no room to keep it."""
        return self._services.values_by_request.get((self.release.revision, key), build)

    def bytes_response(
        self,
        body: bytes,
        *,
        headers: dict[str, str] | None = None,
        media_type: str = "application/json",
        has_links: bool = True,
    ) -> Response:
        """Response of this release; closes the transaction. `has_links`: the body may hold link placeholders."""
        release = self.release
        self.close()
        if has_links:
            body = self.resolve_links(body)
        release_headers = {"KB-Release": release.version, "Cache-Control": CACHE_CONTROL, "Content-Language": "en"}
        if headers is not None and not headers.keys() <= {"Link"}:
            return Response(body, headers=release_headers | headers, media_type=media_type)
        # Headers that every response of a release has are encoded once.
        encoded = self.cached(("headers", media_type), lambda: _encode_headers(release_headers, media_type))
        return _EncodedResponse(body, [*encoded, (b"link", headers["Link"].encode("latin-1"))] if headers else encoded)

    def json_response(self, value: Any, **options: Any) -> Response:  # noqa: ANN401 - any JSON value
        """Response of this release from a JSON value, made without the transaction; options as `bytes_response` takes them."""
        _ = self.release
        self.close()
        return self.bytes_response(orjson.dumps(value), **options)

    def resolve_links(self, body: bytes) -> bytes:
        """Replace the link placeholders of a stored document by this service's base URL."""
        return resolve_links(self.settings, body)

    def close(self) -> None:
        """End the transaction permanently: what is rendered after it holds no connection. Closing twice is harmless."""
        self._is_closed = True
        opened, self._opened, self._transaction = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)


@contextmanager
def request_context(request: Request) -> Iterator[RequestContext]:
    """Context of one request; closed at the end of the block."""
    context = RequestContext(request, get_services(request))
    try:
        yield context
    finally:
        context.close()
