"""Raw HTTP over sockets: what no client library sends. No 5xx but a documented 503, no traceback, nothing undocumented.

Usage: `python tests/fuzz/raw.py`, with the address in KB_URL; KB_FULL=1 sends many more.
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
# What the server itself says to what is no HTTP, before any application runs.
MALFORMED = {400, 431}
PATIENCE = 3.0
Headers = dict[str, str]


@dataclass
class Answer:
    status: int
    headers: Headers
    body: bytes


def exchange(data: bytes) -> list[Answer]:
    """Everything that is answered to these bytes on one connection."""
    received = b""
    with socket.create_connection((str(HOST.hostname), int(HOST.port or 80)), timeout=PATIENCE) as one:
        try:
            one.sendall(data)
            while piece := one.recv(65536):
                received += piece
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            # What is not whole, or does not ask for the connection to be closed, is waited for no longer.
            pass
    return list(answers_in(received, head=data[:5].upper() == b"HEAD "))


def answers_in(received: bytes, *, head: bool) -> Iterator[Answer]:
    while received.startswith(b"HTTP/1.1 "):
        top, _, rest = received.partition(b"\r\n\r\n")
        first, *lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        empty = head or status in {204, 304}
        if "chunked" in headers.get("transfer-encoding", "") and not empty:
            yield Answer(status, headers, rest)
            return
        length = 0 if empty else int(headers.get("content-length", len(rest)))
        yield Answer(status, headers, rest[:length])
        received = rest[length:]
        # An interim answer is followed by the one that counts.


def get(target: bytes, *lines: bytes, method: bytes = b"GET") -> bytes:
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


def cases() -> Iterator[bytes]:
    for path in PATHS:
        yield get(path)
        for nasty in NASTY:
            yield get(path + b"/" + nasty)
            yield get(path + b"?q=" + nasty)
            yield get(path + b"?" + nasty)
        for field in FIELDS:
            yield get(path, field)
        for method in METHODS:
            yield get(path, method=method)
    for name in PARAMETERS:
        for nasty in NASTY:
            yield get(b"/v1/procedures?%s=%s" % (name, nasty))
            yield get(b"/v1/procedures?%s=%s&%s=%s" % (name, nasty, name, nasty))
    yield from floods()
    yield from malformed()


def floods() -> Iterator[bytes]:
    yield get(b"/v1/procedures", *(b"X-%d: y" % number for number in range(150)))
    yield get(b"/v1/procedures", *(b"X-%d: y" % number for number in range(5000)))
    yield get(b"/v1/procedures", b"X-Long: " + b"y" * 17_000)
    yield get(b"/v1/procedures", b"X-Long: " + b"y" * 200_000)
    yield get(b"/v1/procedures?" + b"&".join(b"family=ablation" for _ in range(400)))
    yield get(b"/v1/procedures?" + b"&".join(b"x%d=1" % number for number in range(700)))
    yield get(b"/v1/procedures/batch?" + b"&".join(b"slug=a%d" % number for number in range(60)))
    yield get(b"/v1/search?q=" + b"%22" * 60)
    yield get(b"/" + b"a/" * 3900)


def malformed() -> Iterator[bytes]:
    one = get(b"/v1/procedures?limit=1").replace(b"Connection: close\r\n", b"")
    yield one * 5 + get(b"/v1/nothing")
    yield one + b"garbage\r\n\r\n"
    yield b"\r\n\r\n" + get(b"/v1/procedures")
    yield b"GET /v1/procedures HTTP/9.9\r\n\r\n"
    yield b"GET /v1/procedures\r\n\r\n"
    yield b"GET http://evil.test/v1/procedures HTTP/1.1\r\nHost: kb.test\r\nConnection: close\r\n\r\n"
    yield b"GET * HTTP/1.1\r\nHost: kb.test\r\nConnection: close\r\n\r\n"
    yield b"OPTIONS * HTTP/1.1\r\nHost: kb.test\r\nConnection: close\r\n\r\n"
    yield b"GET /v1/procedures HTTP/1.1\r\nConnection: close\r\n\r\n"
    yield b"GET /v1/procedures HTTP/1.0\r\n\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00"
    yield b"\0" * 4096
    yield get(b"/v1/procedures", b"No colon here")
    yield get(b"/v1/procedures", b"X: a\r\n folded")
    yield get(b"/v1/procedures", b"X\0Y: a")
    yield get(b"/v1/procedures", b"Content-Length: 5", b"Content-Length: 6") + b"hello"
    yield get(b"/v1/procedures", b"Content-Length: -1")
    yield get(b"/v1/procedures", b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n"
    yield get(b"/v1/procedures", b"Transfer-Encoding: chunked", method=b"POST") + b"zz\r\nnot a chunk"
    yield get(b"/v1/procedures", b"Content-Length: 100000", method=b"POST") + b"x" * 100
    yield get(b"/v1/procedures", b"Content-Length: 5") + b"hello" + get(b"/v1/nothing")
    yield get(b"/v1/procedures#fragment")
    yield get(b"/v1/proc edures")
    yield get(b"/v1/procedures?a b")


def mutated(randomness: random.Random, count: int) -> Iterator[bytes]:
    """Requests made of known parts, then changed in some bytes."""
    for _ in range(count):
        path, name, nasty = randomness.choice(PATHS), randomness.choice(PARAMETERS), randomness.choice(NASTY)
        data = bytearray(get(b"%s?%s=%s" % (path, name, nasty), *randomness.sample(FIELDS, 3)))
        for _ in range(randomness.choice((0, 1, 3))):
            data[randomness.randrange(len(data))] = randomness.randrange(256)
        yield bytes(data)


def documented() -> list[tuple[re.Pattern[str], dict[str, set[str]]]]:
    """Patterns of documented paths, each with the media types of every documented status."""
    with urlopen(f"{URL}/openapi.json", timeout=60) as answer:
        document = json.load(answer)
    shared = document["components"]["responses"]
    found = []
    for path, item in document["paths"].items():
        kinds = {
            status: set(shared[one["$ref"].rpartition("/")[2]].get("content", {}) if "$ref" in one else one["content"])
            for status, one in item["get"]["responses"].items()
        }
        # A path without parameters is the more particular one, and is met first.
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)) + "$")
        found.append((pattern, kinds, path.count("{")))
    return [(pattern, kinds) for pattern, kinds, _ in sorted(found, key=lambda one: one[2])]


def faults(data: bytes, answers: list[Answer], paths: list[tuple[re.Pattern[str], dict[str, set[str]]]]) -> list[str]:
    found = []
    line = re.match(rb"(GET|HEAD) (/[^ ?#]*)[^ ]* HTTP/1\.1\r\n", data)
    for answer in answers:
        kind = answer.headers.get("content-type", "").split(";")[0]
        if answer.status >= 500 and answer.status != 503:
            found.append(f"a {answer.status}")
        if b"Traceback" in answer.body or b"site-packages" in answer.body:
            found.append("a traceback in the body")
        if "x-injected" in answer.headers or b"evil.test" in answer.body.partition(b"detail")[0]:
            found.append("something of the request came back as it was")
        if answer.status in MALFORMED and kind == "text/plain":
            continue
        if answer.status >= 400 and kind != "application/problem+json" and not kind.startswith("text/html"):
            found.append(f"{answer.status} as {kind!r}")
        if answer is not answers[0] or line is None:
            continue
        path = line[2].decode("latin-1")
        for pattern, kinds in paths:
            if pattern.match(path):
                if str(answer.status) not in kinds:
                    found.append(f"{answer.status} is not documented for {pattern.pattern}")
                elif (
                    kind
                    and answer.status != 304
                    and kind not in {one.split(";")[0] for one in kinds[str(answer.status)]}
                ):
                    found.append(f"{answer.status} as {kind} is not documented for {pattern.pattern}")
                break
    return found


def main() -> None:
    paths, wrong, sent, seen = documented(), 0, 0, 0
    randomness = random.Random(SEED)
    requests = [*cases(), *mutated(randomness, 20_000 if FULL else 1_000)]
    with ThreadPoolExecutor(8) as pool:
        exchanged = zip(requests, pool.map(exchange, requests), strict=True)
    for data, answers in exchanged:
        sent, seen = sent + 1, seen + len(answers)
        for fault in faults(data, answers, paths):
            wrong += 1
            if wrong <= 40:
                print(f"{fault}: {data[:160]!r} -> {[(one.status, one.body[:120]) for one in answers][:2]}")
    with urlopen(f"{URL}/health/ready", timeout=60) as answer:
        assert answer.status == 200
    print(f"raw HTTP: {sent} requests, {seen} answers, {wrong} faults (seed {SEED})")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
