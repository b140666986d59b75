"""Fault-injection drills, run in sequence under load by `make drills`."""

import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from drills import host
from drills.content import COLD_URLS, WARM_URLS
from drills.corrupting_proxy import CorruptingProxy
from drills.endless import EndlessSender
from drills.poison import ONE_OFF_REQUESTS, CachePoisoner
from drills.processes import ROOT, Api, Nginx, list_children, read_memory_mib, run_load, wait_for
from drills.testbed import FULL, RATE, Testbed, build_database_url
from drills.traffic import Tally, Traffic

PAUSE = 6.0 if FULL else 2.0
# Seconds that 999 of 1 000 requests may take while a release is prepared and swapped.
PREPARED_P999 = 0.05
PREPARED_URLS = (
    "/health/live",
    "/v1/procedures/procedure-7",
    "/health/live",
    "/v1/procedures?limit=100",
    "/health/live",
    "/v1/conditions/condition-3/procedures",
    "/v1/releases/current",
    "/procedures/procedure-7",
)


@dataclass(frozen=True)
class Drill:
    name: str
    run: Callable[[Testbed], Tally]
    # The drill that proves the others: its wrong bodies must be detected.
    expects_wrong_bodies: bool = False


def get_version(base: str) -> str:
    try:
        return httpx.get(f"{base}/v1/releases/current", timeout=10).headers.get("kb-release", "")
    except httpx.TransportError:
        return ""


def serves_version(server: Api | Nginx, version: str) -> Callable[[], bool]:
    return lambda: get_version(server.base) == version


def is_stale(api: Api) -> bool:
    response = httpx.get(f"{api.base}{WARM_URLS[0]}", headers={"Accept-Encoding": "identity"}, timeout=10)
    return "kb-stale" in response.headers


def assert_503(base: str, path: str) -> None:
    start = time.monotonic()
    response = httpx.get(f"{base}{path}", timeout=30)
    seconds = time.monotonic() - start
    assert (response.status_code, response.headers["content-type"]) == (503, "application/problem+json"), response.text
    assert int(response.headers["retry-after"]) > 0
    # The service promises two seconds; a host with other load needs more.
    assert seconds < 10, seconds


def responds_with_200(base: str, path: str) -> Callable[[], bool]:
    return lambda: httpx.get(f"{base}{path}", timeout=30).status_code == 200


def primary_killed(testbed: Testbed) -> Tally:
    primary = testbed.start_primary()
    replica = testbed.start_replica(primary)
    api = testbed.start_api(
        build_database_url(primary, replica, target_session_attrs="any", load_balance_hosts="random")
    )
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        primary.stop(signal.SIGKILL)
        wait_for("an uncached response from the replica", responds_with_200(api.base, COLD_URLS[0]))
        time.sleep(PAUSE)
    return traffic.tally


def replica_killed(testbed: Testbed) -> Tally:
    primary = testbed.start_primary()
    replica = testbed.start_replica(primary)
    api = testbed.start_api(build_database_url(replica, primary, target_session_attrs="prefer-standby"))
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        replica.stop(signal.SIGKILL)
        wait_for("an uncached response from the primary", responds_with_200(api.base, COLD_URLS[0]))
        time.sleep(PAUSE)
    return traffic.tally


def replica_promoted(testbed: Testbed) -> Tally:
    primary = testbed.start_primary()
    replica = testbed.start_replica(primary)
    api = testbed.start_api(build_database_url(primary, replica, target_session_attrs="any"))
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        primary.stop(signal.SIGKILL)
        replica.execute("SELECT pg_promote(true, 60)")
        # The loader gets both servers and writes to the primary.
        process = testbed.load(build_database_url(primary, replica), second=True)
        assert process.returncode == 0, process.stderr.decode()
        wait_for("the second release at the API", serves_version(api, testbed.fixtures.versions[1]))
        time.sleep(PAUSE)
    return traffic.tally


