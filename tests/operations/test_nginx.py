"""Debian's nginx with the configuration of the compose file, in front of real API processes."""

import http.client
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from build import procedure, write_seed
from drills.poison import POISONS
from drills.processes import TEMPLATE, Api, Nginx, find_nginx, load, wait_for

from app.errors import list_errors_by_code
from app.schemas.problems import Problem

if find_nginx() is None and not os.environ.get("KB_REQUIRE_ALL"):
    pytest.skip("Debian's nginx is not installed: apt install nginx", allow_module_level=True)


class Origin(BaseHTTPRequestHandler):
    """An origin that counts, takes its time, and says what it was asked for."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - one for all requests on purpose
    seconds = 0.0
    status = 200
    headers_sent: dict[str, str] = {}  # noqa: RUF012
    headers_read: list[tuple[str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("If-None-Match")))
        self.headers_read[:] = self.headers.items()
        time.sleep(self.seconds)
        unchanged = self.headers.get("If-None-Match") == '"one"'
        self.send_response(304 if unchanged else self.status)
        told = {"ETag": '"one"', "Cache-Control": "max-age=60", "KB-Build": "0.1.0-abc", **self.headers_sent}
        for name, value in told.items():
            if value:
                self.send_header(name, value)
        body = b"" if unchanged else b'{"said":"this"}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def origin() -> Iterator[type[Origin]]:
    class Mine(Origin):
        asked: list[tuple[str, str | None]] = []  # noqa: RUF012
        headers_sent: dict[str, str] = {}  # noqa: RUF012
        headers_read: list[tuple[str, str]] = []  # noqa: RUF012

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    Mine.port = server.server_address[1]  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Mine
    server.shutdown()
    thread.join()
    server.server_close()


def answer_to(port: int, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body that these bytes are answered with; 0 where the connection is closed without a word."""
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.settimeout(30)
        wire.sendall(sent)
        answer = http.client.HTTPResponse(wire, method=sent.partition(b" ")[0].decode("latin-1"))
        try:
            answer.begin()
            body = answer.read()
        except (http.client.HTTPException, OSError):
            return 0, {}, b""
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def in_front(tmp_path: Path, *ports: int, **limits: int) -> Nginx:
    return Nginx(tmp_path / "nginx", *ports, **limits).start()


@pytest.fixture
def nginx(origin: Any, tmp_path: Path) -> Iterator[Nginx]:
    one = in_front(tmp_path, origin.port)
    yield one
    one.stop()


def test_a_copy_is_answered_and_after_a_second_looked_at_again_by_its_etag(origin: Any, nginx: Nginx) -> None:
    first, again = (httpx.get(f"{nginx.base}/v1/x") for _ in "12")
    assert (first.headers["kb-cache"], again.headers["kb-cache"], len(origin.asked)) == ("MISS", "HIT", 1)

    wait_for(
        "the copy to be looked at again", lambda: httpx.get(f"{nginx.base}/v1/x").headers["kb-cache"] == "REVALIDATED"
    )

    assert origin.asked[-1] == ("/v1/x", '"one"')
    assert again.content == first.content
    assert again.headers["cache-control"] == "max-age=60"


def test_a_caller_with_the_etag_is_told_304_from_the_copy(origin: Any, nginx: Nginx) -> None:
    httpx.get(f"{nginx.base}/v1/x")

    answer = httpx.get(f"{nginx.base}/v1/x", headers={"If-None-Match": '"one"'})

    assert (answer.status_code, answer.content) == (304, b"")
    assert all(tag is None for _, tag in origin.asked[:1])


def test_many_callers_of_one_new_address_are_one_request_to_the_origin(origin: Any, nginx: Nginx) -> None:
    origin.seconds = 0.5
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: httpx.get(f"{nginx.base}/v1/busy", timeout=30).status_code, range(20)))

    assert found == [200] * 20
    assert len(origin.asked) == 1


@pytest.mark.parametrize("name", ["Cache-Control", "KB-Stale"])
def test_what_speaks_of_one_moment_is_not_kept(origin: Any, nginx: Nginx, name: str) -> None:
    origin.headers_sent = {name: "no-store" if name == "Cache-Control" else "database-unreachable"}

    assert [httpx.get(f"{nginx.base}/v1/x").headers["kb-cache"] for _ in "12"] == ["MISS", "MISS"]


