"""Every answer passes here: limits at the door, the response cache, conditional GET, encodings, HEAD.

A response is a pure function of (content release, code build, URL). So bytes and headers are made once and kept, keyed
by the raw bytes of the request line: a hit costs one dictionary look-up, before any routing. The cache is emptied when
another release is seen; what was computed from an earlier snapshot is never put in after that.
"""

import asyncio
import hashlib
import time
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import unquote

import brotli
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.version import code_fingerprint
from app.errors import (
    BadRequest,
    HeadersTooLarge,
    KnowledgeBaseError,
    MethodNotAllowed,
    Overloaded,
    Unavailable,
    UriTooLong,
)
from app.http.deprecation import deprecation_headers
from app.http.file_body import FileBody
from app.http.problems import problem_parts
from app.http.request_body import read_body, replay_body
from app.monitoring.logs import bind_request_id
from app.monitoring.metrics import Metrics

Headers = list[tuple[bytes, bytes]]

MAX_URI: Final = 8_000
MAX_HEADERS: Final = 16_000
MAX_HEADER_COUNT: Final = 100
METHODS: Final = b"GET, HEAD, OPTIONS"
# The one address that is posted to, and reads all the same.
MCP_PATH: Final = "/mcp"
# Smaller bodies do not shrink; a compressed answer to one of them would be larger.
MIN_COMPRESSED: Final = 256
# Answers that say no are kept in a small place of their own: made-up addresses must not push out real ones.
MAX_CACHED_ERRORS: Final = 512
EXPOSED_HEADERS: Final = b"ETag, Link, KB-Release, KB-Stale, KB-Request-Id, Retry-After, Deprecation, Sunset, Content-Language, RateLimit-Policy"
COMMON_HEADERS: Final[Headers] = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", EXPOSED_HEADERS),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    # Says that the application made this answer, and with which code: what is without it, no cache in front may keep.
    (b"kb-build", code_fingerprint().encode()),
]
# All that the application sees of the headers of a GET. What it answers is held for everybody who asks for the address:
# so nothing else may change it. The one answer that this one changes (/metrics) is never held.
FORWARDED_HEADERS: Final = frozenset({b"authorization"})
# Seconds: with one more look it stays below the two that a caller is promised.
DB_RESPONSE_TIMEOUT: Final = 1.5
_CACHEABLE: Final = frozenset({200, 301, 307, 308, 400, 404, 410, 422})


class CachedResponse:
    """One answer, ready to send: a body and headers for each encoding, made when first asked for."""

    __slots__ = ("body", "etag", "file", "headers", "not_modified", "size", "status", "touched", "variants")

    def __init__(self, status: int, headers: Headers, body: bytes, file: FileBody | None = None) -> None:
        self.status = status
        self.body = body
        # The body lies on disk: it is sent as it is, in pieces, and not held.
        self.file = file if status == 200 else None
        # Of the release too: a cache that is told 304 keeps its old headers, and KB-Release is one of them.
        release = next((value for name, value in headers if name == b"kb-release"), b"")
        # SHA-256 is the strong hash that processors have an instruction for.
        digest = hashlib.sha256(release + b"\0")
        digest.update(self.file.digest.encode() if self.file else body)
        self.etag = digest.hexdigest()[:24].encode() if status == 200 else b""
        self.headers = headers
        self.variants: dict[bytes, tuple[Message, Message, Message, bytes]] = {}
        self.size = len(body) + 600
        self.touched = 0

    def variant(self, encoding: bytes) -> tuple[Message, Message, Message, bytes]:
        """Start of a 200, body, start of a 304, and the ETag, for one encoding."""
        found = self.variants.get(encoding)
        return found if found is not None else self._build_variant(encoding)

    def _build_variant(self, encoding: bytes) -> tuple[Message, Message, Message, bytes]:
        body = self.body
        if encoding and (self.file or len(body) < MIN_COMPRESSED or not _is_compressible(self.headers)):
            made = self.variants[encoding] = self.variant(b"")
            return made
        headers = list(self.headers)
        etag = b""
        if encoding == b"br":
            body = brotli.compress(body, quality=5)
        elif encoding == b"gzip":
            packer = zlib.compressobj(6, zlib.DEFLATED, 31)
            body = packer.compress(body) + packer.flush()
        if encoding:
            headers.append((b"content-encoding", encoding))
        if self.etag:
            etag = b'"' + self.etag + (b"-" + encoding if encoding else b"") + b'"'
            headers.append((b"etag", etag))
        length = self.file.size if self.file else len(body)
        headers.append((b"content-length", str(length).encode()))
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        kept = [pair for pair in headers if pair[0] not in {b"content-length", b"content-type", b"content-encoding"}]
        unchanged = {"type": "http.response.start", "status": 304, "headers": kept}
        made = (start, {"type": "http.response.body", "body": body}, unchanged, etag)
        self.variants[encoding] = made
        self.size += len(body) + 600
        return made


