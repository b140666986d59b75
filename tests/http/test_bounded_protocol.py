"""Connections: what belongs to no complete request is bounded in bytes and in time, whoever sends it."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.http import bounded_protocol
from app.http.bounded_protocol import BoundedHttpProtocol

CHUNKED = b"POST /mcp HTTP/1.1\r\nHost: kb\r\nTransfer-Encoding: chunked\r\n\r\n"


async def respond(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, then send the number of header fields and bytes."""
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more and scope["method"] == "POST":
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    body = f"{len(scope['headers'])} fields, {size} bytes, {scope['path']}".encode()
    if scope["path"] == "/large":
        body = b"x" * 50_000_000
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Port of a server whose limits of time are short."""
    monkeypatch.setattr(bounded_protocol, "REQUEST_SECONDS", 1.0)
    monkeypatch.setattr(bounded_protocol, "SEND_SECONDS", 1.0)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(respond, http=BoundedHttpProtocol, ws="none", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()


def send_until_closed(port: int, head: bytes, piece: bytes, *, max_bytes: int = 8_000_000) -> tuple[int, bytes]:
    """Send a head and then pieces until the server closes the connection: the number of bytes, and what it sent."""
    received, sent = b"", 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(head)
            while sent < max_bytes:
                connection.sendall(piece)
                sent += len(piece)
            received = connection.recv(4096)
        except OSError:
            pass
    return sent, received


def request(port: int, request_bytes: bytes, *, seconds: float = 10) -> bytes:
    """Everything that the server sends until it closes the connection or is silent."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(request_bytes)
        try:
            while piece := connection.recv(65_536):
                received += piece
        except TimeoutError:
            return received + b"(open)"
        except OSError:
            return received
    return received


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 10_000),
        (b"GET / HTTP/1.1\r\nX: ", b"a" * 1_000_000),
        (b"GET / HTTP/1.1\r\n", b"X: a\r\n" * 5_000),
        (b"GET /", b"a" * 10_000),
        (CHUNKED, b"1;" + b"a" * 10_000),
        (CHUNKED + b"0\r\n", b"X: a\r\n" * 5_000),
        (CHUNKED + b"0\r\nX: ", b"a" * 10_000),
        (CHUNKED + b"1\r\na\r\n0\r\nX: ", b"a" * 1_000_000),
    ],
    ids=["field", "field in large pieces", "fields", "path", "chunk extension", "trailers", "trailer", "large trailer"],
)
def test_what_has_no_end_is_closed_before_it_takes_memory(port: int, head: bytes, piece: bytes) -> None:
    sent, _ = send_until_closed(port, head, piece)

    # What the buffers of both ends hold, beside the limit.
    assert sent < 8_000_000


def test_a_head_over_the_limit_gets_a_problem(port: int) -> None:
    response = request(port, b"GET / HTTP/1.1\r\nX: " + b"a" * 65_600)

    assert response.startswith(b"HTTP/1.1 431 ")
    assert b"content-type: application/problem+json" in response
    assert b'"code":"headers_too_large"' in response
    assert b"kb-build" not in response.lower()


def test_what_is_no_http_gets_a_problem(port: int) -> None:
    response = request(port, b"\x16\x03\x01 nonsense\r\n\r\n")

    assert response.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"bad_request"' in response


@pytest.mark.parametrize(
    "rest",
    [
        b"zz\r\n",
        b"5\r\nhello",
        b"1\r\nab\r\n0\r\n\r\n",
        b"1\r\na\r\n0\r\nContent-Length: 1\r\n\r\n",
        b"0\r\nX(: a\r\n\r\n",
    ],
    ids=["size", "end of the data", "longer chunk", "length as a trailer", "name of a trailer"],
)
def test_a_body_that_is_no_http_gets_a_problem(port: int, rest: bytes) -> None:
    response = request(port, CHUNKED + rest + b"\x00\r\n")

    assert response.startswith(b"HTTP/1.1 400 ")
    assert b'"code":"bad_request"' in response
    assert response.count(b"HTTP/1.1 ") == 1


def test_no_refusal_is_sent_in_the_middle_of_another_response(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: kb\r\n\r\n")
        received = connection.recv(65_536)
        connection.sendall(CHUNKED + b"zz\r\n")
        try:
            while piece := connection.recv(1_000_000):
                received += piece
        except OSError:
            pass

    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    # A refusal may follow once the server holds the whole response.
    assert body[:50_000_000].strip(b"x") == b""


@pytest.mark.parametrize("start", [b"", b"GET / HTTP/1.1\r\nX: a", CHUNKED, CHUNKED + b"1\r\na\r\n0\r\nX:"])
def test_a_request_that_does_not_arrive_in_time_is_closed(port: int, start: bytes) -> None:
    began = time.monotonic()

    response = request(port, start)

    assert not response.endswith(b"(open)")
    assert 0.8 < time.monotonic() - began < 5


def test_a_head_that_drips_is_closed_all_the_same(port: int) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        try:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            while time.monotonic() - began < 5:
                connection.sendall(b"X: a\r\n")
                time.sleep(0.1)
        except OSError:
            pass

    assert time.monotonic() - began < 4


def test_a_caller_that_does_not_read_is_cut_off(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: kb\r\n\r\n")
        # Several times the limit: the thread of the server may run late.
        time.sleep(6)
        received = 0
        try:
            while piece := connection.recv(1_000_000):
                received += len(piece)
        except OSError:
            pass

    assert received < 50_000_000


def test_requests_in_pieces_pipelines_bodies_and_trailers_work(port: int) -> None:
    plain, trailer = (
        b"GET /%d HTTP/1.1\r\nHost: kb\r\n\r\n",
        CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\nX: a\r\nY: b\r\n\r\n",
    )
    pieces = b"".join(plain % number for number in range(20)) + trailer + plain % 99
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        for start in range(0, len(pieces), 7):
            connection.sendall(pieces[start : start + 7])
        while b"/99" not in received:
            received += connection.recv(65_536)

    assert received.count(b"HTTP/1.1 200") == 22
    # Trailers are no header fields.
    assert b"2 fields, 5 bytes, /mcp" in received


def test_a_long_body_is_no_incomplete_request(port: int) -> None:
    head = b"POST /x HTTP/1.1\r\nHost: kb\r\nConnection: close\r\nContent-Length: 3000000\r\n\r\n"

    assert b"3000000 bytes" in request(port, head + b"a" * 3_000_000)


def test_an_upgrade_is_ignored(port: int) -> None:
    response = request(port, b"GET /x HTTP/1.1\r\nHost: kb\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n")

    assert response.startswith(b"HTTP/1.1 200 ")


def test_connections_beyond_the_limit_get_a_503_and_leave_file_descriptors(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedHttpProtocol, "max_connections", 5)
    monkeypatch.setattr(bounded_protocol, "REQUEST_SECONDS", 30.0)
    connections = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(5)]
    time.sleep(0.2)

    response = request(port, b"")

    assert response.startswith(b"HTTP/1.1 503 ")
    assert b'"code":"overloaded"' in response
    assert b"retry-after: 1" in response
    for connection in connections:
        connection.close()
    time.sleep(0.2)
    assert request(port, b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")