def test_each_encoding_is_a_copy_of_its_own_however_it_is_spelled(origin: Any, nginx: Nginx) -> None:
    spelled = ["br", "gzip, deflate, br;q=1.0", "gzip", "gzip;q=1.0, *;q=0", "identity", "br;q=0, gzip;q=0", ""]
    found = [httpx.get(f"{nginx.base}/v1/x", headers={"Accept-Encoding": one}).headers["kb-cache"] for one in spelled]

    assert found == ["MISS", "HIT", "MISS", "HIT", "MISS", "HIT", "HIT"]
    assert len(origin.asked) == 3


def test_too_many_requests_of_one_address_are_a_429_problem(origin: Any, tmp_path: Path) -> None:
    one = in_front(tmp_path, origin.port, rate=1, burst=5)
    try:
        with httpx.Client(base_url=one.base) as client:
            found = [client.get("/v1/x/%22?a=%22") for _ in range(12)]
    finally:
        one.stop()

    refused = [answer for answer in found if answer.status_code == 429]
    assert 5 <= len(refused) < 12
    assert {answer.status_code for answer in found} == {200, 429}
    problem = refused[-1]
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.headers["retry-after"] == "1"
    assert problem.headers["ratelimit-policy"] == found[0].headers["ratelimit-policy"] == '"address";q=1;w=1'
    assert set(problem.json()) == set(Problem.model_fields)
    assert (problem.json()["code"], problem.json()["instance"]) == ("too_many_requests", "/v1/x/%22")


def test_a_slow_sender_is_let_go_and_does_not_hold_up_others(nginx: Nginx) -> None:
    with socket.create_connection(("127.0.0.1", nginx.port)) as wire:
        wire.sendall(b"GET /v1/x HTTP/1.1\r\nHost: kb\r\n")
        wire.settimeout(60)
        assert httpx.get(f"{nginx.base}/v1/x").status_code == 200
        began = time.monotonic()
        with pytest.raises((ConnectionResetError, BrokenPipeError, ConnectionError)):  # noqa: PT012 - whichever comes first
            while True:
                wire.sendall(b"X: y\r\n")
                if wire.recv(1, socket.MSG_DONTWAIT) == b"":
                    raise ConnectionResetError
                time.sleep(1)
        assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /v1/x HTTP/1.1\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"POST /v1/x HTTP/1.1\r\nHost: kb\r\nContent-Length: 9999999\r\n\r\n", 400),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: kb\r\n\r\n", 414),
        (b"GET /v1/x HTTP/1.1\r\nHost: kb\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431),
        (b"TRACE /v1/x HTTP/1.1\r\nHost: kb\r\n\r\n", 405),
        (b"CONNECT kb:80 HTTP/1.1\r\nHost: kb\r\n\r\n", 400),
        (b"GET /v1/x HTTP/1.1\r\nHost: kb\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"POST /v1/x HTTP/1.1\r\nHost: kb\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET /v1/x HTTP/3.0\r\nHost: kb\r\n\r\n", 505),
        (b"GET /v1/x HTTP/1.1\r\nHost: kb\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /v1/x HTTP/1.1\r\nHost: kb\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET /v1/x HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET /v1/x HTTP/1.1\r\nHost: kb\r\nRange: bytes=9999-\r\n\r\n", 416),
        (b'GET /v1/x HTTP/1.1\r\nHost: kb\r\nIf-Match: "another"\r\n\r\n', 412),
        (b"GET /metrics HTTP/1.1\r\nHost: kb\r\n\r\n", 404),
        (b"GET /kb-problem/malformed HTTP/1.1\r\nHost: kb\r\n\r\n", 404),
    ],
)
def test_what_nginx_itself_refuses_is_a_problem_too(origin: Any, nginx: Nginx, sent: bytes, status: int) -> None:
    origin.headers_sent = {"Accept-Ranges": "bytes"}
    # Of a part of a body nginx speaks only where it holds a copy.
    assert answer_to(nginx.port, b"GET /v1/x HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n\r\n")[0] == 200

    found, headers, body = answer_to(nginx.port, sent)

    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert (headers["cache-control"], headers["access-control-allow-origin"]) == ("no-store", "*")
    problem = json.loads(body)
    assert set(problem) == set(Problem.model_fields)
    assert problem["status"] == status == list_errors_by_code()[problem["code"]].status
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["title"] == list_errors_by_code()[problem["code"]].title