def _swallow_result(task: "asyncio.Task[CachedResponse]") -> None:
    """Whatever becomes of an answer that nobody waits for any more."""
    if not task.cancelled():
        task.exception()


_EMPTY: Final[Message] = {"type": "http.response.body", "body": b""}
_COMPRESSIBLE_TYPES: Final = (
    b"text/",
    b"application/json",
    b"application/problem",
    b"application/ld",
    b"image/svg",
    b"application/xml",
    b"application/openapi",
    b"application/fhir",
    b"application/atom",
    b"application/feed",
    b"application/javascript",
    b"application/x-ndjson",
)


def _is_compressible(headers: Headers) -> bool:
    return next((value.startswith(_COMPRESSIBLE_TYPES) for name, value in headers if name == b"content-type"), False)


def negotiate_encoding(accepted: bytes) -> bytes:
    """Which of our encodings a client takes: br before gzip, q=0 respected; empty for neither."""
    if not accepted:
        return b""
    qualities: dict[bytes, float] = {}
    for part in accepted.lower().split(b","):
        name, _, parameters = part.partition(b";")
        quality = 1.0
        for parameter in parameters.split(b";"):
            key, _, number = parameter.strip().partition(b"=")
            if key == b"q":
                try:
                    quality = float(number)
                except ValueError:
                    quality = 0.0
        qualities[name.strip()] = quality
    star = qualities.get(b"*", 0.0)
    best = max((b"br", b"gzip"), key=lambda one: qualities.get(one, star))
    return best if qualities.get(best, star) > 0 else b""


def etag_matches(wanted: bytes, etag: bytes) -> bool:
    """Does If-None-Match name this ETag (weak comparison), or any."""
    if wanted == etag or wanted.strip() == b"*":
        return True
    return any(one.strip().removeprefix(b"W/") == etag for one in wanted.split(b","))


