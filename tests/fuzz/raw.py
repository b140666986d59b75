"""Raw HTTP over sockets that no client library sends. Allows no 5xx but a documented 503, no traceback, nothing undocumented.

Usage: `python tests/fuzz/raw.py`, with the server URL in KB_URL. KB_FULL=1 sends many more requests.
"""

import json
import os
import random
import re
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import urlopen

URL = os.environ["KB_URL"]
FULL = bool(os.environ.get("KB_FULL"))
SEED = int(os.environ.get("KB_FUZZ_SEED", "1"))
HOST = urlsplit(URL)
# Statuses of the HTTP server for malformed requests, before the application runs.
MALFORMED = {400, 431}
TIMEOUT = 3.0
Headers = dict[str, str]


@dataclass
class Response:
    status: int
    headers: Headers
    body: bytes


def exchange(data: bytes) -> list[Response]:
    """All responses to these bytes on one connection."""
    received = b""
    with socket.create_connection((str(HOST.hostname), int(HOST.port or 80)), timeout=TIMEOUT) as connection:
        try:
            connection.sendall(data)
            while chunk := connection.recv(65536):
                received += chunk
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            # The request is incomplete or keeps the connection open: use what has been received.
            pass
    return list(parse_responses(received, head=data[:5].upper() == b"HEAD "))


def parse_responses(received: bytes, *, head: bool) -> Iterator[Response]:
    while received.startswith(b"HTTP/1.1 "):
        top, _, rest = received.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        empty = head or status in {204, 304}
        if "chunked" in headers.get("transfer-encoding", "") and not empty:
            yield Response(status, headers, rest)
            return
        length = 0 if empty else int(headers.get("content-length", len(rest)))
        yield Response(status, headers, rest[:length])
        received = rest[length:]
        # An interim response is followed by the final one.


def build_request(target: bytes, *lines: bytes, method: bytes = b"GET") -> bytes:
    top = b"%s %s HTTP/1.1\r\nHost: kb.test\r\nConnection: close\r\n" % (method, target)
    return top + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


PATHS = (
    b"/v1/procedures",
    b"/v1/procedures/vertebroplasty",
    b"/v1/procedures/batch",
    b"/v1/search",
    b"/v1/targets/matrix",
    b"/v1/claims/x",
    b"/v1/releases/0.1.0/changes",
    b"/v1/compare",
    b"/openapi.json",
    b"/health/ready",
    b"/problems/gone",
    b"/docs",
    b"/",
    b"/procedures/vertebroplasty",
    b"/search",
)
NASTY = (
    b"%00",
    b"%ED%A0%80",
    b"%ED%B0%80%ED%A0%80",
    b"%FF%FE",
    b"%C0%AF",
    b"%",
    b"%2",
    b"%zz",
    b"%u0041",
    b"\xff\xfe",
    b"\xc3\xa9",
    b"%F4%90%80%80",
    b"%E2%80%AE",
    b"%0d%0aX-Injected:%20yes",
    b"../../etc/passwd",
    b"..%2f..%2fetc%2fpasswd",
    b"%2e%2e/",
    b"//",
    b";a=b",
    b"'%20OR%201=1--",
    b"%3Cscript%3E",
    b"9" * 400,
    b"-9223372036854775809",
    b"1e309",
    b"NaN",
    b"a" * 3000,
    b"a" * 9000,
    b"%F0%9F%98%80" * 60,
    b"{{7*7}}",
    b"+",
    b"%20",
    b"",
)
PARAMETERS = (
    b"limit",
    b"cursor",
    b"q",
    b"family",
    b"condition",
    b"pain_generator",
    b"procedure",
    b"slug",
    b"sort",
    b"facet",
    b"release",
    b"updated_since",
    b"min_relief",
    b"implant",
    b"risk",
    b"type",
    b"entity",
    b"role",
    b"nothing",
    b"",
)
FIELDS = (
    b"If-None-Match: *",
    b'If-None-Match: W/"x", "y',
    b"If-None-Match: " + b'"a",' * 2000,
    b"If-None-Match: \xff\xfe",
    b'If-Match: "x"',
    b"If-Modified-Since: yesterday",
    b"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT",
    b'If-Range: "x"',
    b"Range: bytes=0-",
    b"Range: bytes=9-1,--,5-",
    b"Range: bytes=" + b"0-1," * 900,
    b"Range: pages=1",
    b"Accept: text/nothing;q=0",
    b"Accept: */*;q=banana",
    b"Accept-Encoding: br;q=nan, gzip;q=inf, *;q=-1",
    b"Accept-Encoding: " + b"x," * 4000,
    b"Accept-Encoding: identity;q=0, *;q=0",
    b"Accept-Language: " + b"\xe9" * 50,
    b"Content-Length: 0",
    b"Origin: null",
    b"Access-Control-Request-Method: DELETE",
    b"Host: other.test",
    b"X-Forwarded-Host: evil.test",
    b"X-Forwarded-Proto: gopher",
    b"X-Request-ID: " + b"\xff" * 300,
    b"Traceparent: 00-zz-zz-zz",
    b"Authorization: Bearer \xff",
    b"Cookie: " + b"a=b;" * 1000,
    b"Connection: upgrade",
    b"Upgrade: websocket",
    b"TE: trailers",
    b"Expect: 100-continue",
)
METHODS = (b"HEAD", b"OPTIONS", b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"CONNECT", b"BREW", b"get", b"M" * 300)