def test_no_status_of_nginx_is_without_a_problem() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    covered = {code for line in re.findall(r"error_page ([\d ]+)", text) for code in line.split()}

    # Each that nginx has a page of its own for, but 408: it closes the connection instead.
    own = {400, *range(402, 407), *range(409, 417), 421, 429, *range(494, 498), *range(500, 506), 507}
    assert {str(code) for code in own} - covered == set()


def test_metrics_are_not_for_the_outside(nginx: Nginx) -> None:
    assert httpx.get(f"{nginx.base}/metrics").status_code == 404


def test_a_new_release_is_seen_through_the_cache_and_two_processes_answer_alike(tmp_path: Path) -> None:
    database = str(tmp_path / "kb.sqlite3")
    assert load(database, write_seed(tmp_path / "one", procedure("p"))).returncode == 0
    apis = [Api(tmp_path, database).start(wait=False) for _ in "12"]
    one = in_front(tmp_path, *(api.port for api in apis))
    try:
        for api in apis:
            api.wait()
        for path in ("/v1/procedures", "/v1/procedures/p", "/v1/search?q=p", "/v1/nothing", "/openapi.json"):
            for encoding in ("identity", "gzip", "br"):
                alike = [httpx.get(f"{api.base}{path}", headers={"Accept-Encoding": encoding}) for api in apis]
                kept = [
                    (a.status_code, a.content, sorted((k, v) for k, v in a.headers.items() if k != "date"))
                    for a in alike
                ]
                assert kept[0] == kept[1]
        assert httpx.get(f"{one.base}/v1/procedures").json()["page"]["total"] == 1

        assert load(database, write_seed(tmp_path / "two", procedure("p"), procedure("q"))).returncode == 0

        wait_for("two procedures", lambda: httpx.get(f"{one.base}/v1/procedures").json()["page"]["total"] == 2)

        def releases() -> set[str]:
            bases = (one.base, *(api.base for api in apis))
            return {httpx.get(f"{base}/v1/procedures/p").headers["kb-release"] for base in bases}

        wait_for("one release everywhere", lambda: len(releases()) == 1)
    finally:
        one.stop()
        for api in apis:
            api.stop()


@pytest.mark.parametrize("status", [200, 301, 307, 308, 400, 404, 410, 422])
def test_what_the_application_did_not_make_is_not_kept(origin: Any, nginx: Nginx, status: int) -> None:
    origin.status, origin.headers_sent = status, {"KB-Build": "", "Location": "/v1/elsewhere"}
    foreign = httpx.get(f"{nginx.base}/v1/x")
    origin.status, origin.headers_sent = 200, {}

    found = httpx.get(f"{nginx.base}/v1/x")

    assert (foreign.status_code, found.status_code, found.headers["kb-cache"]) == (status, 200, "MISS")


def test_no_400_is_kept_even_of_the_application(origin: Any, nginx: Nginx) -> None:
    origin.status = 400

    assert [httpx.get(f"{nginx.base}/v1/x").headers["kb-cache"] for _ in "12"] == ["MISS", "MISS"]


