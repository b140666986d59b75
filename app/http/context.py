"""One request's view of the content: one snapshot of one release, closed as soon as the answer is made."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar, cast

import orjson
from fastapi import Request, Response

from app.db.read_engine import ReadEngine, ReadTransaction
from app.errors import FieldError, ReleaseMismatch, Unavailable
from app.queries.releases import LoadedRelease, get_release
from app.read_model.link_placeholder import LINK_PLACEHOLDER_JSON, REPORT_MEMBER_JSON
from app.settings import Settings

T = TypeVar("T")
# A release lives for days; a minute of freshness and a long grace keep any cache in front useful and close to current.
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"
_MAX_CACHED = 10_000


class ReleaseCache:
    """What is the same for every request of one revision: totals, facets, names.

    Kept for two revisions: while replicas catch up, requests of both are answered side by side.
    """

    def __init__(self) -> None:
        self._revisions: dict[str, dict[Hashable, Any]] = {}

    def get(self, revision: str, key: Hashable, make: Callable[[], T]) -> T:
        """The value for a key, made once per revision."""
        # Threads of two revisions meet here: each works on the dictionary of its own revision, whoever comes between.
        values = self._revisions.get(revision)
        if values is None:
            values = self._revisions.setdefault(revision, {})
            for old in list(self._revisions)[:-2]:
                self._revisions.pop(old, None)
        if key not in values:
            if len(values) >= _MAX_CACHED:
                values.clear()
            made = values[key] = make()
            return made
        return cast("T", values[key])


def resolve_links(settings: Settings, body: bytes) -> bytes:
    """A document with its marks replaced by the addresses of these settings."""
    if settings.report_url:
        body = body.replace(REPORT_MEMBER_JSON, b'"report":' + orjson.dumps(settings.report_url))
    # Split and joined: a look for each mark once, where replacing looks twice.
    return orjson.dumps(settings.link_base)[1:-1].join(body.split(LINK_PLACEHOLDER_JSON))


class _EncodedResponse(Response):
    """A 200 of which the headers are encoded already."""

    def __init__(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code = 200
        self.background = None
        self.body = body
        self.raw_headers = [*headers, (b"content-length", str(len(body)).encode())]


def _encode_headers(headers: dict[str, str], media_type: str | None = None) -> list[tuple[bytes, bytes]]:
    raw = Response(headers=headers, media_type=media_type).raw_headers
    return [pair for pair in raw if pair[0] != b"content-length"]


class RequestContext:
    """The snapshot of one request, opened when first needed."""

    def __init__(self, request: Request, engine: ReadEngine, memo: ReleaseCache, settings: Settings) -> None:
        self.request = request
        self.settings = settings
        self._engine = engine
        self._memo = memo
        self._opened: AbstractContextManager[ReadTransaction] | None = None
        self._connection: ReadTransaction | None = None
        self._release: LoadedRelease | None = None

    @property
    def connection(self) -> ReadTransaction:
        """The open snapshot. Unavailable at once while the database is known to be away: waiting would not bring it."""
        if self._connection is None:
            if self.request.app.state.answers.stale:
                raise Unavailable("The database cannot be reached at the moment.", retry_after=2)
            opened = self._engine.transaction()
            self._connection = opened.__enter__()
            self._opened = opened
        return self._connection

    @property
    def release(self) -> LoadedRelease:
        """The release of this snapshot. NotLoaded when there is none."""
        if self._release is None:
            self._release = get_release(self.connection)
            # The scope's own dictionary: Starlette would wrap it for each request.
            state = self.request.scope.setdefault("state", {})
            state["kb_release"], state["kb_revision"] = self._release.version, self._release.revision
        return self._release

    def check_release(self, release: str | None) -> None:
        """`release=` is a precondition: ReleaseGone when another is current."""
        if release is not None and release != self.release.version:
            wrong = FieldError("release", release, f"the current release is {self.release.version}")
            raise ReleaseMismatch(
                f"The current release is {self.release.version}.", errors=(wrong,), suggestions=(self.release.version,)
            )

    def check_release_params(self) -> None:
        """`require` where no parameters are declared, as on pages: every `release=` of the address holds."""
        for asked in self.request.query_params.getlist("release"):
            self.check_release(asked[:80])

    def cached(self, key: Hashable, make: Callable[[], T]) -> T:
        """A value that is the same for every request of this revision."""
        return self._memo.get(self.release.revision, key, make)

    def bytes_response(
        self,
        body: bytes,
        *,
        headers: dict[str, str] | None = None,
        media_type: str = "application/json",
        has_links: bool = True,
    ) -> Response:
        """An answer of this release: marks become links (`marked`: there may be some), the snapshot is closed."""
        release = self.release
        self.close()
        if has_links:
            body = self.resolve_links(body)
        own = {"KB-Release": release.version, "Cache-Control": CACHE_CONTROL, "Content-Language": "en"}
        if headers is not None and not headers.keys() <= {"Link"}:
            return Response(body, headers=own | headers, media_type=media_type)
        # What every answer of a release says is encoded once.
        fixed = self.cached(("headers", media_type), lambda: _encode_headers(own, media_type))
        return _EncodedResponse(body, [*fixed, (b"link", headers["Link"].encode("latin-1"))] if headers else fixed)

    def json_response(self, value: Any, **more: Any) -> Response:  # noqa: ANN401 - any JSON value
        """An answer of this release from a value."""
        return self.bytes_response(orjson.dumps(value), **more)

    def resolve_links(self, body: bytes) -> bytes:
        """A document with its marks replaced by this service's addresses."""
        return resolve_links(self.settings, body)

    def close(self) -> None:
        """End the snapshot. Closing twice is harmless."""
        opened, self._opened, self._connection = self._opened, None, None
        if opened is not None:
            opened.__exit__(None, None, None)


@contextmanager
def request_context(request: Request) -> Iterator[RequestContext]:
    """The reading of one request."""
    state = request.app.state
    one = RequestContext(request, state.engine, state.memo, state.settings)
    try:
        yield one
    finally:
        one.close()


@contextmanager
def request_context_with_release_check(request: Request) -> Iterator[RequestContext]:
    """The reading of a request at an address that declares no parameters. ReleaseGone when it asks for another release."""
    with request_context(request) as one:
        one.check_release_params()
        yield one
