"""Drills of the host: full disks, damaged files, signals, descriptors, and what an operator does wrong, all under load."""

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
from drills.background import BackgroundWork
from drills.processes import ROOT, Api, inherit_environment, is_dead, mount, responds, run_load, wait_for
from drills.testbed import FULL, Testbed, build_database_url
from drills.traffic import Tally, digest

PAUSE = 6.0 if FULL else 2.0
EXPORTS = ("/v1/export/kb.json", "/v1/export/kb.ndjson")
PASSWORD = "long-secret-word"


def get(api: Api, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{api.base}{path}", headers={"Accept-Encoding": "identity", **headers}, timeout=30)


def has_failure(api: Api, *, expected: bool) -> Callable[[], bool]:
    return lambda: bool(get(api, "/health/ready").json().get("failure")) is expected


def serves(api: Api, version: str) -> Callable[[], bool]:
    # Cached: this is the release that the process serves.
    return lambda: get(api, "/v1/releases/current").json().get("version") == version


def run_command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = inherit_environment() | {f"KB_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


class Downloads(BackgroundWork):
    """Client that downloads exports, half by half, until the block ends; each answer is whole, refused, or broken off."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.expected = {path: digest(get(api, path).content) for path in EXPORTS}
        self.results: Counter[str] = Counter()
        super().__init__()

    def count_into(self, tally: Tally) -> Tally:
        tally.requests += self.results.total()
        tally.wrong_bodies += self.results["wrong"]
        tally.errors += self.results["error"]
        print(f"downloads: {dict(self.results)}", file=sys.stderr)
        assert self.results["whole"] > 5, self.results
        return tally

    def _run(self) -> None:
        for path in itertools.cycle(EXPORTS):
            if self._stop.wait(0.05):
                return
            try:
                self.results[self._download(path)] += 1
            except httpx.TransportError:
                self.results["broken off"] += 1

    def _download(self, path: str) -> str:
        first = get(self.api, path, Range="bytes=0-9999")
        if first.status_code != 206:
            return self._name_refusal(first)
        rest = get(self.api, path, **{"Range": "bytes=10000-", "If-Range": first.headers["etag"]})
        if rest.status_code not in {200, 206}:
            return self._name_refusal(rest)
        body = rest.content if rest.status_code == 200 else first.content + rest.content
        return "whole" if digest(body) == self.expected[path] else "wrong"

    @staticmethod
    def _name_refusal(response: httpx.Response) -> str:
        return "refused" if response.status_code == 503 and int(response.headers["retry-after"]) > 0 else "error"


def disk_full(testbed: Testbed) -> Tally:
    """Index, exports and log are on a disk that is full while a release comes."""
    disk, database = testbed.mount_disk("48m"), testbed.copy_sqlite()
    api = testbed.start_api(database, work=disk)
    first, second = testbed.fixtures.versions
    wait_for("the exports", lambda: responds(f"{api.base}/v1/export/manifest.json"))
    with testbed.prepare_traffic([api.port]) as traffic:
        filler = fill(disk / "filler")
        assert testbed.load(database, second=True).returncode == 0
        wait_for("health tells", has_failure(api, expected=True))
        time.sleep(PAUSE)
        assert serves(api, first)()
        assert get(api, "/v1/procedures?limit=11&sort=name").status_code == 200
        filler.unlink()
        wait_for("the second release", serves(api, second))
        wait_for("health", has_failure(api, expected=False))
        assert get(api, "/v1/export/manifest.json").headers["kb-release"] == second
        time.sleep(PAUSE / 2)
    return traffic.tally


def fill(path: Path) -> Path:
    """Write a file until its disk is full."""
    with path.open("wb", buffering=0) as file:
        for size in (1024 * 1024, 1024, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return path


def disk_read_only(testbed: Testbed) -> Tally:
    """The disk of index and exports turns read-only, and is written again."""
    disk, database = testbed.mount_disk("48m"), testbed.copy_sqlite()
    api = testbed.start_api(database, SEARCH_DIR=str(disk / "search"), EXPORT_DIR=str(disk / "export"))
    wait_for("the exports", lambda: responds(f"{api.base}/v1/export/manifest.json"))
    with testbed.prepare_traffic([api.port]) as traffic:
        mount("-o", "remount,bind,ro", str(disk))
        assert testbed.load(database, second=True).returncode == 0
        wait_for("health tells", has_failure(api, expected=True))
        time.sleep(PAUSE)
        mount("-o", "remount,bind,rw", str(disk))
        wait_for("the second release", serves(api, testbed.fixtures.versions[1]))
        wait_for("health", has_failure(api, expected=False))
        time.sleep(PAUSE / 2)
    return traffic.tally


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def change(path: Path) -> None:
    with path.open("r+b") as file:
        byte = file.read(1)[0]
        file.seek(0)
        file.write(bytes([byte ^ 1]))


def files_damaged(testbed: Testbed) -> Tally:
    """A file of the index and one of the exports are removed, cut and changed in place, while they are read."""
    api = testbed.start_api(testbed.copy_sqlite())
    wait_for("the exports", lambda: responds(f"{api.base}{EXPORTS[0]}"))
    with testbed.prepare_traffic([api.port]) as traffic, Downloads(api) as downloads:
        for damage in (Path.unlink, cut, change):
            time.sleep(PAUSE / 2)
            files = [next(testbed.work.glob(name)) for name in ("search/*/index/*.store", "export/export-*/kb.json")]
            contents = [file.read_bytes() for file in files]
            for file in files:
                damage(file)
            wait_for("whole exports", lambda c=contents: read_first(testbed.work, "export/export-*/kb.json") == c[1])
            wait_for("a whole index", lambda f=files[0]: not is_damaged(f, testbed.work))
            wait_for("downloads", lambda: responds(f"{api.base}{EXPORTS[0]}"))
        time.sleep(PAUSE)
    assert downloads.results["refused"] + downloads.results["broken off"] > 0, downloads.results
    return downloads.count_into(traffic.tally)


def read_first(work: Path, pattern: str) -> bytes:
    try:
        return next(work.glob(pattern)).read_bytes()
    except (OSError, StopIteration):
        return b""


def is_damaged(file: Path, work: Path) -> bool:
    """Whether a damaged file of the index is still there: built again, it has another name."""
    return file.exists() or not any(work.glob("search/*/index/*.store"))


def downloads_resumed(testbed: Testbed) -> Tally:
    """Downloads are resumed by Range and If-Range while a release replaces the one before."""
    database = testbed.copy_sqlite()
    api = testbed.start_api(database)
    wait_for("the exports", lambda: responds(f"{api.base}{EXPORTS[0]}"))
    with testbed.prepare_traffic([api.port]) as traffic:
        for second in (True, False):
            with Downloads(api) as downloads:
                time.sleep(PAUSE)
            downloads.count_into(traffic.tally)
            assert not downloads.results["broken off"], downloads.results
            etag = get(api, EXPORTS[0]).headers["etag"]
            assert testbed.load(database, second=second).returncode == 0
            wait_for("the release", serves(api, testbed.fixtures.versions[second]))
            # The rest of another file is never appended: the whole of the new one comes.
            resumed = get(api, EXPORTS[0], **{"Range": "bytes=100-", "If-Range": etag})
            assert resumed.status_code == 200, resumed.status_code
    return traffic.tally


def supervisor_signaled(testbed: Testbed) -> Tally:
    """The supervisor of one API gets SIGHUP and renews its workers; that of the other is killed, and started again."""
    apis = testbed.start_apis(testbed.copy_sqlite(), workers=2)
    nginx = testbed.start_nginx(*(api.port for api in apis))
    with testbed.prepare_traffic([nginx.port]) as traffic:
        for api, number in zip(apis, (signal.SIGHUP, signal.SIGKILL), strict=True):
            time.sleep(PAUSE / 2)
            assert api.process
            workers = api.list_worker_pids()
            assert len(workers) == 2, workers
            api.process.send_signal(number)
            for pid in workers:
                wait_for(f"the end of worker {pid}", lambda pid=pid: is_dead(pid))
            if number == signal.SIGKILL:
                api.process.wait()
                api.start()
            wait_for("new workers", lambda api=api: len(api.list_worker_pids()) == 2)
            api.wait()
        time.sleep(PAUSE)
    return traffic.tally


def sqlite_overwritten(testbed: Testbed) -> Tally:
    """The served file is overwritten in place, as by `cp`: with another release, with half of it, with nothing."""
    database = testbed.copy_sqlite()
    served, other = testbed.work / "kb.sqlite3", testbed.work / "other.sqlite3"
    shutil.copy(served, other)
    assert run_load(f"sqlite:///{other}", testbed.fixtures.seeds[1]).returncode == 0
    first, second = served.read_bytes(), other.read_bytes()
    api = testbed.start_api(database)
    with testbed.prepare_traffic([api.port]) as traffic:
        for content in (second, second[: len(second) // 2], b"", first):
            time.sleep(PAUSE)
            served.write_bytes(content)
            for number in range(10):
                assert get(api, f"/v1/procedures?limit={number + 11}&sort=name").status_code in {200, 503}
        wait_for("the first release", serves(api, testbed.fixtures.versions[0]))
        time.sleep(PAUSE)
    tally = traffic.tally
    # While the file is not whole: these refusals are what the drill allows.
    refused = sum(count for reason, count in tally.reasons.items() if reason.startswith("503 "))
    print(f"{refused} requests refused", file=sys.stderr)
    tally.errors -= refused
    return tally


def descriptors_exhausted(testbed: Testbed) -> Tally:
    """One client takes all file descriptors: it gets 503, those who were connected are served, and then all are."""
    api = testbed.start_api(testbed.copy_sqlite(), max_files=200)
    wait_for("the exports", lambda: responds(f"{api.base}{EXPORTS[0]}"))
    with testbed.prepare_traffic([api.port]) as traffic:
        time.sleep(PAUSE / 2)
        connections, refusals = [], 0
        for _ in range(200):
            connection = socket.create_connection(("127.0.0.1", api.port), timeout=30)
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: kb\r\n\r\n")
            refusals += b'"code":"overloaded"' in connection.recv(4096)
            connections.append(connection)
        time.sleep(PAUSE)
        for connection in connections:
            connection.close()
        wait_for("an uncached response", lambda: responds(f"{api.base}/v1/procedures?limit=11&sort=name"))
        time.sleep(PAUSE / 2)
    print(f"{refusals} of 200 connections refused", file=sys.stderr)
    assert refusals > 10, refusals
    return traffic.tally


def api_role_attacks(testbed: Testbed) -> Tally:
    """Who has the role of the API tries to write, to hold the loader's lock and to change its own settings."""
    primary = testbed.start_primary()
    primary.create_roles()
    url = build_database_url(primary).replace("kb_loader", "kb_api")
    api = testbed.start_api(url)
    with testbed.prepare_traffic([api.port]) as traffic, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        refused = 0
        for statement in (
            "UPDATE procedure SET name = 'x'",
            "CREATE TABLE other (x int)",
            "CREATE TEMPORARY TABLE other (x int)",
            "SELECT pg_advisory_lock(1)",
            "SELECT lo_create(0)",
        ):
            try:
                connection.execute(statement)  # type: ignore[arg-type]
            except psycopg.errors.InsufficientPrivilege:
                refused += 1
        assert refused == 5, refused
        connection.execute("ALTER ROLE kb_api SET search_path = nowhere")
        connection.execute("ALTER ROLE kb_api SET statement_timeout = 1")
        assert testbed.load(build_database_url(primary), second=True).returncode == 0
        wait_for("the second release", serves(api, testbed.fixtures.versions[1]))
        time.sleep(PAUSE)
    return traffic.tally


def secrets_kept(testbed: Testbed) -> Tally:
    """The database is away and URLs are malformed: no log and no command shows the password."""
    primary = testbed.start_primary()
    url = build_database_url(primary).replace("kb_loader", f"kb_loader:{PASSWORD}")
    api = testbed.start_api(url)
    malformed = [url.replace(PASSWORD, f"{sign}{PASSWORD}{sign}") for sign in "/:?@"]
    malformed.append(f"{build_database_url(primary)}?password={PASSWORD}")
    output = ""
    with testbed.prepare_traffic([api.port]) as traffic:
        primary.stop()
        for wrong in malformed:
            process = run_command("status", DATABASE_URL=wrong)
            assert process.returncode in {2, 3}, (process.returncode, process.stderr)
            output += process.stdout + process.stderr
        assert get(api, "/v1/procedures?limit=11&sort=name").status_code == 503
        primary.start()
        wait_for("an uncached response", lambda: responds(f"{api.base}/v1/procedures?limit=12&sort=name"))
    output += (testbed.work / f"api-{api.port}.log").read_text(encoding="utf-8")
    assert "unreachable" in output
    assert PASSWORD not in output
    return traffic.tally


def bad_seed_loaded(testbed: Testbed) -> Tally:
    """A seed of 2 000 wrong entries is loaded, and a second server started at a taken port, while the first one serves."""
    database = testbed.copy_sqlite()
    api = testbed.start_api(database)
    seed = testbed.work / "seed"
    shutil.copytree(testbed.fixtures.seeds[1], seed)
    file = next(path for path in sorted(seed.rglob("*.json")) if '"claims"' in path.read_text(encoding="utf-8"))
    record = json.loads(file.read_text(encoding="utf-8"))
    record["claims"] = [{"id": f"wrong-{number}"} for number in range(2_000)]
    file.write_text(json.dumps(record, indent=1), encoding="utf-8")
    with testbed.prepare_traffic([api.port]) as traffic:
        start = time.monotonic()
        process = run_load(database, seed)
        seconds = time.monotonic() - start
        lines = process.stdout.decode().splitlines()
        print(f"{len(lines)} lines in {seconds:.1f} s", file=sys.stderr)
        assert (process.returncode, len(lines)) == (1, 201), (process.returncode, lines[-1:], process.stderr[-300:])
        assert re.fullmatch(r"\.\.\. and \d+ more", lines[-1]), lines[-1]
        assert seconds < 30, seconds
        taken = run_command("serve", "--no-load", PORT=str(api.port), DATABASE_URL=database)
        assert (taken.returncode, taken.stderr.count("\n")) == (2, 1), taken.stderr
        assert serves(api, testbed.fixtures.versions[0])()
        time.sleep(PAUSE)
    return traffic.tally