def list_requests() -> Iterator[bytes]:
    for path in PATHS:
        yield build_request(path)
        for nasty in NASTY:
            yield build_request(path + b"/" + nasty)
            yield build_request(path + b"?q=" + nasty)
            yield build_request(path + b"?" + nasty)
        for field in FIELDS:
            yield build_request(path, field)
        for method in METHODS:
            yield build_request(path, method=method)
    for name in PARAMETERS:
        for nasty in NASTY:
            yield build_request(b"/v1/procedures?%s=%s" % (name, nasty))
            yield build_request(b"/v1/procedures?%s=%s&%s=%s" % (name, nasty, name, nasty))
    yield from list_oversized_requests()
    yield from list_malformed_requests()


def list_oversized_requests() -> Iterator[bytes]:
    yield build_request(b"/v1/procedures", *(b"X-%d: y" % number for number in range(150)))
    yield build_request(b"/v1/procedures", *(b"X-%d: y" % number for number in range(5000)))
    yield build_request(b"/v1/procedures", b"X-Long: " + b"y" * 17_000)
    yield build_request(b"/v1/procedures", b"X-Long: " + b"y" * 200_000)
    yield build_request(b"/v1/procedures?" + b"&".join(b"family=ablation" for _ in range(400)))
    yield build_request(b"/v1/procedures?" + b"&".join(b"x%d=1" % number for number in range(700)))
    yield build_request(b"/v1/procedures/batch?" + b"&".join(b"slug=a%d" % number for number in range(60)))
    yield build_request(b"/v1/search?q=" + b"%22" * 60)
    yield build_request(b"/" + b"a/" * 3900)


