"""Debian's nginx with the configuration from the Compose file, in front of real API processes."""

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
from drills.poison import POISONED_REQUESTS
from drills.processes import TEMPLATE, Api, Nginx, find_nginx, run_load, wait_for

from app.errors import list_errors_by_code
from app.http.known_parameters import PAGE_PARAMETERS
from app.schemas.problems import Problem

if find_nginx() is None and not os.environ.get("KB_REQUIRE_ALL"):
    pytest.skip("Debian's nginx is not installed: apt install nginx", allow_module_level=True)


class Origin(BaseHTTPRequestHandler):
    """Origin that records its requests and responds with a configurable delay, status and headers."""

    protocol_version = "HTTP/1.1"
    # URL and If-None-Match of each request.
    requests: list[tuple[str, str | None]] = []  # noqa: RUF012 - shared by all requests on purpose
    delay_seconds = 0.0
    status = 200
    response_headers: dict[str, str] = {}  # noqa: RUF012
    request_headers: list[tuple[str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.requests.append((self.path, self.headers.get("If-None-Match")))
        self.request_headers[:] = self.headers.items()
        time.sleep(self.delay_seconds)
        unchanged = self.headers.get("If-None-Match") == '"one"'
        self.send_response(304 if unchanged else self.status)
        headers = {"ETag": '"one"', "Cache-Control": "max-age=60", "KB-Build": "0.1.0-abc", **self.response_headers}
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        body = b"" if unchanged else b'{"message":"this"}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def origin() -> Iterator[type[Origin]]:
    class IsolatedOrigin(Origin):
        requests: list[tuple[str, str | None]] = []  # noqa: RUF012
        response_headers: dict[str, str] = {}  # noqa: RUF012
        request_headers: list[tuple[str, str]] = []  # noqa: RUF012

    server = ThreadingHTTPServer(("127.0.0.1", 0), IsolatedOrigin)
    IsolatedOrigin.port = server.server_address[1]  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield IsolatedOrigin
    server.shutdown()
    thread.join()
    server.server_close()


def send_raw(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the response to these bytes; status 0 if the connection closes without a response."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(30)
        connection.sendall(request)
        response = http.client.HTTPResponse(connection, method=request.partition(b" ")[0].decode("latin-1"))
        try:
            response.begin()
            body = response.read()
        except (http.client.HTTPException, OSError):
            return 0, {}, b""
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def start_nginx(tmp_path: Path, *ports: int, **limits: int) -> Nginx:
    return Nginx(tmp_path / "nginx", *ports, **limits).start()


@pytest.fixture
def nginx(origin: Any, tmp_path: Path) -> Iterator[Nginx]:
    nginx = start_nginx(tmp_path, origin.port)
    yield nginx
    nginx.stop()


def test_a_cached_response_is_revalidated_by_its_etag_after_a_second(origin: Any, nginx: Nginx) -> None:
    first, second = (httpx.get(f"{nginx.base}/v1/x") for _ in "12")
    assert (first.headers["kb-cache"], second.headers["kb-cache"], len(origin.requests)) == ("MISS", "HIT", 1)

    wait_for("the revalidation", lambda: httpx.get(f"{nginx.base}/v1/x").headers["kb-cache"] == "REVALIDATED")

    assert origin.requests[-1] == ("/v1/x", '"one"')
    assert second.content == first.content
    assert second.headers["cache-control"] == "max-age=60"


def test_a_client_with_the_etag_gets_304_from_the_cache(origin: Any, nginx: Nginx) -> None:
    httpx.get(f"{nginx.base}/v1/x")

    response = httpx.get(f"{nginx.base}/v1/x", headers={"If-None-Match": '"one"'})

    assert (response.status_code, response.content) == (304, b"")
    assert all(etag is None for _, etag in origin.requests[:1])


def test_concurrent_requests_of_an_uncached_url_reach_the_origin_once(origin: Any, nginx: Nginx) -> None:
    origin.delay_seconds = 0.5
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: httpx.get(f"{nginx.base}/v1/busy", timeout=30).status_code, range(20)))

    assert statuses == [200] * 20
    assert len(origin.requests) == 1


@pytest.mark.parametrize("name", ["Cache-Control", "KB-Stale"])
def test_no_store_and_stale_responses_are_not_cached(origin: Any, nginx: Nginx, name: str) -> None:
    origin.response_headers = {name: "no-store" if name == "Cache-Control" else "database-unreachable"}

    assert [httpx.get(f"{nginx.base}/v1/x").headers["kb-cache"] for _ in "12"] == ["MISS", "MISS"]


def test_each_encoding_is_cached_once_however_accept_encoding_is_spelled(origin: Any, nginx: Nginx) -> None:
    accepted = ["br", "gzip, deflate, br;q=1.0", "gzip", "gzip;q=1.0, *;q=0", "identity", "br;q=0, gzip;q=0", ""]
    statuses = [
        httpx.get(f"{nginx.base}/v1/x", headers={"Accept-Encoding": encodings}).headers["kb-cache"]
        for encodings in accepted
    ]

    assert statuses == ["MISS", "HIT", "MISS", "HIT", "MISS", "HIT", "HIT"]
    assert len(origin.requests) == 3


def test_too_many_requests_from_one_ip_address_get_a_429_problem(origin: Any, tmp_path: Path) -> None:
    nginx = start_nginx(tmp_path, origin.port, rate=1, burst=5)
    try:
        with httpx.Client(base_url=nginx.base) as client:
            responses = [client.get("/v1/x/%22?a=%22") for _ in range(12)]
    finally:
        nginx.stop()

    refused = [response for response in responses if response.status_code == 429]
    assert 5 <= len(refused) < 12
    assert {response.status_code for response in responses} == {200, 429}
    problem = refused[-1]
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.headers["retry-after"] == "1"
    assert problem.headers["ratelimit-policy"] == responses[0].headers["ratelimit-policy"] == '"address";q=1;w=1'
    assert set(problem.json()) == set(Problem.model_fields)
    assert (problem.json()["code"], problem.json()["instance"]) == ("too_many_requests", "/v1/x/%22")


def test_a_slow_client_is_disconnected_and_does_not_delay_others(nginx: Nginx) -> None:
    with socket.create_connection(("127.0.0.1", nginx.port)) as connection:
        connection.sendall(b"GET /v1/x HTTP/1.1\r\nHost: kb\r\n")
        connection.settimeout(60)
        assert httpx.get(f"{nginx.base}/v1/x").status_code == 200
        start = time.monotonic()
        with pytest.raises((ConnectionResetError, BrokenPipeError, ConnectionError)):  # noqa: PT012 - whichever comes first
            while True:
                connection.sendall(b"X: y\r\n")
                if connection.recv(1, socket.MSG_DONTWAIT) == b"":
                    raise ConnectionResetError
                time.sleep(1)
        assert time.monotonic() - start < 60


@pytest.mark.parametrize(
    ("request_bytes", "status"),
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
def test_errors_of_nginx_itself_are_problems(origin: Any, nginx: Nginx, request_bytes: bytes, status: int) -> None:
    origin.response_headers = {"Accept-Ranges": "bytes"}
    # nginx itself handles ranges and preconditions only of a cached response.
    assert send_raw(nginx.port, b"GET /v1/x HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n\r\n")[0] == 200

    actual_status, headers, body = send_raw(nginx.port, request_bytes)

    assert actual_status == status
    assert headers["content-type"] == "application/problem+json"
    assert (headers["cache-control"], headers["access-control-allow-origin"]) == ("no-store", "*")
    problem = json.loads(body)
    assert set(problem) == set(Problem.model_fields)
    assert problem["status"] == status == list_errors_by_code()[problem["code"]].status
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["title"] == list_errors_by_code()[problem["code"]].title


def test_a_download_that_broke_off_resumes_through_nginx(origin: Any, nginx: Nginx) -> None:
    origin.response_headers = {"Accept-Ranges": "bytes"}
    for _ in range(2):
        resumed = httpx.get(f"{nginx.base}/v1/x", headers={"Range": "bytes=3-", "If-Range": '"one"'})
        assert (resumed.status_code, resumed.text) == (206, '{"message":"this"}'[3:])
        assert resumed.headers["content-range"] == "bytes 3-17/18"

    changed = httpx.get(f"{nginx.base}/v1/x", headers={"Range": "bytes=3-", "If-Range": '"two"'})
    assert (changed.status_code, changed.text) == (200, '{"message":"this"}')
    assert "range" not in {name.lower() for name, _ in origin.request_headers}, "one stored body answers every range"


def test_every_error_status_of_nginx_has_a_problem() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    covered = {status for line in re.findall(r"error_page ([\d ]+)", text) for status in line.split()}

    # All statuses for which nginx has an error page, except 408: nginx closes the connection instead.
    statuses = {400, *range(402, 407), *range(409, 417), 421, 429, *range(494, 498), *range(500, 506), 507}
    assert {str(status) for status in statuses} - covered == set()


def test_metrics_are_not_public(nginx: Nginx) -> None:
    assert httpx.get(f"{nginx.base}/metrics").status_code == 404


def test_a_new_release_replaces_cached_responses_and_two_processes_respond_identically(tmp_path: Path) -> None:
    database = str(tmp_path / "kb.sqlite3")
    assert run_load(database, write_seed(tmp_path / "one", procedure("p"))).returncode == 0
    apis = [Api(tmp_path, database).start(wait=False) for _ in "12"]
    nginx = start_nginx(tmp_path, *(api.port for api in apis))
    try:
        for api in apis:
            api.wait()
        for path in ("/v1/procedures", "/v1/procedures/p", "/v1/search?q=p", "/v1/nothing", "/openapi.json"):
            for encoding in ("identity", "gzip", "br"):
                responses = [httpx.get(f"{api.base}{path}", headers={"Accept-Encoding": encoding}) for api in apis]
                first, second = (
                    (
                        response.status_code,
                        response.content,
                        sorted(header for header in response.headers.items() if header[0] != "date"),
                    )
                    for response in responses
                )
                assert first == second
        assert httpx.get(f"{nginx.base}/v1/procedures").json()["page"]["total"] == 1

        assert run_load(database, write_seed(tmp_path / "two", procedure("p"), procedure("q"))).returncode == 0

        wait_for("two procedures", lambda: httpx.get(f"{nginx.base}/v1/procedures").json()["page"]["total"] == 2)

        def list_releases() -> set[str]:
            bases = (nginx.base, *(api.base for api in apis))
            return {httpx.get(f"{base}/v1/procedures/p").headers["kb-release"] for base in bases}

        wait_for("one release everywhere", lambda: len(list_releases()) == 1)
    finally:
        nginx.stop()
        for api in apis:
            api.stop()


@pytest.mark.parametrize("status", [200, 301, 307, 308, 400, 404, 410, 422])
def test_responses_that_the_application_did_not_send_are_not_cached(origin: Any, nginx: Nginx, status: int) -> None:
    origin.status, origin.response_headers = status, {"KB-Build": "", "Location": "/v1/elsewhere"}
    foreign = httpx.get(f"{nginx.base}/v1/x")
    origin.status, origin.response_headers = 200, {}

    response = httpx.get(f"{nginx.base}/v1/x")

    assert (foreign.status_code, response.status_code, response.headers["kb-cache"]) == (status, 200, "MISS")


def test_a_400_of_the_application_is_not_cached(origin: Any, nginx: Nginx) -> None:
    origin.status = 400

    assert [httpx.get(f"{nginx.base}/v1/x").headers["kb-cache"] for _ in "12"] == ["MISS", "MISS"]


@pytest.mark.parametrize("path", ["/v1/x", "/fhir/x", "/health/x"])
def test_the_origin_gets_only_the_encoding_and_the_trace_of_a_request(origin: Any, nginx: Nginx, path: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    headers = {
        "Accept": "text/x",
        "Prefer": "return=minimal",
        "Host": "evil",
        "X-Forwarded-For": "9.9.9.9",
        "Cookie": "a=b",
    }
    httpx.get(f"{nginx.base}{path}", headers={**headers, "Accept-Encoding": "gzip, x", "Traceparent": trace})

    assert {name.lower(): value for name, value in origin.request_headers} == {
        "host": "kb",
        "x-forwarded-for": "127.0.0.1",
        "accept-encoding": "gzip",
        "traceparent": trace,
        # Under /fhir, whether the caller accepts what is served there.
        **({"accept": "none"} if path.startswith("/fhir") else {}),
    }
    httpx.get(f"{nginx.base}{path}?again", headers={"Traceparent": "00-\x01", "Accept-Encoding": "x"})
    assert {name.lower() for name, _ in origin.request_headers} == {"host", "x-forwarded-for"}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("field", "body"), [(b"Content-Length: 5", b"hello"), (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")]
)
@pytest.mark.parametrize("path", ["/v1/x", "/health/live"])
def test_the_length_of_a_dropped_request_body_does_not_reach_the_api(
    api: Api, tmp_path: Path, method: str, field: bytes, body: bytes, path: str
) -> None:
    request = f"{method} {path} HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n".encode() + field + b"\r\n\r\n" + body
    nginx = start_nginx(tmp_path, api.port)
    try:
        # Connections to the API are reused: the API would read a body of that length from the next request.
        for number in range(5):
            assert send_raw(nginx.port, request)[1]["kb-build"]
            response = httpx.get(f"{nginx.base}/v1/procedures?limit={number + 1}")
            assert response.status_code == 200, response.text
    finally:
        nginx.stop()


PATHS = [
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
# Headers that nginx adds or that depend on the time of the request.
VARYING_HEADERS = {
    "date",
    "server",
    "connection",
    "kb-cache",
    "ratelimit-policy",
    "kb-request-id",
    "accept-ranges",
    "keep-alive",
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    work = tmp_path_factory.mktemp("api")
    database = str(work / "kb.sqlite3")
    record = procedure("p", names=[{"text": "Rhizotomy", "kind": "synonym"}])
    assert run_load(database, write_seed(work / "seed", record)).returncode == 0
    api = Api(work, database, FEATURES="fhir,mcp", PUBLIC_URL="http://kb.test").start()
    yield api
    api.stop()


def get_response(port: int, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    status, headers, body = send_raw(port, f"GET {path} HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n\r\n".encode())
    assert headers.get("kb-build"), (status, path)
    return status, sorted(header for header in headers.items() if header[0] not in VARYING_HEADERS), body


@pytest.mark.parametrize("name", POISONED_REQUESTS)
def test_no_request_changes_the_responses_to_other_clients(api: Api, tmp_path: Path, name: str) -> None:
    expected = {path: get_response(api.port, path) for path in PATHS}
    build_request = POISONED_REQUESTS[name]
    nginx = start_nginx(tmp_path, api.port)
    try:
        for path in PATHS:
            send_raw(nginx.port, build_request(path))
            send_raw(nginx.port, build_request(path))
            assert get_response(nginx.port, path) == expected[path], path
            # The API caches responses too.
            send_raw(api.port, build_request(path))
            assert get_response(api.port, path) == expected[path], path
    finally:
        nginx.stop()


def test_an_expired_response_is_not_replaced_by_the_response_to_a_control_byte(api: Api, tmp_path: Path) -> None:
    nginx = start_nginx(tmp_path, api.port)
    try:
        expected = get_response(nginx.port, "/v1/procedures/p")
        for _ in range(3):
            time.sleep(1.1)
            send_raw(nginx.port, POISONED_REQUESTS["control byte"]("/v1/procedures/p"))
            assert get_response(nginx.port, "/v1/procedures/p") == expected
    finally:
        nginx.stop()


def test_accept_and_prefer_count_under_fhir_alone_and_are_part_of_the_key(api: Api, tmp_path: Path) -> None:
    nginx = start_nginx(tmp_path, api.port)
    lenient = {"Prefer": "handling=lenient"}
    try:
        for _ in range(2):
            for path, headers, status in (
                ("/fhir/ActivityDefinition/p", {}, 200),
                ("/fhir/ActivityDefinition/p", {"Accept": "application/fhir+xml"}, 406),
                ("/fhir/ActivityDefinition/p", {"Accept": "application/fhir+json; fhirVersion=4.0"}, 406),
                ("/fhir/ActivityDefinition/p", {"Accept": "application/fhir+json; fhirVersion=5.0"}, 200),
                ("/fhir/ActivityDefinition/p", {"Accept": "application/fhir+json;q=0"}, 406),
                ("/fhir/ActivityDefinition/p", {"Accept": "text/html, */*;q=0.8"}, 200),
                ("/fhir/ActivityDefinition?made-up=1", {}, 400),
                ("/fhir/ActivityDefinition?made-up=1", lenient, 200),
                ("/v1/procedures/p", {"Accept": "application/fhir+xml"}, 200),
                ("/v1/procedures?made-up=1", lenient, 422),
            ):
                assert httpx.get(f"{nginx.base}{path}", headers=headers).status_code == status, (path, headers)
        search = httpx.post(f"{nginx.base}/fhir/ActivityDefinition/_search", data={"_id": "p"})
        assert (search.status_code, search.json()["total"]) == (200, 1)
    finally:
        nginx.stop()


def test_nginx_passes_post_requests_on_and_does_not_cache_their_responses(api: Api, tmp_path: Path) -> None:
    nginx = start_nginx(tmp_path, api.port)
    headers = {"Accept": "application/json, text/event-stream"}
    try:
        with httpx.Client(base_url=nginx.base, headers=headers) as client:
            for method in ("ping", "tools/list", "ping"):
                response = client.post("/mcp", json={"jsonrpc": "2.0", "id": method, "method": method})
                assert (response.status_code, response.json()["id"]) == (200, method)
                assert response.headers["kb-build"]
    finally:
        nginx.stop()


def test_the_key_of_a_page_has_only_the_parameters_that_pages_know(origin: Any, nginx: Nginx) -> None:
    for url in (
        "/procedures/x?utm_source=mail&utm_medium=x&fbclid=1",
        "/procedures/x?dnt=1&&",
        "/procedures/x?a&b&c=&d.e=5",
        "/procedures/x",
        "/search?q=knee&utm_source=mail",
        "/search?gclid=1&q=knee&x=1&y=2&z",
        "/oembed?a=1&url=/procedures/x&b=2&format=json&dnt=1",
        "/oembed?url=/procedures/x&format=json&",
    ):
        httpx.get(f"{nginx.base}{url}")

    assert [url for url, _ in origin.requests] == [
        "/procedures/x?utm_source=mail&utm_medium=x&fbclid=1",
        "/search?q=knee&utm_source=mail",
        "/oembed?a=1&url=/procedures/x&b=2&format=json&dnt=1",
    ]


@pytest.mark.usefixtures("origin")
def test_no_other_url_shares_a_key(nginx: Nginx) -> None:
    urls = [
        *("/v1/x?utm_source=a", "/v1/x?utm_source=b", "/v1?a=1", "/v1?a=2", "/fhir/metadata?a=1", "/fhir/metadata?a=2"),
        *("/openapi.json?a=1", "/openapi.json?a=2", "//v1/x?a=1", "//v1/x?a=2", "/x/?a=1", "/x/?a=2"),
        *(
            "/search?q=a",
            "/search?q=b",
            "/search?%71=a",
            "/search?%71=b",
            "/search?Q%3d=1",
            "/search?+q=1",
            "/search?+q=2",
        ),
        *("/%76%31/x?a=1", "/%76%31/x?a=2", "/compare?procedure=a&procedure=b", "/compare?procedure=b&procedure=a"),
        *("/vx?q=1", "/v1x?q=1", "/search?q=a&q=b", "/search?q", "/search?q="),
    ]

    statuses = [httpx.get(f"{nginx.base}{url}").headers["kb-cache"] for url in urls]

    assert statuses == ["MISS"] * len(urls)


def test_the_configuration_has_the_parameters_that_pages_know() -> None:
    lists = re.findall(r"\(\?!\(\?:(body_region[a-z_|]*)\)", TEMPLATE.read_text(encoding="utf-8"))

    assert len(lists) == 9
    assert {frozenset(names.split("|")) for names in lists} == {PAGE_PARAMETERS}