class ResponseCache:
    """The ASGI application around the application."""

    def __init__(
        self, app: ASGIApp, *, cache_bytes: int, max_concurrency: int, metrics: Metrics, link_base: str
    ) -> None:
        self.app = app
        self.cache_bytes = cache_bytes
        self.max_concurrency = max_concurrency
        self.metrics = metrics
        self.link_base = link_base
        # The short way to an answer; None from it: the application answers.
        self.fast_path: Callable[[Scope], Awaitable[Response | None]] | None = None
        self.revision = ""
        self.version = ""
        self.stale = False
        # The database may hang without a word: then nobody waits longer than `PATIENCE` (a file on this machine cannot).
        self.database_can_hang = False
        self.last_poll_at = 0.0
        self.in_flight = 0
        self._entries: OrderedDict[bytes, CachedResponse] = OrderedDict()
        self._errors: OrderedDict[bytes, CachedResponse] = OrderedDict()
        self._bytes = 0
        self._encodings: dict[bytes, bytes] = {b"": b""}
        self._pending: dict[bytes, asyncio.Future[CachedResponse | None]] = {}
        self._clock = 0

    def set_release(self, revision: str, version: str = "") -> None:
        """Another release is current: nothing of the one before is answered any more."""
        self.stale = False
        self.last_poll_at = time.monotonic()
        if revision != self.revision:
            self.revision, self.version = revision, version
            self._entries.clear()
            self._errors.clear()
            self._bytes = 0

    def mark_stale(self) -> None:
        """The database cannot be reached: what is held is answered, and says that it may be stale."""
        self.stale = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        if method in ("GET", "HEAD"):
            key = scope["raw_path"] + b"?" + scope["query_string"]
            entry = self._entries.get(key) or self._errors.get(key)
            accepted = wanted = b""
            for name, value in scope["headers"]:
                if name == b"accept-encoding":
                    accepted = value
                elif name == b"if-none-match":
                    wanted = value
            if entry is not None:
                self.metrics.hits += 1
                self._clock += 1
                # Moving an entry to the young end each time would cost more than the look-up: now and then is enough.
                if self._clock - entry.touched > 64:
                    self._touch(key, entry)
                await self._send(entry, accepted, wanted, method, send)
                return
        else:
            accepted = wanted = b""
            key = b""
        await self._handle_miss(scope, receive, send, method=method, key=key, accepted=accepted, wanted=wanted)

    def _touch(self, key: bytes, entry: CachedResponse) -> None:
        entry.touched = self._clock
        held = self._entries if key in self._entries else self._errors
        held.move_to_end(key)

    async def _send(self, entry: CachedResponse, accepted: bytes, wanted: bytes, method: str, send: Send) -> None:
        encoding = self._encodings.get(accepted)
        if encoding is None:
            encoding = negotiate_encoding(accepted)
            if len(self._encodings) < 256:
                self._encodings[accepted] = encoding
        start, body, unchanged, etag = entry.variant(encoding)
        if wanted and etag and etag_matches(wanted, etag):
            start, body = unchanged, _EMPTY
        if self.stale:
            start = {**start, "headers": [*start["headers"], (b"kb-stale", b"database-unreachable")]}
        await send(start)
        if entry.file and method != "HEAD" and body is not _EMPTY:
            await entry.file.send(send)
        else:
            await send(_EMPTY if method == "HEAD" else body)

    async def _handle_miss(
        self, scope: Scope, receive: Receive, send: Send, *, method: str, key: bytes, accepted: bytes, wanted: bytes
    ) -> None:
        self.metrics.misses += 1
        bind_request_id(scope["headers"])
        posted = method == "POST" and scope["path"] == MCP_PATH
        try:
            _check_request_limits(scope, method, posted=posted)
            body = await read_body(scope["headers"], receive) if posted else b""
            if self.in_flight >= self.max_concurrency:
                raise Overloaded("The service is answering as many requests as it is set to.", retry_after=1)
        except KnowledgeBaseError as error:
            entry = self._error_response(scope, error)
            await self._send(entry, accepted, b"", method, send)
            return
        except ConnectionError:
            return
        if method == "OPTIONS":
            preflight = _MCP_PREFLIGHT if scope["path"] == MCP_PATH else _PREFLIGHT
            await self._send(CachedResponse(204, [*COMMON_HEADERS, *preflight], b""), b"", b"", method, send)
            return
        if posted:
            await self._handle_post(scope, replay_body(body, receive), send)
            return
        self.in_flight += 1
        began = time.perf_counter()
        try:
            entry = await (self._compute_in_time(scope, receive) if self.database_can_hang else self._compute(scope, receive))
        finally:
            self.in_flight -= 1
        self.metrics.observe(scope, entry.status, time.perf_counter() - began)
        self._store(key, entry, scope)
        # What speaks of this moment is never "unchanged".
        live = (scope.get("state") or {}).get("kb_live")
        await self._send(entry, accepted, b"" if live else wanted, method, send)

    async def _handle_post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An answer to what was posted: never kept, but open to browsers, bounded and measured like every other."""
        status, began = 500, time.perf_counter()
        state = scope.setdefault("state", {})

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name.lower() for name, _ in message["headers"]}
                more = [*COMMON_HEADERS, (b"cache-control", b"no-store")]
                if version := state.get("kb_release"):
                    more.append((b"kb-release", version.encode()))
                kept = [pair for pair in more if pair[0] not in names]
                message = {**message, "headers": [*message["headers"], *kept]}
            await send(message)

        self.in_flight += 1
        try:
            await self.app(scope, receive, told)
        finally:
            self.in_flight -= 1
            self.metrics.observe(scope, status, time.perf_counter() - began)

    def _error_response(self, scope: Scope, error: KnowledgeBaseError) -> CachedResponse:
        status, headers, body = problem_parts(error, scope.get("path", ""), self.link_base)
        self.metrics.observe(scope, status, 0.0)
        more = [(b"cache-control", b"no-store"), (b"vary", b"Accept-Encoding"), *self._release_header(status, headers)]
        return CachedResponse(status, [*headers, *COMMON_HEADERS, *more], body)

    def _release_header(self, status: int, headers: Headers) -> Headers:
        """The release that a refusal stands beside, where none was read for it. Other answers name theirs themselves."""
        named = status < 400 or not self.version or any(name == b"kb-release" for name, _ in headers)
        return [] if named else [(b"kb-release", self.version.encode())]

    async def _compute_in_time(self, scope: Scope, receive: Receive) -> CachedResponse:
        """The answer; 503 instead of it when it takes long and the database has not been heard of meanwhile."""
        task = asyncio.create_task(self._compute(scope, receive))
        wait = DB_RESPONSE_TIMEOUT
        while not (await asyncio.wait({task}, timeout=wait))[0]:
            wait = 0.2
            if self.stale or time.monotonic() - self.last_poll_at > DB_RESPONSE_TIMEOUT:
                task.add_done_callback(_swallow_result)
                return self._error_response(scope, Unavailable("The database did not answer in time.", retry_after=2))
        return task.result()

    async def request_internal(self, target: str, headers: Headers) -> tuple[int, bytes, str]:
        """Status and body of the answer to a GET, and the revision it is of: for the document that shows answers."""
        raw, _, query = target.encode().partition(b"?")
        scope: Scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(raw.decode()),
            "raw_path": raw,
            "query_string": query,
            "headers": headers,
            "root_path": "",
            "state": {},
        }
        try:
            _check_request_limits(scope, "GET", posted=False)
        except KnowledgeBaseError as error:
            entry = self._error_response(scope, error)
        else:
            entry = await self._compute(scope, _no_body)
        return entry.status, entry.body, scope["state"].get("kb_revision", "")

    async def _compute(self, scope: Scope, receive: Receive) -> CachedResponse:
        status, headers, parts = 500, [], []

        async def collect(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        inner = {**scope, "method": "GET", "headers": [pair for pair in scope["headers"] if pair[0] in FORWARDED_HEADERS]}
        inner["state"] = scope.setdefault("state", {})
        if self.fast_path is not None and (made := await self._try_fast_path(inner)) is not None:
            status, headers, parts = made.status_code, made.raw_headers, [bytes(made.body)]
        else:
            try:
                await self.app(inner, receive, collect)
            except Exception:
                # Starlette answers a defect with our 500 problem and then raises it again, for servers that log it.
                # It is logged already; where nothing was answered, the server has to know.
                if not parts:
                    raise
        if "route" in inner:
            scope["route"] = inner["route"]
        names = {name for name, _ in headers}
        headers = [pair for pair in headers if pair[0] not in {b"content-length", b"etag"}]
        headers += [pair for pair in COMMON_HEADERS if pair[0] not in names]
        if b"vary" not in names:
            headers.append((b"vary", b"Accept-Encoding"))
        if b"cache-control" not in names:
            headers.append((b"cache-control", b"no-store" if status >= 500 else b"no-cache"))
        headers += self._release_header(status, headers)
        return CachedResponse(status, headers + deprecation_headers(inner), b"".join(parts), inner["state"].get("kb_file"))

    async def _try_fast_path(self, scope: Scope) -> Response | None:
        try:
            return await self.fast_path(scope) if self.fast_path is not None else None
        except Exception:  # noqa: BLE001 - whatever it is: the application meets it again and answers for it
            return None

    def _store(self, key: bytes, entry: CachedResponse, scope: Scope) -> None:
        state = scope.get("state") or {}
        revision = state.get("kb_revision", "")
        if not self.cache_bytes or entry.status not in _CACHEABLE or state.get("kb_live") or not self.revision:
            return
        if revision and revision != self.revision:
            return
        if entry.status != 200:
            self._errors[key] = entry
            while len(self._errors) > MAX_CACHED_ERRORS:
                self._errors.popitem(last=False)
            return
        # Three encodings may come to be held: count for them from the start, so that the bound holds.
        entry.size = len(key) + 2 * len(entry.body) + 2_000
        if entry.size > self.cache_bytes // 4:
            return
        old = self._entries.pop(key, None)
        self._bytes += entry.size - (old.size if old else 0)
        self._entries[key] = entry
        while self._bytes > self.cache_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._bytes -= oldest.size

    @property
    def cache_size(self) -> tuple[int, int]:
        """Entries and bytes held."""
        return len(self._entries) + len(self._errors), self._bytes


async def _no_body() -> Message:
    return {"type": "http.disconnect"}


_PREFLIGHT: Final[Headers] = [
    (b"allow", METHODS),
    (b"access-control-allow-methods", METHODS),
    (b"access-control-allow-headers", b"If-None-Match, Accept, Accept-Language, Content-Type, Traceparent"),
    (b"access-control-max-age", b"86400"),
    (b"cache-control", b"max-age=86400"),
    (b"vary", b"Accept-Encoding"),
]


# A client of MCP sends headers of its protocol's own, and posts.
_MCP_PREFLIGHT: Final[Headers] = [
    (b"allow", b"POST, OPTIONS"),
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-max-age", b"86400"),
    (b"cache-control", b"max-age=86400"),
    (b"vary", b"Accept-Encoding"),
]


def _check_request_limits(scope: Scope, method: str, *, posted: bool) -> None:
    raw, query = scope["raw_path"], scope["query_string"]
    if len(raw) + len(query) > MAX_URI:
        raise UriTooLong(f"Path and query have {len(raw) + len(query)} bytes; at most {MAX_URI} are read.")
    headers = scope["headers"]
    if len(headers) > MAX_HEADER_COUNT or sum(len(name) + len(value) for name, value in headers) > MAX_HEADERS:
        raise HeadersTooLarge(f"Header fields may have {MAX_HEADERS} bytes in all, and number {MAX_HEADER_COUNT}.")
    if method not in ("GET", "HEAD", "OPTIONS") and not posted:
        allow = "POST, OPTIONS" if scope["path"] == MCP_PATH else METHODS.decode()
        raise MethodNotAllowed(f"{method[:20]} is not answered here.", allow=allow)
    for part, name in ((raw, "path"), (query, "query")):
        _check_percent_encoding(part, name)


def _check_percent_encoding(part: bytes, name: str) -> None:
    if b"%" not in part and part.isascii() and b"\0" not in part:
        return
    pieces = part.split(b"%")
    decoded = [pieces[0]]
    for piece in pieces[1:]:
        try:
            decoded.append(
                bytes([int(piece[:2], 16)]) + piece[2:] if len(piece) >= 2 and piece[:2].isalnum() else _broken()
            )
        except ValueError:
            raise BadRequest(f"The {name} holds a percent sign without two hexadecimal digits behind it.") from None
    whole = b"".join(decoded)
    if b"\0" in whole:
        raise BadRequest(f"The {name} holds a NUL.")
    try:
        whole.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"The {name} is not UTF-8.") from None


def _broken() -> bytes:
    raise ValueError
