"""Cached response: a body ready to send in each encoding, its ETag, and conditional GET."""

import hashlib
import zlib
from typing import Final

import brotli
from starlette.types import Message

from app.http.file_body import FileBody

Headers = list[tuple[bytes, bytes]]
# Start of a 200, body, start of a 304, and the ETag.
Variant = tuple[Message, Message, Message, bytes]

# Smaller bodies do not shrink: compressed they would be larger.
MIN_COMPRESSED: Final = 256
EMPTY_BODY: Final[Message] = {"type": "http.response.body", "body": b""}
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
_ENTITY_HEADERS: Final = frozenset({b"content-length", b"content-type", b"content-encoding"})


class RenderedResponse:
    """One response, ready to send: body and headers for each encoding, built when first requested."""

    __slots__ = ("body", "etag", "file", "headers", "size", "status", "touched", "variants")

    def __init__(self, status: int, headers: Headers, body: bytes, file: FileBody | None = None) -> None:
        self.status = status
        self.body = body
        # A body on disk is sent in chunks, and not held in memory.
        self.file = file if status == 200 else None
        # The release enters the ETag: a cache that receives a 304 keeps its old headers, and KB-Release is one of them.
        release = next((value for name, value in headers if name == b"kb-release"), b"")
        # SHA-256 is the strong hash that processors have an instruction for.
        digest = hashlib.sha256(release + b"\0")
        digest.update(self.file.digest.encode() if self.file else body)
        self.etag = digest.hexdigest()[:24].encode() if status == 200 else b""
        self.headers = headers
        self.variants: dict[bytes, Variant] = {}
        # Bytes that the cache counts for it, set when it is stored.
        self.size = 0
        self.touched = 0

    def variant(self, encoding: bytes) -> Variant:
        """The response in one encoding."""
        variant = self.variants.get(encoding)
        return variant if variant is not None else self._build_variant(encoding)

    def file_in(self, encoding: bytes) -> FileBody | None:
        """File with the body in one encoding; None: the body is in memory."""
        return self.file.compressed.get(encoding, self.file) if self.file else None

    def _is_compressed_in(self, encoding: bytes) -> bool:
        if self.file:
            return encoding in self.file.compressed
        return len(self.body) >= MIN_COMPRESSED and _is_compressible(self.headers)

    def _build_variant(self, encoding: bytes) -> Variant:
        if encoding and not self._is_compressed_in(encoding):
            variant = self.variants[encoding] = self.variant(b"")
            return variant
        body = b"" if self.file else _compress(self.body, encoding)
        headers = list(self.headers)
        etag = b""
        if encoding:
            headers.append((b"content-encoding", encoding))
        if self.etag:
            etag = b'"' + self.etag + (b"-" + encoding if encoding else b"") + b'"'
            headers.append((b"etag", etag))
        # A 204 has no content, and by RFC 9110 no length of it.
        if self.status != 204:
            file = self.file_in(encoding)
            headers.append((b"content-length", str(file.size if file else len(body)).encode()))
            if file:
                headers.append((b"accept-ranges", b"bytes"))
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        kept = [pair for pair in headers if pair[0] not in _ENTITY_HEADERS]
        not_modified = {"type": "http.response.start", "status": 304, "headers": kept}
        variant = (start, {"type": "http.response.body", "body": body}, not_modified, etag)
        self.variants[encoding] = variant
        return variant


def _compress(body: bytes, encoding: bytes) -> bytes:
    if encoding == b"br":
        compressed: bytes = brotli.compress(body, quality=5)
        return compressed
    if encoding == b"gzip":
        compressor = zlib.compressobj(6, zlib.DEFLATED, 31)
        return compressor.compress(body) + compressor.flush()
    return body


def _is_compressible(headers: Headers) -> bool:
    return next((value.startswith(_COMPRESSIBLE_TYPES) for name, value in headers if name == b"content-type"), False)


def negotiate_encoding(accept_encoding: bytes) -> bytes:
    """Encoding that a client accepts: br before gzip, q=0 respected; empty for neither."""
    if not accept_encoding:
        return b""
    qualities: dict[bytes, float] = {}
    for coding in accept_encoding.lower().split(b","):
        name, _, parameters = coding.partition(b";")
        quality = 1.0
        for parameter in parameters.split(b";"):
            key, _, number = parameter.strip().partition(b"=")
            if key == b"q":
                try:
                    quality = float(number)
                except ValueError:
                    quality = 0.0
        qualities[name.strip()] = quality
    wildcard = qualities.get(b"*", 0.0)
    best = max((b"br", b"gzip"), key=lambda encoding: qualities.get(encoding, wildcard))
    return best if qualities.get(best, wildcard) > 0 else b""


def etag_matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether If-None-Match names this ETag (weak comparison), or any."""
    if if_none_match == etag or if_none_match.strip() == b"*":
        return True
    return any(candidate.strip().removeprefix(b"W/") == etag for candidate in if_none_match.split(b","))
