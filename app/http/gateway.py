"""Gateway: every request passes here, for its limits, the cache, conditional GET, encodings and HEAD.

A response is a pure function of (content release, code, settings, URL). So bytes and headers are built once and kept, keyed
by the raw bytes of the request line: a hit costs one dictionary lookup, before any routing. The cache is emptied when
another release is adopted; what was computed from an earlier release is never stored after that.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Final
from urllib.parse import unquote

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.read_engine import MAX_READERS
from app.errors import KnowledgeBaseError, NotReady, Overloaded, RangeNotSatisfiable, Unavailable
from app.http.byte_range import ByteRange, find_range
from app.http.deprecation import deprecation_headers
from app.http.fhir_requests import VARY as FHIR_VARY
from app.http.fhir_requests import build_get, is_fhir_post, reduce_headers
from app.http.file_body import FileBody
from app.http.known_parameters import drop_unknown_parameters
from app.http.operation_outcome import is_fhir_path
from app.http.problems import problem_parts
from app.http.rendered_response import EMPTY_BODY, Headers, RenderedResponse, etag_matches, negotiate_encoding
from app.http.request_body import read_body, replay_body
from app.http.request_limits import MCP_PATHS, METHODS, check_request_limits
from app.http.response_cache import ResponseCache
from app.monitoring.logs import bind_request_id
from app.monitoring.metrics import Metrics
from app.version import code_fingerprint

_log: Final = logging.getLogger("procedure_kb.http")
EXPOSED_HEADERS: Final = b"ETag, Link, KB-Release, KB-Stale, KB-Request-Id, Retry-After, Deprecation, Sunset, Content-Language, RateLimit-Policy"
# All request headers that the application sees of a GET. Its response is stored for every caller of the URL, so nothing else
# may change it. The one response that this header changes (/metrics) is never stored. Under /fhir, two reduced headers are added.
FORWARDED_HEADERS: Final = frozenset({b"authorization"})
# Seconds that a request waits for a slot of the database.
SLOT_WAIT: Final = 5.0
# Seconds between two looks at whether the database is unreachable, while a request waits.
_DATABASE_CHECK_SECONDS: Final = 0.2
# Paths that must answer however busy the service is.
_WITHOUT_SLOT: Final = ("/health/", "/metrics")
# Seconds that a request waits for what is being prepared for its release.
PREPARATION_WAIT: Final = 10.0
_CACHEABLE_STATUSES: Final = frozenset({200, 301, 307, 308, 400, 404, 410, 422})
_VARY: Final = (b"vary", b"Accept-Encoding")
_NO_STORE: Final = (b"cache-control", b"no-store")


@cache
def common_headers() -> Headers:
    """Headers of every response."""
    return [
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", EXPOSED_HEADERS),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        # Says that the application made this response: what is without it, no cache in front may store.
        (b"kb-build", code_fingerprint().encode()),
    ]


def _preflight_headers(methods: bytes, allowed_headers: bytes) -> Headers:
    return [
        *common_headers(),
        (b"allow", methods),
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", allowed_headers),
        (b"access-control-max-age", b"86400"),
        (b"cache-control", b"max-age=86400"),
        _VARY,
    ]


def build_cache_key(scope: Scope) -> bytes:
    """Key of a response: the request line, and under /fhir the two headers that count there."""
    key: bytes = scope["raw_path"] + b"?" + scope["query_string"]
    if key.startswith(b"/fhir"):
        key += b"".join(b" " + value for _, value in reduce_headers(scope))
    return key


def _swallow_result(task: "asyncio.Task[RenderedResponse]") -> None:
    """Take the result of a response that nobody waits for any more."""
    if not task.cancelled():
        task.exception()


async def _no_body() -> Message:
    return {"type": "http.disconnect"}


class HttpGateway:
    """Outer ASGI application: wraps the FastAPI application."""

    def __init__(
        self, app: ASGIApp, *, cache_bytes: int, max_concurrency: int, metrics: Metrics, link_base: str
    ) -> None:
        self.app = app
        self.cache = ResponseCache(cache_bytes)
        self.max_concurrency = max_concurrency
        self.metrics = metrics
        self.link_base = link_base
        # Handles a request without the framework; None from it: the application handles it.
        self.fast_path: Callable[[Scope], Awaitable[Response | None]] | None = None
        # Called when a file that is to be sent is gone or was cut short.
        self.report_damaged_file: Callable[[], None] = lambda: None
        self.revision = ""
        self.version = ""
        self.database_unreachable = False
        # The database may hang without a word: then nobody waits longer than until the release watcher finds it unreachable.
        self.database_can_hang = False
        self._slots = asyncio.Semaphore(MAX_READERS)
        self.in_flight = 0
        self._encodings: dict[bytes, bytes] = {b"": b""}

    def mark_database_reachable(self) -> None:
        """The database answered a poll."""
        self.database_unreachable = False

    def adopt_release(self, revision: str, version: str = "") -> None:
        """Serve a release from now on: the responses of any other are dropped. Empty: no release is loaded."""
        if revision != self.revision:
            self.revision, self.version = revision, version
            self.drop_responses()

    def drop_responses(self) -> None:
        """Drop all cached responses."""
        self.cache.clear()

    def mark_database_unreachable(self) -> None:
        """The database cannot be reached: cached responses are served and marked as possibly stale."""
        self.database_unreachable = True

    def shutdown(self) -> None:
        """Nothing to do here; the instrumented gateway sends its last spans."""

    def is_cached(self, scope: Scope) -> bool:
        """Whether the response to a request is cached now."""
        if scope["method"] not in {"GET", "HEAD"}:
            return False
        query = scope["query_string"]
        queries = {query, drop_unknown_parameters(scope["path"], query)} if query else {query}
        return any(build_cache_key({**scope, "query_string": query}) in self.cache for query in queries)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        key = accept_encoding = if_none_match = b""
        if method in ("GET", "HEAD"):
            key = build_cache_key(scope)
            cached = self.cache.find(key)
            for name, value in scope["headers"]:
                if name == b"accept-encoding":
                    accept_encoding = value
                elif name == b"if-none-match":
                    if_none_match = value
            if cached is not None:
                self.metrics.hits += 1
                await self._send(cached, accept_encoding, if_none_match, scope, send)
                return
        self.metrics.misses += 1
        bind_request_id(scope["headers"])
        if method in ("GET", "HEAD"):
            await self._handle_miss(scope, receive, send, key, accept_encoding, if_none_match)
        else:
            await self._handle_other_method(scope, receive, send)

    async def _send(
        self, response: RenderedResponse, accept_encoding: bytes, if_none_match: bytes, scope: Scope, send: Send
    ) -> None:
        encoding = self._encodings.get(accept_encoding)
        if encoding is None:
            encoding = negotiate_encoding(accept_encoding)
            if len(self._encodings) < 256 and len(accept_encoding) < 256:
                self._encodings[accept_encoding] = encoding
        start, body, not_modified, etag = response.variant(encoding)
        if if_none_match and etag and etag_matches(if_none_match, etag):
            start, body = not_modified, EMPTY_BODY
        if self.database_unreachable:
            start = {**start, "headers": [*start["headers"], (b"kb-stale", b"database-unreachable")]}
        method = scope["method"]
        if (file := response.file_in(encoding)) and method == "GET" and body is not EMPTY_BODY:
            await self._send_file(file, start, etag, scope, send)
            return
        await send(start)
        await send(EMPTY_BODY if method == "HEAD" else body)

    async def _send_file(self, file: FileBody, start: Message, etag: bytes, scope: Scope, send: Send) -> None:
        """Send a file, or the range of it that was asked for."""
        try:
            part = find_range(scope["headers"], file.size, etag)
        except RangeNotSatisfiable as error:
            await self._refuse(scope, error, b"", send)
            return
        try:
            opened = await file.open()
        except OSError as error:
            _log.error("a file cannot be sent: %s", error)
            self.report_damaged_file()
            await self._refuse(scope, NotReady("This file is being prepared again.", retry_after=2), b"", send)
            return
        with opened:
            if part is None:
                await send(start)
                await file.send(opened, send, ByteRange(0, file.size - 1))
                return
            headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            content_range = f"bytes {part.first}-{part.last}/{file.size}".encode()
            headers += [(b"content-range", content_range), (b"content-length", str(part.size).encode())]
            await send({**start, "status": 206, "headers": headers})
            await file.send(opened, send, part)

    async def _handle_miss(
        self, scope: Scope, receive: Receive, send: Send, key: bytes, accept_encoding: bytes, if_none_match: bytes
    ) -> None:
        method = scope["method"]
        try:
            check_request_limits(scope, method, allow_post=False)
            self._check_concurrency()
        except KnowledgeBaseError as error:
            await self._refuse(scope, error, accept_encoding, send)
            return
        if scope["query_string"]:
            query = drop_unknown_parameters(scope["path"], scope["query_string"])
            if query != scope["query_string"]:
                # From here on the request is the one without them, for handlers and both lookups.
                scope["query_string"] = query
                key = build_cache_key(scope)
                if (cached := self.cache.find(key)) is not None:
                    self.metrics.misses -= 1
                    self.metrics.hits += 1
                    await self._send(cached, accept_encoding, if_none_match, scope, send)
                    return
        scope.setdefault("state", {})
        self.in_flight += 1
        began = time.perf_counter()
        try:
            compute = self._compute_in_time if self.database_can_hang else self._compute
            response = await compute(scope, receive)
            if (is_ready := scope["state"].pop("kb_is_ready", None)) and await self._wait_until(is_ready):
                response = await compute(scope, receive)
        finally:
            self.in_flight -= 1
        self.metrics.observe(scope, response.status, time.perf_counter() - began)
        self._store(key, response, scope)
        # A response about this moment is never "not modified".
        live = scope["state"].get("kb_uncacheable")
        await self._send(response, accept_encoding, b"" if live else if_none_match, scope, send)

    async def _wait_until(self, is_ready: Callable[[], bool]) -> bool:
        """Wait for what a response needs and is being prepared, unless too many requests are in flight. True once it is there."""
        deadline = time.monotonic() + PREPARATION_WAIT
        # Polled: what becomes ready comes from threads and processes, and few requests ever wait.
        while not is_ready() and time.monotonic() < deadline and 2 * self.in_flight < self.max_concurrency:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return is_ready()

    async def _handle_other_method(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        is_fhir = is_fhir_post(scope["path"])
        allow_post = method == "POST" and (scope["path"] in MCP_PATHS or is_fhir)
        try:
            check_request_limits(scope, method, allow_post=allow_post)
            body = await read_body(scope["headers"], receive) if allow_post else b""
            self._check_concurrency()
            if allow_post and is_fhir:
                scope = build_get(scope, body)
        except KnowledgeBaseError as error:
            await self._refuse(scope, error, b"", send)
            return
        except ConnectionError:
            return
        if allow_post and is_fhir:
            accept_encoding = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
            await self._handle_miss(scope, _no_body, send, build_cache_key(scope), accept_encoding, b"")
            return
        if allow_post:
            await self._handle_post(scope, replay_body(body, receive), send)
            return
        if scope["path"] in MCP_PATHS:
            headers = _preflight_headers(b"POST, OPTIONS", b"*, Authorization")
        else:
            headers = _preflight_headers(METHODS.replace(b"OPTIONS", b"POST, OPTIONS") if is_fhir else METHODS, b"*")
        await self._send(RenderedResponse(204, headers, b""), b"", b"", scope, send)

    async def _handle_post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A POST: its response is never stored, but open to browsers, limited and measured like every other."""
        status, began = 500, time.perf_counter()
        state = scope.setdefault("state", {})

        async def add_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name.lower() for name, _ in message["headers"]}
                headers = [*common_headers(), _NO_STORE]
                if version := state.get("kb_release"):
                    headers.append((b"kb-release", version.encode()))
                missing = [pair for pair in headers if pair[0] not in names]
                message = {**message, "headers": [*message["headers"], *missing]}
            await send(message)

        self.in_flight += 1
        try:
            await self.app(scope, receive, add_headers)
        finally:
            self.in_flight -= 1
            self.metrics.observe(scope, status, time.perf_counter() - began)

    def _check_concurrency(self) -> None:
        if self.in_flight >= self.max_concurrency:
            raise Overloaded("The server is at its concurrency limit.", retry_after=1)

    async def _refuse(self, scope: Scope, error: KnowledgeBaseError, accept_encoding: bytes, send: Send) -> None:
        response = self._error_response(scope, error)
        self.metrics.observe(scope, response.status, 0.0)
        await self._send(response, accept_encoding, b"", scope, send)

    def _error_response(self, scope: Scope, error: KnowledgeBaseError) -> RenderedResponse:
        status, headers, body = problem_parts(error, scope.get("path", ""), self.link_base)
        headers = [*headers, *common_headers(), _NO_STORE, _VARY, *self._release_header(status, headers)]
        return RenderedResponse(status, headers, body)

    def _release_header(self, status: int, headers: Headers) -> Headers:
        """Current release, for an error that did not read it. Other responses name their release themselves."""
        is_named = status < 400 or not self.version or any(name == b"kb-release" for name, _ in headers)
        return [] if is_named else [(b"kb-release", self.version.encode())]

    async def _compute_in_time(self, scope: Scope, receive: Receive) -> RenderedResponse:
        """The response; a 503 in its place when too many others wait for the database, or when it is unreachable.

        A slot is held until the work on it ends, whether or not its response was given up: so no thread ever waits for a
        connection, and a busy process is not taken for a database that is unreachable.
        """
        if scope["path"].startswith(_WITHOUT_SLOT):
            return await self._compute(scope, receive)
        try:
            has_slot = await self._acquire_slot()
        except Overloaded as error:
            return self._error_response(scope, error)
        task = asyncio.create_task(self._compute(scope, receive))
        if has_slot:
            task.add_done_callback(self._release_slot)
        while not (await asyncio.wait({task}, timeout=_DATABASE_CHECK_SECONDS))[0]:
            if self.database_unreachable:
                task.add_done_callback(_swallow_result)
                return self._error_response(scope, Unavailable("The database did not answer in time.", retry_after=2))
        return task.result()

    async def _acquire_slot(self) -> bool:
        """Wait for a slot. False: the database is unreachable, so the work will end at once. Raises Overloaded."""
        if not self._slots.locked():
            return await self._slots.acquire()
        waiting = asyncio.create_task(self._slots.acquire())
        deadline = time.monotonic() + SLOT_WAIT
        try:
            while not (await asyncio.wait({waiting}, timeout=_DATABASE_CHECK_SECONDS))[0]:
                if self.database_unreachable:
                    return False
                if time.monotonic() > deadline:
                    raise Overloaded("Too many requests wait for the database.", retry_after=2)
            return True
        finally:
            waiting.cancel()

    def _release_slot(self, _: "asyncio.Task[RenderedResponse]") -> None:
        self._slots.release()

    async def request_internal(self, target: str, headers: Headers) -> tuple[int, bytes, str]:
        """Status and body of a GET of this service, and the revision of its release: for documents that show responses."""
        raw_path, _, query = target.encode().partition(b"?")
        scope: Scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(raw_path.decode()),
            "raw_path": raw_path,
            "query_string": query,
            "headers": headers,
            "root_path": "",
            "state": {},
        }
        try:
            check_request_limits(scope, "GET", allow_post=False)
        except KnowledgeBaseError as error:
            response = self._error_response(scope, error)
        else:
            response = await self._compute(scope, _no_body)
        return response.status, response.body, scope["state"].get("kb_revision", "")

    async def _compute(self, scope: Scope, receive: Receive) -> RenderedResponse:
        inner = {
            **scope,
            "method": "GET",
            "headers": [pair for pair in scope["headers"] if pair[0] in FORWARDED_HEADERS] + reduce_headers(scope),
            "state": scope.setdefault("state", {}),
        }
        response = await self.fast_path(inner) if self.fast_path is not None else None
        if response is not None:
            status, headers, body = response.status_code, response.raw_headers, bytes(response.body)
        else:
            status, headers, body = await self._run_application(inner, receive)
        if "route" in inner:
            scope["route"] = inner["route"]
        names = {name for name, _ in headers}
        headers = [pair for pair in headers if pair[0] not in {b"content-length", b"etag"}]
        headers += [pair for pair in common_headers() if pair[0] not in names]
        if b"vary" not in names:
            headers.append(FHIR_VARY if is_fhir_path(scope["path"]) else _VARY)
        if b"cache-control" not in names:
            headers.append(_NO_STORE if status >= 500 else (b"cache-control", b"no-cache"))
        headers += self._release_header(status, headers)
        return RenderedResponse(status, headers + deprecation_headers(inner), body, inner["state"].get("kb_file"))

    async def _run_application(self, scope: Scope, receive: Receive) -> tuple[int, Headers, bytes]:
        status, headers = 500, []
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        try:
            await self.app(scope, receive, collect)
        except Exception:
            # Starlette responds to an unhandled exception with our problem and then raises it again, for servers that log
            # it. It is logged already; where there is no response, the server has to know.
            if not chunks:
                raise
        return status, headers, b"".join(chunks)

    def _store(self, key: bytes, response: RenderedResponse, scope: Scope) -> None:
        state = scope["state"]
        if response.status not in _CACHEABLE_STATUSES or state.get("kb_uncacheable"):
            return
        revision = state.get("kb_revision", "")
        if self.revision and revision in {"", self.revision}:
            self.cache.put(key, response)
