"""Release watcher: the current release of a process while replicas lag and databases are unavailable."""

import asyncio
import subprocess
import threading
from pathlib import Path

import pytest
from build import procedure
from conftest import Client, Load

from app.http import background, release_watcher
from app.http.release_watcher import ReleaseWatcher
from app.http.services import RevisionCache
from app.queries.releases import LoadedRelease
from app.settings import Settings


def build_release(sequence: int) -> LoadedRelease:
    return LoadedRelease(f"1.{sequence}.0", "2026-01-01", f"revision-{sequence}", "b", sequence, development=False)


def create_watcher(client: Client) -> ReleaseWatcher:
    return ReleaseWatcher(client.app.app.state.services.engine, client.app)  # type: ignore[attr-defined]


def test_a_lagging_replica_does_not_revert_the_release(client: Client) -> None:
    watcher = create_watcher(client)
    for sequence in (4, 5, 4, 5, 4):
        watcher.observe(build_release(sequence))

    assert client.app.revision == "revision-5"


def test_an_older_release_is_accepted_once_the_newer_one_is_no_longer_observed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = create_watcher(client)
    watcher.observe(build_release(5))
    monkeypatch.setattr(release_watcher, "REPLICA_LAG_TOLERANCE", 0.0)
    watcher.observe(build_release(4))

    assert client.app.revision == "revision-4"


def test_the_caches_of_two_revisions_never_mix() -> None:
    cache, mismatches = RevisionCache(), []

    def read_cache(revision: str) -> None:
        for n in range(20_000):
            cached = cache.get(revision, n % 50, lambda: revision)
            if cached != revision:
                mismatches.append((revision, cached))

    threads = [threading.Thread(target=read_cache, args=(name,)) for name in ("a", "b") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert mismatches == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_restored_database_file_is_read_instead_of_the_one_that_was_moved_away(
    client: Client, load: Load, tmp_path: Path
) -> None:
    load(procedure("first"))
    settings: Settings = client.app.app.state.services.settings  # type: ignore[attr-defined]
    file, moved = Path(settings.database_url.removeprefix("sqlite:///")), tmp_path / "moved.sqlite3"
    watcher = create_watcher(client)
    client.runner.run(watcher.poll(5))
    assert client.get("/v1/procedures/first").status_code == 200

    file.rename(moved)
    client.runner.run(watcher.poll(5))
    cached, uncached = client.get("/v1/procedures/first"), client.get("/v1/procedures?limit=3")
    assert (cached.status_code, cached.headers["kb-stale"]) == (200, "database-unreachable")
    assert (uncached.status_code, uncached.json()["code"], uncached.headers["retry-after"]) == (503, "unavailable", "2")
    assert not file.exists()

    moved.replace(file)
    client.runner.run(watcher.poll(5))
    assert "kb-stale" not in client.get("/v1/procedures/first").headers
    assert client.get("/v1/procedures?limit=3").status_code == 200


def test_a_poll_that_hangs_leaves_the_event_loop_free(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    is_reading, may_answer = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        is_reading.set()
        assert may_answer.wait(60)

    monkeypatch.setattr(release_watcher, "read_current_release", hang)

    async def serve_meanwhile() -> int:
        poll = asyncio.create_task(create_watcher(client).poll(60))
        await asyncio.to_thread(is_reading.wait, 60)
        response = await client.http.get("/health/live")
        assert not poll.done()
        may_answer.set()
        await poll
        return response.status_code

    assert client.runner.run(serve_meanwhile()) == 200


def test_without_a_database_cached_responses_are_stale_and_others_503_until_it_is_back(
    client: Client, load: Load
) -> None:
    load(procedure("p"))
    cached_url, uncached_url = "/v1/procedures/p", "/v1/procedures?limit=9"
    before = client.get(cached_url)

    client.app.mark_database_unreachable()
    during, refused = client.get(cached_url), client.get(uncached_url)
    assert (during.content, during.headers["etag"]) == (before.content, before.headers["etag"])
    assert during.headers["kb-stale"] == "database-unreachable"
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert refused.headers["cache-control"] == "no-store"
    assert int(refused.headers["retry-after"]) > 0
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503

    client.runner.run(create_watcher(client).poll(30))
    assert "kb-stale" not in client.get(cached_url).headers
    assert client.get(uncached_url).status_code == 200


def test_a_response_of_a_release_that_was_replaced_meanwhile_is_not_cached(client: Client, load: Load) -> None:
    load(procedure("p"))
    client.app.adopt_release("another")

    assert client.get("/v1/procedures/p").status_code == 200
    assert client.app.cache.size[0] == 0


def test_a_worker_whose_supervisor_ended_during_its_start_ends(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with subprocess.Popen(["true"]) as supervisor:
        supervisor.wait()
    ended = threading.Event()
    monkeypatch.setattr(background.multiprocessing, "parent_process", lambda: supervisor)
    monkeypatch.setattr(background.signal, "raise_signal", lambda _: ended.set())

    async def start() -> None:
        services = client.app.app.state.services  # type: ignore[attr-defined]
        async with background.run_in_background(create_watcher(client), services.metrics, services.settings):
            await asyncio.to_thread(ended.wait, 30)

    client.runner.run(start())

    assert ended.is_set()
