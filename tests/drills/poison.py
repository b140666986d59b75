"""Cache poisoning: requests that try to change the response that other clients get for the same URL."""

import itertools
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from drills.background import BackgroundWork

RATE = 20.0


def _with(*lines: bytes, method: str = "GET", body: bytes = b"", host: bytes = b"kb") -> Callable[[str], bytes]:
    def request(path: str) -> bytes:
        fields = b"".join(line + b"\r\n" for line in (b"Host: " + host, b"Connection: close", *lines))
        return f"{method} {path} HTTP/1.1\r\n".encode() + fields + b"\r\n" + body

    return request


_TRACE: Final = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
# Builders of the raw bytes of a request for a path, by name.
POISONED_REQUESTS: Final[dict[str, Callable[[str], bytes]]] = {
    "control byte": _with(b"X: a\x01b"),
    "every control byte": _with(*(b"X: a" + bytes([byte]) + b"b" for byte in range(1, 32) if byte not in b"\n\r")),
    "DEL": _with(b"X: a\x7fb"),
    "NUL": _with(b"X: a\x00b"),
    "carriage return": _with(b"X: a\rb: c"),
    "control byte in headers that nginx reads": _with(
        b"X-Forwarded-For: \x01",
        b"Accept-Encoding: gzip, \x01",
        b"Traceparent: " + _TRACE + b"-\x01",
        b"Tracestate: \x01",
    ),
    "non-ASCII byte": _with(b"X: \xff\xfe", b"Accept: \xff"),
    "invalid field name": _with(b"X Y: a", b"X(: a", b"\xffX: a", b": a"),
    "folded field": _with(b"X: a", b" b"),
    "invalid length": _with(b"Content-Length: a"),
    "two lengths": _with(b"Content-Length: 0", b"Content-Length: 5"),
    "GET with a body": _with(b"Content-Length: 5", body=b"hello"),
    "GET with a chunked body": _with(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"),
    "invalid chunk": _with(b"Transfer-Encoding: chunked", body=b"zz\r\n"),
    "unknown transfer coding": _with(b"Transfer-Encoding: gzip"),
    "length and chunks": _with(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "a second request in the body": _with(b"Content-Length: 33", body=b"GET /v1/none HTTP/1.1\r\nHost: kb\r\n\r\n"),
    "Expect": _with(b"Expect: 100-continue"),
    "unknown Expect": _with(b"Expect: a miracle"),
    "Upgrade to WebSocket": _with(
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ),
    "Upgrade to HTTP/2": _with(
        b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"
    ),
    "header fields over the limit of the API": _with(*(b"X: " + b"a" * 9_000 for _ in range(3))),
    "header field of 30,000 bytes": _with(b"X: " + b"a" * 30_000),
    "header field over the limit of nginx": _with(b"X: " + b"a" * 40_000),
    "150 header fields": _with(*(b"X-%d: a" % number for number in range(150))),
    "range": _with(b"Range: bytes=0-3"),
    "multiple ranges": _with(b"Range: bytes=0-1,3-4,6-7"),
    "range beyond the body": _with(b"Range: bytes=99999999-"),
    "conditional range": _with(b"Range: bytes=0-3", b'If-Range: "x"'),
    "Accept and Prefer": _with(
        b"Accept: application/fhir+xml",
        b"Prefer: return=minimal, handling=strict, respond-async",
        b"Accept-Language: de",
        b"Accept-Charset: utf-16",
    ),
    "invalid media type": _with(b"Accept: ;;;", b"Content-Type: ;;;"),
    "If-None-Match": _with(b"If-None-Match: *"),
    "If-Match": _with(b'If-Match: "x"'),
    "If-Modified-Since": _with(b"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"),
    "If-Unmodified-Since": _with(b"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:01 GMT"),
    "Cache-Control": _with(b"Cache-Control: no-store, max-age=0, only-if-cached", b"Pragma: no-cache"),
    "forwarding headers": _with(
        b"X-Forwarded-For: 9.9.9.9, \xff",
        b"X-Forwarded-Proto: wss",
        b"X-Forwarded-Host: evil.example",
        b"X-Forwarded-Prefix: /x",
        b"Forwarded: host=evil.example;proto=https",
        b"X-Real-IP: 9.9.9.9",
    ),
    "URL in a header": _with(b"X-Original-URL: /v1/none", b"X-Rewrite-URL: /v1/none", b"X-HTTP-Method-Override: POST"),
    "X-Accel": _with(b"X-Accel-Redirect: /metrics", b"X-Accel-Expires: 86400", b"KB-Build: x", b"KB-Release: x"),
    "foreign Host": _with(host=b"evil.example:99"),
    "Host with a path": _with(host=b"kb?x#y@z"),
    "invalid Host": _with(host=b"[::1"),
    "non-ASCII Host": _with(host=b"\xff"),
    "no Host": lambda path: f"GET {path} HTTP/1.0\r\n\r\n".encode(),
    "two Hosts": _with(b"Host: evil.example"),
    "Origin": _with(
        b"Origin: https://evil.example", b"Access-Control-Request-Method: POST", b"Referer: https://evil.example"
    ),
    "request IDs": _with(b"Traceparent: " + _TRACE, b"X-Request-Id: evil", b"Tracestate: a=b", b"Baggage: a=b"),
    "credentials": _with(b"Authorization: Bearer x", b"Cookie: a=b", b"Proxy-Authorization: x"),
    "Connection with header names": _with(
        b"Connection: Host, Accept-Encoding, Content-Length, X-Forwarded-For, KB-Build"
    ),
    "Connection: keep-alive, TE": _with(
        b"Connection: keep-alive, TE", b"TE: trailers", b"Keep-Alive: timeout=1", b"Trailer: X"
    ),
    "absolute URL": lambda path: (
        f"GET http://evil.example{path} HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n\r\n".encode()
    ),
    "HTTP/1.0": lambda path: f"GET {path} HTTP/1.0\r\nHost: kb\r\n\r\n".encode(),
    "HTTP/0.9": lambda path: f"GET {path}\r\n\r\n".encode(),
    "unknown version": lambda path: f"GET {path} HTTP/3.0\r\nHost: kb\r\n\r\n".encode(),
    "HEAD": _with(method="HEAD"),
    "HEAD with a control byte": _with(b"X: a\x01b", method="HEAD"),
    "OPTIONS": _with(b"Origin: https://evil.example", b"Access-Control-Request-Method: PUT", method="OPTIONS"),
    "POST": _with(b"Content-Length: 2", b"Content-Type: application/json", method="POST", body=b"{}"),
    "DELETE": _with(method="DELETE"),
    "TRACE": _with(method="TRACE"),
    "unknown method": _with(method="BREW"),
}


def _one_off(query: Callable[[int], str]) -> Callable[[str], bytes]:
    numbers = itertools.count()
    request = _with()
    return lambda path: request(f"{path}{'&' if '?' in path else '?'}{query(next(numbers))}"[:7_900])


# Requests that cost much, or that no two of have the same URL: for the limits of parameters and the bounds of caches.
ONE_OFF_REQUESTS: Final[dict[str, Callable[[str], bytes]]] = {
    "100 unknown parameters": _one_off(lambda number: "&".join(f"made_up_{number}_{n}=x" for n in range(95))),
    "8 kB of unknown parameters": _one_off(lambda number: "&".join(f"{n}={number}" for n in range(2_000))),
    "parameters of trackers": _one_off(lambda number: f"utm_source={number}&fbclid={number}&dnt=1"),
    "a known parameter": _one_off(lambda number: f"q={number}&cursor={number}&min_relief=P{number}D"),
    "a long value": _one_off(lambda number: f"release={number}{'x' * 7_000}"),
}


class CachePoisoner(BackgroundWork):
    """Client that sends all hostile requests in turn to all URLs, at a fixed rate, until the block ends."""

    def __init__(
        self,
        port: int,
        urls: Sequence[str],
        *,
        rate: float = RATE,
        requests: Mapping[str, Callable[[str], bytes]] = POISONED_REQUESTS,
    ) -> None:
        self.port, self.urls, self.rate, self.requests = port, urls, rate, requests
        self.sent: Counter[str] = Counter()
        super().__init__()

    def _run(self) -> None:
        start, number, names = time.monotonic(), 0, list(self.requests)
        while not self._stop.wait(max(0.0, start + number / self.rate - time.monotonic())):
            # Every second request is the first kind: of poisoned ones a control byte, which uvicorn itself responds to.
            name = names[0] if number % 2 else names[number // 2 % len(names)]
            self._send(self.requests[name](self.urls[number % len(self.urls)]))
            self.sent[name] += 1
            number += 1

    def _send(self, request: bytes) -> None:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(request)
                connection.settimeout(0.2)
                connection.recv(64)
        except OSError:
            # Some requests are refused or get no response.
            return
