"""Debian's nginx with the configuration of the compose file, in front of real API processes."""

import os
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
from drills.processes import Api, Nginx, find_nginx, load, wait_for

from app.schemas.problems import Problem

if find_nginx() is None and not os.environ.get("KB_REQUIRE_ALL"):
    pytest.skip("Debian's nginx is not installed: apt install nginx", allow_module_level=True)


class Origin(BaseHTTPRequestHandler):
    """An origin that counts, takes its time, and says what it was asked for."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - one for all requests on purpose
    seconds = 0.0
    headers_sent: dict[str, str] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("If-None-Match")))
        time.sleep(self.seconds)
        unchanged = self.headers.get("If-None-Match") == '"one"'
        self.send_response(304 if unchanged else 200)
        for name, value in {"ETag": '"one"', "Cache-Control": "max-age=60", **self.headers_sent}.items():
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

    server = ThreadingHTTPServer(("127.0.0.1", 0), Mine)
    Mine.port = server.server_address[1]  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Mine
    server.shutdown()
    thread.join()
    server.server_close()


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
    ],
)
def test_what_nginx_itself_refuses_is_a_problem_too(nginx: Nginx, sent: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", nginx.port)) as wire:
        wire.settimeout(30)
        wire.sendall(sent)
        head = wire.recv(4000)

    assert head.startswith(f"HTTP/1.1 {status}".encode()), head[:100]
    assert b"application/problem+json" in head


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
        same = httpx.get(f"{one.base}/v1/procedures/p")
        assert same.headers["kb-release"] == httpx.get(f"{apis[0].base}/v1/procedures/p").headers["kb-release"]
    finally:
        one.stop()
        for api in apis:
            api.stop()