def replica_behind(testbed: Testbed) -> Tally:
    """One API reads the primary and one a lagging replica, which answers a cursor of the newer release with 503."""
    primary = testbed.start_primary()
    replica = testbed.start_replica(primary)
    current_api = testbed.start_api(build_database_url(primary))
    lagging_api = testbed.start_api(build_database_url(replica))
    page, second = "/v1/procedures?limit=5", testbed.fixtures.versions[1]
    with testbed.prepare_traffic([current_api.port, lagging_api.port]) as traffic:
        replica.execute("SELECT pg_wal_replay_pause()")
        assert testbed.load(build_database_url(primary), second=True).returncode == 0
        wait_for("the second release at the API on the primary", serves_version(current_api, second))
        cursor = wait_for_cursor(current_api, page, second)
        response = httpx.get(f"{lagging_api.base}{page}&cursor={cursor}", timeout=10)
        assert (response.status_code, response.json()["code"]) == (503, "replica_behind"), response.text
        assert int(response.headers["retry-after"]) > 0
        time.sleep(PAUSE)
        replica.execute("SELECT pg_wal_replay_resume()")
        wait_for("the second release at the API on the replica", serves_version(lagging_api, second))
        assert httpx.get(f"{lagging_api.base}{page}&cursor={cursor}", timeout=10).status_code == 200
        time.sleep(PAUSE / 2)
    return traffic.tally


def wait_for_cursor(api: Api, page: str, version: str) -> str:
    cursors = []

    def has_page() -> bool:
        response = httpx.get(f"{api.base}{page}", timeout=10)
        cursors.append(response.json()["page"]["next"])
        return response.headers["kb-release"] == version

    wait_for("a page of the second release", has_page)
    return str(cursors[-1])


def database_restarted(testbed: Testbed) -> Tally:
    primary = testbed.start_primary()
    api = testbed.start_api(build_database_url(primary))
    with testbed.prepare_traffic([api.port]) as traffic:
        for number in range(2):
            time.sleep(PAUSE / 2)
            primary.stop()
            wait_for("the API to notice", lambda: is_stale(api))
            assert_503(api.base, COLD_URLS[2 * number])
            assert httpx.get(f"{api.base}/health/live", timeout=10).status_code == 200
            assert httpx.get(f"{api.base}/health/ready", timeout=10).status_code == 503
            primary.start()
            wait_for("the API to recover", responds_with_200(api.base, COLD_URLS[2 * number + 1]))
            wait_for("no response is stale", lambda: not is_stale(api))
        time.sleep(PAUSE / 2)
    return traffic.tally


