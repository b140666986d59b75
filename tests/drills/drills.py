"""Things broken on purpose, one after the other, under load. Run by `make drills`."""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from drills.bench import COLD, FULL, WARM, Bench, url_of
from drills.liar import Liar
from drills.poison import Poisoner
from drills.processes import ROOT, Api, Nginx, children_of, load, wait_for
from drills.traffic import Tally

PAUSE = 6.0 if FULL else 2.0


@dataclass(frozen=True)
class Drill:
    name: str
    run: Callable[[Bench], Tally]
    # The one drill that must find something wrong: what finds nothing there would find nothing anywhere.
    must_catch: bool = False


def version_at(base: str, path: str = "/v1/releases/current") -> str:
    try:
        return httpx.get(f"{base}{path}", timeout=10).headers.get("kb-release", "")
    except httpx.TransportError:
        return ""


def sees(api: Api | Nginx, version: str) -> Callable[[], bool]:
    return lambda: version_at(api.base) == version


def is_stale(api: Api) -> bool:
    return "kb-stale" in httpx.get(f"{api.base}{WARM[0]}", headers={"Accept-Encoding": "identity"}, timeout=10).headers


def cold_is_a_clear_503(base: str, path: str) -> None:
    began = time.monotonic()
    answer = httpx.get(f"{base}{path}", timeout=30)
    seconds = time.monotonic() - began
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json"), answer.text
    assert int(answer.headers["retry-after"]) > 0
    # Two seconds are promised; a machine that runs other things as well is given more.
    assert seconds < 10, seconds


def cold_is_answered(base: str, path: str) -> Callable[[], bool]:
    return lambda: httpx.get(f"{base}{path}", timeout=30).status_code == 200


def primary_killed(bench: Bench) -> Tally:
    primary = bench.primary()
    replica = bench.replica(primary)
    api = bench.api(url_of(primary, replica, target_session_attrs="any", load_balance_hosts="random"))
    with bench.traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        primary.stop(signal.SIGKILL)
        wait_for("a cold answer from the replica", cold_is_answered(api.base, COLD[0]))
        time.sleep(PAUSE)
    return traffic.tally


def replica_killed(bench: Bench) -> Tally:
    primary = bench.primary()
    replica = bench.replica(primary)
    api = bench.api(url_of(replica, primary, target_session_attrs="prefer-standby"))
    with bench.traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        replica.stop(signal.SIGKILL)
        wait_for("a cold answer from the primary", cold_is_answered(api.base, COLD[0]))
        time.sleep(PAUSE)
    return traffic.tally


def replica_promoted(bench: Bench) -> Tally:
    primary = bench.primary()
    replica = bench.replica(primary)
    api = bench.api(url_of(primary, replica, target_session_attrs="any"))
    with bench.traffic([api.port]) as traffic:
        time.sleep(PAUSE)
        primary.stop(signal.SIGKILL)
        replica.ask("SELECT pg_promote(true, 60)")
        # The loader is given both and finds the one that takes writes.
        done = bench.load(url_of(primary, replica), second=True)
        assert done.returncode == 0, done.stderr.decode()
        wait_for("the second release at the API", sees(api, bench.shared.versions[1]))
        time.sleep(PAUSE)
    return traffic.tally