@pytest.mark.parametrize("path", ["/v1/x", "/fhir/x", "/health/x"])
def test_only_the_encoding_and_the_trace_of_a_request_reach_the_origin(origin: Any, nginx: Nginx, path: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sent = {
        "Accept": "text/x",
        "Prefer": "return=minimal",
        "Host": "evil",
        "X-Forwarded-For": "9.9.9.9",
        "Cookie": "a=b",
    }
    httpx.get(f"{nginx.base}{path}", headers={**sent, "Accept-Encoding": "gzip, x", "Traceparent": trace})

    assert {name.lower(): value for name, value in origin.headers_read} == {
        "host": "kb",
        "x-forwarded-for": "127.0.0.1",
        "accept-encoding": "gzip",
        "traceparent": trace,
    }
    httpx.get(f"{nginx.base}{path}?again", headers={"Traceparent": "00-\x01", "Accept-Encoding": "x"})
    assert {name.lower() for name, _ in origin.headers_read} == {"host", "x-forwarded-for"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("field", "body"), [(b"Content-Length: 5", b"hello"), (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")]
)
@pytest.mark.parametrize("path", ["/v1/x", "/health/live"])
def test_a_body_that_does_not_pass_leaves_no_length_behind(
    api: Api, tmp_path: Path, method: str, field: bytes, body: bytes, path: str
) -> None:
    sent = f"{method} {path} HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n".encode() + field + b"\r\n\r\n" + body
    nginx = in_front(tmp_path, api.port)
    try:
        # A connection to the API is used again: what a length announces would be taken from the next request on it.
        for number in range(5):
            assert answer_to(nginx.port, sent)[1]["kb-build"]
            found = httpx.get(f"{nginx.base}/v1/procedures?limit={number + 1}")
            assert found.status_code == 200, found.text
    finally:
        nginx.stop()


HOT = [
    "/v1/procedures",
    "/v1/procedures/p",
    "/v1/nothing",
    "/v1/procedures?limit=0",
    "/v1/procedures/rhizotomy",
    "/v1/search?q=p",
    "/procedures/p",
    "/nothing",
    "/openapi.json",
    "/static/icon.svg",
    "/embed/procedures/p",
    "/fhir/metadata",
    "/fhir/ActivityDefinition/p",
    "/fhir/ActivityDefinition/none",
    "/mcp",
]
# What nginx or the moment adds: nothing that the API says of the address.
ADDED = {"date", "server", "connection", "kb-cache", "ratelimit-policy", "kb-request-id", "accept-ranges", "keep-alive"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    work = tmp_path_factory.mktemp("poisoned")
    database = str(work / "kb.sqlite3")
    known = procedure("p", names=[{"text": "Rhizotomy", "kind": "synonym"}])
    assert load(database, write_seed(work / "seed", known)).returncode == 0
    made = Api(work, database, EXTRAS="fhir,mcp").start()
    yield made
    made.stop()


def right(port: int, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    status, headers, body = answer_to(port, f"GET {path} HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n\r\n".encode())
    assert headers.get("kb-build"), (status, path)
    return status, sorted(pair for pair in headers.items() if pair[0] not in ADDED), body


@pytest.mark.parametrize("kind", POISONS)
def test_no_request_changes_what_others_are_answered(api: Api, tmp_path: Path, kind: str) -> None:
    expected = {path: right(api.port, path) for path in HOT}
    nginx = in_front(tmp_path, api.port)
    try:
        for path in HOT:
            answer_to(nginx.port, POISONS[kind](path))
            answer_to(nginx.port, POISONS[kind](path))
            assert right(nginx.port, path) == expected[path], path
            # Not through nginx alone: the API holds answers too.
            answer_to(api.port, POISONS[kind](path))
            assert right(api.port, path) == expected[path], path
    finally:
        nginx.stop()


def test_a_copy_that_is_due_is_not_replaced_by_what_a_control_byte_is_answered_with(api: Api, tmp_path: Path) -> None:
    nginx = in_front(tmp_path, api.port)
    try:
        expected = right(nginx.port, "/v1/procedures/p")
        for _ in range(3):
            time.sleep(1.1)
            answer_to(nginx.port, POISONS["control byte"]("/v1/procedures/p"))
            assert right(nginx.port, "/v1/procedures/p") == expected
    finally:
        nginx.stop()


def test_what_is_posted_is_answered_by_its_body_and_headers_and_not_kept(api: Api, tmp_path: Path) -> None:
    nginx = in_front(tmp_path, api.port)
    accepted = {"Accept": "application/json, text/event-stream"}
    try:
        with httpx.Client(base_url=nginx.base, headers=accepted) as client:
            for method in ("ping", "tools/list", "ping"):
                asked = {"jsonrpc": "2.0", "id": method, "method": method}
                found = client.post("/mcp", json=asked)
                assert (found.status_code, found.json()["id"]) == (200, method)
                assert found.headers["kb-build"]
    finally:
        nginx.stop()