def database_hangs(testbed: Testbed) -> Tally:
    """The server is suspended with its connections open, so that no error tells the clients."""
    primary = testbed.start_primary()
    api = testbed.start_api(build_database_url(primary))
    assert primary.process
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE / 2)
        suspended = _suspend_all(primary.process.pid)
        try:
            assert_503(api.base, COLD_URLS[0])
            wait_for("the API to notice", lambda: is_stale(api))
            assert_503(api.base, COLD_URLS[1])
        finally:
            _send_signal(suspended, signal.SIGCONT)
        wait_for("the API to recover", responds_with_200(api.base, COLD_URLS[2]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def _suspend_all(pid: int) -> list[int]:
    pids = [pid, *list_children(pid)]
    _send_signal(pids, signal.SIGSTOP)
    return pids


def _send_signal(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def worker_killed(testbed: Testbed) -> Tally:
    apis = testbed.start_apis(testbed.copy_sqlite(), workers=2)
    nginx = testbed.start_nginx(*(api.port for api in apis))
    with testbed.prepare_traffic([nginx.port]) as traffic:
        for number in range(6 if FULL else 3):
            time.sleep(PAUSE / 2)
            victim = apis[number % 2].list_worker_pids()[0]
            _send_signal([victim], signal.SIGKILL)
        for api in apis:
            wait_for("two workers again", lambda api=api: len(api.list_worker_pids()) == 2)
        time.sleep(PAUSE)
    return traffic.tally


def rolling_restart(testbed: Testbed) -> Tally:
    """A deployment: each API process is terminated and restarted under load."""
    apis = testbed.start_apis(testbed.copy_sqlite())
    nginx = testbed.start_nginx(*(api.port for api in apis))
    with testbed.prepare_traffic([nginx.port]) as traffic:
        for api in apis:
            time.sleep(PAUSE / 2)
            api.stop()
            assert api.process
            assert api.process.returncode in {0, -signal.SIGTERM}, api.process.returncode
            api.start()
        time.sleep(PAUSE / 2)
    return traffic.tally


def origin_away(testbed: Testbed) -> Tally:
    apis = testbed.start_apis(testbed.copy_sqlite())
    nginx = testbed.start_nginx(*(api.port for api in apis))
    with testbed.prepare_traffic([nginx.port]) as traffic:
        time.sleep(PAUSE / 2)
        for api in apis:
            api.stop(signal.SIGKILL)
        time.sleep(PAUSE)
        stale = httpx.get(f"{nginx.base}{WARM_URLS[0]}", headers={"Accept-Encoding": "identity"}, timeout=10)
        assert (stale.status_code, stale.headers["kb-stale"]) == (200, "origin-unreachable"), stale.headers
        assert_503(nginx.base, COLD_URLS[0])
        for api in apis:
            api.start()
        wait_for("an uncached response through nginx", responds_with_200(nginx.base, COLD_URLS[1]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def headers_poisoned(testbed: Testbed) -> Tally:
    """One client sends poisoned requests to the URLs that all other clients request."""
    apis = testbed.start_apis(testbed.copy_sqlite())
    nginx = testbed.start_nginx(*(api.port for api in apis))
    # At /mcp nginx forwards all headers; it must not count the errors that uvicorn responds with as failures of the API.
    poisoned_urls = [*WARM_URLS[:6], "/mcp"]
    with testbed.prepare_traffic([nginx.port]) as traffic, CachePoisoner(nginx.port, poisoned_urls) as poisoner:
        time.sleep(60 if FULL else 10)
    # Enough poisoned requests were sent for the drill to prove something.
    assert poisoner.sent.total() > 100, poisoner.sent
    return traffic.tally


def parameters_made_up(testbed: Testbed) -> Tally:
    """One client sends expensive and one-off URLs; all others ask for what is cached, and memory stays bounded."""
    api = testbed.start_api(testbed.copy_sqlite(), CACHE_BYTES=str(4 * 1024 * 1024))
    urls = ["/v1/procedures", "/v1/search", "/openapi.json", "/", "/oembed", "/embed/v1/search.json", *WARM_URLS[:4]]
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        before = read_memory_mib(api.list_worker_pids()[0])
        with CachePoisoner(api.port, urls, rate=60, requests=ONE_OFF_REQUESTS) as sender:
            time.sleep(60 if FULL else 10)
        grown = read_memory_mib(api.list_worker_pids()[0]) - before
    assert sender.sent.total() > 200, sender.sent
    # The cache itself, and what an interpreter keeps of freed memory.
    assert grown < 40, grown
    return traffic.tally


def requests_without_end(testbed: Testbed) -> Tally:
    """Heads, trailers and pipelines without end reach the API itself, with no proxy before it."""
    api = testbed.start_api(testbed.copy_sqlite())
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        before, grown = read_memory_mib(api.list_worker_pids()[0]), 0.0
        with EndlessSender(api.port) as sender:
            for _ in range(60 if FULL else 10):
                time.sleep(1)
                grown = max(grown, read_memory_mib(api.list_worker_pids()[0]) - before)
    # Each of the clients was refused more than once.
    assert sender.closed > 20, sender.closed
    assert grown < 64, grown
    return traffic.tally


# Each response takes much work of the process that sends it.
COSTLY_URLS = ("/fhir/Evidence?_count=100", "/v1/procedures?limit=100&sort=-name", "/fhir/ActivityDefinition?_count=50")


def busy_on_postgresql(testbed: Testbed) -> Tally:
    """Ten clients ask for what costs most, none of it cached: all are answered, at half the rate of SQLite or more."""
    primary = testbed.start_primary()
    tallies = []
    for database in (testbed.copy_sqlite(), build_database_url(primary)):
        api = testbed.start_api(database, CACHE_BYTES="0", FEATURES="fhir", PUBLIC_URL="https://kb.example.org")
        with Traffic([api.port], COSTLY_URLS, {}, rate=math.inf, connections=10) as traffic:
            time.sleep(30 if FULL else 8)
        tallies.append(traffic.tally)
        api.stop()
    sqlite, postgresql = tallies
    print(f"SQLite answered {sqlite.requests} requests, PostgreSQL {postgresql.requests}", file=sys.stderr)
    assert postgresql.stale == 0, postgresql.stale
    assert postgresql.requests >= sqlite.requests / 2, (postgresql.requests, sqlite.requests)
    return postgresql


def overloaded_on_postgresql(testbed: Testbed) -> Tally:
    """Two hundred such clients: each response is a 200 or says `overloaded`, and nothing is marked as stale."""
    api = testbed.start_api(
        build_database_url(testbed.start_primary()),
        CACHE_BYTES="0",
        FEATURES="fhir",
        PUBLIC_URL="https://kb.example.org",
    )
    with Traffic([api.port], COSTLY_URLS, {}, rate=math.inf, connections=200) as traffic:
        time.sleep(PAUSE)
        for _ in range(5):
            response = httpx.get(f"{api.base}/health/live", timeout=30)
            assert (response.status_code, "kb-stale" in response.headers) == (200, False)
        time.sleep(20 if FULL else 5)
    tally = traffic.tally
    overloaded = sum(count for reason, count in tally.reasons.items() if reason.startswith("503 "))
    print(f"{tally.requests} requests, {overloaded} of them overloaded", file=sys.stderr)
    assert tally.stale == 0, tally.stale
    # These refusals are what the drill is for; all else counts as errors.
    tally.errors -= overloaded
    assert tally.requests - overloaded > 50, tally.reasons
    return tally


def no_space_on_sqlite(testbed: Testbed) -> Tally:
    database = testbed.copy_sqlite()
    api = testbed.start_api(database)

    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE / 2)
        process = run_load(database, testbed.fixtures.seeds[1], preexec_fn=limit_file_size)
        assert process.returncode == 3, (process.returncode, process.stderr.decode()[-500:])
        assert get_version(api.base) == testbed.fixtures.versions[0]
        wait_for("an uncached response of the first release", responds_with_200(api.base, COLD_URLS[0]))
        assert testbed.load(database, second=True).returncode == 0
        wait_for("the second release", serves_version(api, testbed.fixtures.versions[1]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def no_space_on_postgresql(testbed: Testbed) -> Tally:
    """File sizes are limited to that of a WAL segment: the log can grow, the tables cannot."""
    primary = testbed.start_primary()
    primary.stop()
    primary.start(max_file_bytes=1024 * 1024)
    api = testbed.start_api(build_database_url(primary))
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE / 2)
        process = run_load(build_database_url(primary), ROOT / "seed_data")
        assert process.returncode == 3, (process.returncode, process.stdout.decode(), process.stderr.decode()[-500:])
        assert get_version(api.base) == testbed.fixtures.versions[0]
        wait_for("an uncached response of the first release", responds_with_200(api.base, COLD_URLS[0]))
        # Remove the limit.
        primary.stop()
        primary.start()
        assert testbed.load(build_database_url(primary), second=True).returncode == 0
        wait_for("the second release", serves_version(api, testbed.fixtures.versions[1]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def swapped_on_sqlite(testbed: Testbed) -> Tally:
    return releases_swapped(testbed, testbed.copy_sqlite())


def swapped_on_postgresql(testbed: Testbed) -> Tally:
    return releases_swapped(testbed, build_database_url(testbed.start_primary()))


def releases_swapped(testbed: Testbed, database: str) -> Tally:
    """A loader alternates between two releases, requested through nginx and directly from both API processes."""
    apis = testbed.start_apis(database)
    nginx = testbed.start_nginx(*(api.port for api in apis))
    until = time.monotonic() + 20
    with testbed.prepare_traffic([nginx.port, *(api.port for api in apis)]) as traffic:
        second = False
        while time.monotonic() < until:
            second = not second
            assert testbed.load(database, second=second).returncode == 0
            version = testbed.fixtures.versions[second]
            for api in apis:
                wait_for("the release at every API", serves_version(api, version))
            wait_for("the release at nginx", serves_version(nginx, version))
    assert len(traffic.tally.versions) == 2, traffic.tally.versions
    return traffic.tally


def prepared_at_100(testbed: Testbed) -> Tally:
    return prepared_under_load(testbed, 100)


def prepared_at_3000(testbed: Testbed) -> Tally:
    return prepared_under_load(testbed, 3_000)


def prepared_at_20000(testbed: Testbed) -> Tally:
    return prepared_under_load(testbed, 20_000)


def prepared_under_load(testbed: Testbed, count: int) -> Tally:
    """Index, OpenAPI document and exports are built, and a release is swapped, while clients ask for what is cached or live."""
    database = f"sqlite:///{testbed.work / 'kb.sqlite3'}"
    testbed.load_synthetic(database, count)
    api = testbed.start_api(database)
    for url in PREPARED_URLS:
        httpx.get(f"{api.base}{url}", timeout=30).raise_for_status()
    seconds = max(180.0, count / 20)
    with Traffic([api.port], PREPARED_URLS, {}, rate=RATE) as traffic:
        wait_for("the exports", responds_with_200(api.base, "/v1/export/manifest.json"), seconds=seconds)
        revision = get_revision(api)
        testbed.load_synthetic(database, count + 1)
        wait_for("the swap", lambda: get_revision(api) != revision, seconds=seconds)
        wait_for("the exports", responds_with_200(api.base, "/v1/export/manifest.json"), seconds=seconds)
        time.sleep(PAUSE)
    with Traffic([api.port], PREPARED_URLS, {}, rate=RATE) as calm:
        time.sleep(10)
    p999, calm_p999 = traffic.tally.get_latency_quantile(0.999), calm.tally.get_latency_quantile(0.999)
    print(
        f"{count} procedures: p99.9 {1000 * p999:.0f} ms, without any load {1000 * calm_p999:.0f} ms", file=sys.stderr
    )
    # A host that is busy with other things proves nothing.
    assert p999 <= PREPARED_P999 or calm_p999 > PREPARED_P999 / 5, p999
    return traffic.tally


def get_revision(api: Api) -> str:
    # Cached: this is the release that the process serves.
    return str(httpx.get(f"{api.base}/v1/releases/current", timeout=10).json()["revision"])


def wrong_body(testbed: Testbed) -> Tally:
    """A proxy between the clients and the API corrupts every 40th body."""
    api = testbed.start_api(testbed.copy_sqlite())
    with CorruptingProxy(api.port, every=40) as proxy:
        traffic = testbed.prepare_traffic([api.port])
        traffic.ports = [proxy.port]
        with traffic:
            time.sleep(PAUSE)
    return traffic.tally


DRILLS = [
    Drill("primary killed, replica serves reads", primary_killed),
    Drill("replica killed, primary serves reads", replica_killed),
    Drill("primary killed, replica promoted and loaded", replica_promoted),
    Drill("replica lags behind its primary", replica_behind),
    Drill("database restarted twice", database_restarted),
    Drill("database hangs", database_hangs),
    Drill("API workers killed", worker_killed),
    Drill("API processes restarted one by one", rolling_restart),
    Drill("origin unreachable", origin_away),
    Drill("poisoned headers", headers_poisoned),
    Drill("made-up parameters and one-off URLs", parameters_made_up),
    Drill("requests without end, without a proxy", requests_without_end),
    Drill("PostgreSQL under CPU load", busy_on_postgresql),
    Drill("PostgreSQL overloaded", overloaded_on_postgresql),
    Drill("no space left during a load, SQLite", no_space_on_sqlite),
    Drill("no space left during a load, PostgreSQL", no_space_on_postgresql),
    Drill("two releases swapped for 20 s, SQLite", swapped_on_sqlite),
    Drill("two releases swapped for 20 s, PostgreSQL", swapped_on_postgresql),
    Drill("index, exports, OpenAPI and swap under load, 100 procedures", prepared_at_100),
    Drill("index, exports, OpenAPI and swap under load, 3 000 procedures", prepared_at_3000),
    *(
        [Drill("index, exports, OpenAPI and swap under load, 20 000 procedures", prepared_at_20000)]
        # Minutes to load and to prepare.
        if FULL
        else []
    ),
    Drill("disk of index, exports and log full", host.disk_full),
    Drill("disk of index and exports read-only", host.disk_read_only),
    Drill("files of index and exports removed, cut and changed", host.files_damaged),
    Drill("downloads resumed across releases", host.downloads_resumed),
    Drill("SIGHUP, and the supervisor killed", host.supervisor_signaled),
    Drill("SQLite file overwritten in place", host.sqlite_overwritten),
    Drill("file descriptors exhausted", host.descriptors_exhausted),
    Drill("role of the API used to attack, PostgreSQL", host.api_role_attacks),
    Drill("no password told while PostgreSQL is away", host.secrets_kept),
    Drill("seed of 2 000 errors loaded, port taken", host.bad_seed_loaded),
    Drill("wrong body served on purpose", wrong_body, expects_wrong_bodies=True),
]

if __name__ == "__main__":
    from drills.report import main

    sys.exit(main(DRILLS, sys.argv[1:]))