def replica_behind(bench: Bench) -> Tally:
    """Two boxes, one on the primary and one on a replica that lags: each body is whole, a cursor that meets the other waits."""
    primary = bench.primary()
    replica = bench.replica(primary)
    early, late = bench.api(url_of(primary)), bench.api(url_of(replica))
    page, second = "/v1/procedures?limit=5", bench.shared.versions[1]
    with bench.traffic([early.port, late.port]) as traffic:
        replica.ask("SELECT pg_wal_replay_pause()")
        assert bench.load(url_of(primary), second=True).returncode == 0
        wait_for("the second release at the first box", sees(early, second))
        cursor = wait_for_cursor(early, page, second)
        answer = httpx.get(f"{late.base}{page}&cursor={cursor}", timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (503, "replica_behind"), answer.text
        assert int(answer.headers["retry-after"]) > 0
        time.sleep(PAUSE)
        replica.ask("SELECT pg_wal_replay_resume()")
        wait_for("the second release at the late box", sees(late, second))
        assert httpx.get(f"{late.base}{page}&cursor={cursor}", timeout=10).status_code == 200
        time.sleep(PAUSE / 2)
    return traffic.tally


def wait_for_cursor(api: Api, page: str, version: str) -> str:
    found = []

    def asked() -> bool:
        answer = httpx.get(f"{api.base}{page}", timeout=10)
        found.append(answer.json()["page"]["next"])
        return answer.headers["kb-release"] == version

    wait_for("a page of the second release", asked)
    return str(found[-1])


def database_restarted(bench: Bench) -> Tally:
    primary = bench.primary()
    api = bench.api(url_of(primary))
    with bench.traffic([api.port]) as traffic:
        for number in range(2):
            time.sleep(PAUSE / 2)
            primary.stop()
            wait_for("the API notices", lambda: is_stale(api))
            cold_is_a_clear_503(api.base, COLD[2 * number])
            assert httpx.get(f"{api.base}/health/live", timeout=10).status_code == 200
            assert httpx.get(f"{api.base}/health/ready", timeout=10).status_code == 503
            primary.start()
            wait_for("the API recovers", cold_is_answered(api.base, COLD[2 * number + 1]))
            wait_for("nothing is stale any more", lambda: not is_stale(api))
        time.sleep(PAUSE / 2)
    return traffic.tally


def database_hangs(bench: Bench) -> Tally:
    """Stopped in the middle of everything, connections open: worse than gone, for nothing says so."""
    primary = bench.primary()
    api = bench.api(url_of(primary))
    assert primary.process
    with bench.traffic([api.port]) as traffic:
        time.sleep(PAUSE / 2)
        held = _stop_all(primary.process.pid)
        try:
            cold_is_a_clear_503(api.base, COLD[0])
            wait_for("the API notices", lambda: is_stale(api))
            cold_is_a_clear_503(api.base, COLD[1])
        finally:
            _signal(held, signal.SIGCONT)
        wait_for("the API recovers", cold_is_answered(api.base, COLD[2]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def _stop_all(pid: int) -> list[int]:
    held = [pid, *children_of(pid)]
    _signal(held, signal.SIGSTOP)
    return held


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def worker_killed(bench: Bench) -> Tally:
    apis = bench.apis(bench.sqlite(), workers=2)
    nginx = bench.nginx(*(api.port for api in apis))
    with bench.traffic([nginx.port]) as traffic:
        for number in range(6 if FULL else 3):
            time.sleep(PAUSE / 2)
            victim = apis[number % 2].worker_ids()[0]
            _signal([victim], signal.SIGKILL)
        for api in apis:
            wait_for("two workers again", lambda api=api: len(api.worker_ids()) == 2)
        time.sleep(PAUSE)
    return traffic.tally


def rolling_restart(bench: Bench) -> Tally:
    """A deploy: each API process is asked to stop while it answers, and started again."""
    apis = bench.apis(bench.sqlite())
    nginx = bench.nginx(*(api.port for api in apis))
    with bench.traffic([nginx.port]) as traffic:
        for api in apis:
            time.sleep(PAUSE / 2)
            api.stop()
            assert api.process
            assert api.process.returncode in {0, -signal.SIGTERM}, api.process.returncode
            api.start()
        time.sleep(PAUSE / 2)
    return traffic.tally


def origin_away(bench: Bench) -> Tally:
    apis = bench.apis(bench.sqlite())
    nginx = bench.nginx(*(api.port for api in apis))
    with bench.traffic([nginx.port]) as traffic:
        time.sleep(PAUSE / 2)
        for api in apis:
            api.stop(signal.SIGKILL)
        time.sleep(PAUSE)
        stale = httpx.get(f"{nginx.base}{WARM[0]}", headers={"Accept-Encoding": "identity"}, timeout=10)
        assert (stale.status_code, stale.headers["kb-stale"]) == (200, "origin-unreachable"), stale.headers
        cold_is_a_clear_503(nginx.base, COLD[0])
        for api in apis:
            api.start()
        wait_for("a cold answer through nginx", cold_is_answered(nginx.base, COLD[1]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def headers_poisoned(bench: Bench) -> Tally:
    """One client sends what might be answered otherwise, to the addresses that all the others ask for."""
    apis = bench.apis(bench.sqlite())
    nginx = bench.nginx(*(api.port for api in apis))
    # At /mcp all headers reach the API's server: what it makes of them must not count as a fault of the box.
    poisoned = [*WARM[:6], "/mcp"]
    with bench.traffic([nginx.port]) as traffic, Poisoner(nginx.port, poisoned) as poisoner:
        time.sleep(60 if FULL else 10)
    # It kept its rate, or nearly: otherwise little was tried.
    assert poisoner.sent.total() > 100, poisoner.sent
    return traffic.tally


def no_space_on_sqlite(bench: Bench) -> Tally:
    database = bench.sqlite()
    api = bench.api(database)

    def nearly_full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    with bench.traffic([api.port]) as traffic:
        time.sleep(PAUSE / 2)
        done = load(database, bench.shared.seeds[1], preexec_fn=nearly_full)
        assert done.returncode == 3, (done.returncode, done.stderr.decode()[-500:])
        assert version_at(api.base) == bench.shared.versions[0]
        wait_for("a cold answer of the release before", cold_is_answered(api.base, COLD[0]))
        assert bench.load(database, second=True).returncode == 0
        wait_for("the second release", sees(api, bench.shared.versions[1]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def no_space_on_postgresql(bench: Bench) -> Tally:
    """No file of the server may grow past the size of its log segments: tables cannot grow, the log still can."""
    primary = bench.primary()
    primary.stop()
    primary.start(largest_file=1024 * 1024)
    api = bench.api(url_of(primary))
    with bench.traffic([api.port]) as traffic:
        time.sleep(PAUSE / 2)
        done = load(url_of(primary), ROOT / "seed_data")
        assert done.returncode == 3, (done.returncode, done.stdout.decode(), done.stderr.decode()[-500:])
        assert version_at(api.base) == bench.shared.versions[0]
        wait_for("a cold answer of the release before", cold_is_answered(api.base, COLD[0]))
        # Space is made.
        primary.stop()
        primary.start()
        assert bench.load(url_of(primary), second=True).returncode == 0
        wait_for("the second release", sees(api, bench.shared.versions[1]))
        time.sleep(PAUSE / 2)
    return traffic.tally


def swapped_on_sqlite(bench: Bench) -> Tally:
    return releases_swapped(bench, bench.sqlite())


def swapped_on_postgresql(bench: Bench) -> Tally:
    return releases_swapped(bench, url_of(bench.primary()))


def releases_swapped(bench: Bench, database: str) -> Tally:
    """A loader that puts two releases in turn, seen through nginx and straight from both processes."""
    apis = bench.apis(database)
    nginx = bench.nginx(*(api.port for api in apis))
    until = time.monotonic() + 20
    with bench.traffic([nginx.port, *(api.port for api in apis)]) as traffic:
        second = False
        while time.monotonic() < until:
            second = not second
            assert bench.load(database, second=second).returncode == 0
            version = bench.shared.versions[second]
            for api in apis:
                wait_for("the release at every API", sees(api, version))
            wait_for("the release at nginx", sees(nginx, version))
    assert len(traffic.tally.versions) == 2, traffic.tally.versions
    return traffic.tally


def wrong_body(bench: Bench) -> Tally:
    """Between callers and the API stands one that changes a letter now and then."""
    api = bench.api(bench.sqlite())
    with Liar(api.port, every=40) as liar:
        traffic = bench.traffic([api.port])
        traffic.ports = [liar.port]
        with traffic:
            time.sleep(PAUSE)
    return traffic.tally


DRILLS = [
    Drill("primary killed, replica reads on", primary_killed),
    Drill("replica killed, primary reads on", replica_killed),
    Drill("primary killed, replica promoted and loaded", replica_promoted),
    Drill("replica behind its primary", replica_behind),
    Drill("database restarted twice", database_restarted),
    Drill("database hangs", database_hangs),
    Drill("API workers killed", worker_killed),
    Drill("API processes restarted one by one", rolling_restart),
    Drill("cache without its origin", origin_away),
    Drill("poisoned headers", headers_poisoned),
    Drill("no space left during a load, SQLite", no_space_on_sqlite),
    Drill("no space left during a load, PostgreSQL", no_space_on_postgresql),
    Drill("two releases swapped for 20 s, SQLite", swapped_on_sqlite),
    Drill("two releases swapped for 20 s, PostgreSQL", swapped_on_postgresql),
    Drill("wrong body served on purpose", wrong_body, must_catch=True),
]

if __name__ == "__main__":
    from drills.report import main

    sys.exit(main(DRILLS, sys.argv[1:]))