def list_malformed_requests() -> Iterator[bytes]:
    keep_alive = build_request(b"/v1/procedures?limit=1").replace(b"Connection: close\r\n", b"")
    yield keep_alive * 5 + build_request(b"/v1/nothing")
    yield keep_alive + b"garbage\r\n\r\n"
    yield b"\r\n\r\n" + build_request(b"/v1/procedures")
    yield b"GET /v1/procedures HTTP/9.9\r\n\r\n"
    yield b"GET /v1/procedures\r\n\r\n"
    yield b"GET http://evil.test/v1/procedures HTTP/1.1\r\nHost: kb.test\r\nConnection: close\r\n\r\n"
    yield b"GET * HTTP/1.1\r\nHost: kb.test\r\nConnection: close\r\n\r\n"
    yield b"OPTIONS * HTTP/1.1\r\nHost: kb.test\r\nConnection: close\r\n\r\n"
    yield b"GET /v1/procedures HTTP/1.1\r\nConnection: close\r\n\r\n"
    yield b"GET /v1/procedures HTTP/1.0\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00"
    yield b"\0" * 4096
    yield build_request(b"/v1/procedures", b"No colon here")
    yield build_request(b"/v1/procedures", b"X: a\r\n folded")
    yield build_request(b"/v1/procedures", b"X\0Y: a")
    yield build_request(b"/v1/procedures", b"Content-Length: 5", b"Content-Length: 6") + b"hello"
    yield build_request(b"/v1/procedures", b"Content-Length: -1")
    yield build_request(b"/v1/procedures", b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"
    yield build_request(b"/v1/procedures", b"Transfer-Encoding: chunked", method=b"POST") + b"zz\r\nnot a chunk"
    yield build_request(b"/v1/procedures", b"Content-Length: 100000", method=b"POST") + b"x" * 100
    yield build_request(b"/v1/procedures", b"Content-Length: 5") + b"hello" + build_request(b"/v1/nothing")
    yield build_request(b"/v1/procedures#fragment")
    yield build_request(b"/v1/proc edures")
    yield build_request(b"/v1/procedures?a b")


def list_mutated_requests(randomness: random.Random, count: int) -> Iterator[bytes]:
    """Requests built from known parts, with some bytes changed."""
    for _ in range(count):
        path, name, nasty = randomness.choice(PATHS), randomness.choice(PARAMETERS), randomness.choice(NASTY)
        data = bytearray(build_request(b"%s?%s=%s" % (path, name, nasty), *randomness.sample(FIELDS, 3)))
        for _ in range(randomness.choice((0, 1, 3))):
            data[randomness.randrange(len(data))] = randomness.randrange(256)
        yield bytes(data)


def load_documented() -> list[tuple[re.Pattern[str], dict[str, set[str]]]]:
    """Documented paths as patterns, each with the media types of every documented status."""
    with urlopen(f"{URL}/openapi.json", timeout=60) as response:
        document = json.load(response)
    shared = document["components"]["responses"]
    documented = []
    for path, item in document["paths"].items():
        media_types = {
            status: set(
                shared[response["$ref"].rpartition("/")[2]].get("content", {})
                if "$ref" in response
                else response["content"]
            )
            for status, response in item["get"]["responses"].items()
        }
        # Paths with fewer parameters are more specific and come first.
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$")
        documented.append((path.count("{"), pattern, media_types))
    documented.sort(key=lambda entry: entry[0])
    return [(pattern, media_types) for _, pattern, media_types in documented]


def find_faults(
    data: bytes, responses: list[Response], paths: list[tuple[re.Pattern[str], dict[str, set[str]]]]
) -> list[str]:
    faults = []
    line = re.match(rb"(GET|HEAD) (/[^ ?#]*)[^ ]* HTTP/1\.1\r\n", data)
    for response in responses:
        media_type = response.headers.get("content-type", "").split(";")[0]
        if response.status >= 500 and response.status != 503:
            faults.append(f"status {response.status}")
        if b"Traceback" in response.body or b"site-packages" in response.body:
            faults.append("traceback in the body")
        if "x-injected" in response.headers or b"evil.test" in response.body.partition(b"detail")[0]:
            faults.append("request text is echoed in the response")
        if response.status in MALFORMED and media_type == "text/plain":
            continue
        if (
            response.status >= 400
            and media_type != "application/problem+json"
            and not media_type.startswith("text/html")
        ):
            faults.append(f"{response.status} as {media_type!r}")
        if response is not responses[0] or line is None:
            continue
        path = line[2].decode("latin-1")
        for pattern, media_types in paths:
            if pattern.match(path):
                if str(response.status) not in media_types:
                    faults.append(f"{response.status} is not documented for {pattern.pattern}")
                elif (
                    media_type
                    and response.status != 304
                    and media_type not in {name.split(";")[0] for name in media_types[str(response.status)]}
                ):
                    faults.append(f"{response.status} as {media_type} is not documented for {pattern.pattern}")
                break
    return faults


def main() -> None:
    paths, fault_count, sent, received = load_documented(), 0, 0, 0
    randomness = random.Random(SEED)
    requests = [*list_requests(), *list_mutated_requests(randomness, 20_000 if FULL else 1_000)]
    with ThreadPoolExecutor(8) as pool:
        exchanges = zip(requests, pool.map(exchange, requests), strict=True)
    for data, responses in exchanges:
        sent, received = sent + 1, received + len(responses)
        for fault in find_faults(data, responses, paths):
            fault_count += 1
            if fault_count <= 40:
                print(
                    f"{fault}: {data[:160]!r} -> {[(response.status, response.body[:120]) for response in responses][:2]}"
                )
    with urlopen(f"{URL}/health/ready", timeout=60) as response:
        assert response.status == 200
    print(f"raw HTTP: {sent} requests, {received} responses, {fault_count} faults (seed {SEED})")
    sys.exit(1 if fault_count else 0)


if __name__ == "__main__":
    main()
