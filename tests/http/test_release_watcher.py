"""What a process knows of the current release while replicas lag and databases go away."""

import asyncio
import threading
from pathlib import Path

import pytest
from build import procedure
from conftest import Client, Load

from app.http import release_watcher as watching
from app.http.services import ReleaseCache
from app.http.release_watcher import ReleaseWatcher
from app.queries.releases import LoadedRelease
from app.settings import Settings


def release(sequence: int) -> LoadedRelease:
    return LoadedRelease(f"1.{sequence}.0", "2026-01-01", f"revision-{sequence}", "b", sequence, development=False)


def watch_of(client: Client) -> ReleaseWatcher:
    return ReleaseWatcher(client.app.app.state.services.engine, client.app)  # type: ignore[attr-defined]


def test_an_older_replica_does_not_take_the_release_back(client: Client) -> None:
    watch = watch_of(client)
    for sequence in (4, 5, 4, 5, 4):
        watch.observe(release(sequence))

    assert client.app.revision == "revision-5"


def test_an_older_release_is_believed_when_the_newer_is_met_no_more(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watch_of(client)
    watch.observe(release(5))
    monkeypatch.setattr(watching, "REPLICA_LAG_TOLERANCE", 0.0)
    watch.observe(release(4))

    assert client.app.revision == "revision-4"


def test_what_two_revisions_keep_never_mixes() -> None:
    memo, wrong = ReleaseCache(), []

    def ask(revision: str) -> None:
        for n in range(20_000):
            found = memo.get(revision, n % 50, lambda: revision)
            if found != revision:
                wrong.append((revision, found))

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("a", "b") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_restored_file_is_read_and_not_the_one_that_was_moved_away(
    client: Client, load: Load, tmp_path: Path
) -> None:
    load(procedure("first"))
    settings: Settings = client.app.app.state.services.settings  # type: ignore[attr-defined]
    file, kept = Path(settings.database_url.removeprefix("sqlite:///")), tmp_path / "kept.sqlite3"
    watch = watch_of(client)
    client.runner.run(watch.poll(5))
    assert client.get("/v1/procedures/first").status_code == 200

    file.rename(kept)
    client.runner.run(watch.poll(5))
    warm, cold = client.get("/v1/procedures/first"), client.get("/v1/procedures?limit=3")
    assert (warm.status_code, warm.headers["kb-stale"]) == (200, "database-unreachable")
    assert (cold.status_code, cold.json()["code"], cold.headers["retry-after"]) == (503, "unavailable", "2")
    assert not file.exists()

    kept.replace(file)
    client.runner.run(watch.poll(5))
    assert "kb-stale" not in client.get("/v1/procedures/first").headers
    assert client.get("/v1/procedures?limit=3").status_code == 200


def test_a_poll_that_hangs_leaves_the_loop_free(client: Client) -> None:
    async def both() -> None:
        await asyncio.gather(watch_of(client).poll(5), asyncio.sleep(0))

    client.runner.run(both())


def test_while_the_database_is_away_warm_is_stale_and_cold_a_503_and_it_recovers_by_itself(
    client: Client, load: Load
) -> None:
    load(procedure("p"))
    warm, cold = "/v1/procedures/p", "/v1/procedures?limit=9"
    before = client.get(warm)

    client.app.mark_stale()
    during, refused = client.get(warm), client.get(cold)
    assert (during.content, during.headers["etag"]) == (before.content, before.headers["etag"])
    assert during.headers["kb-stale"] == "database-unreachable"
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert refused.headers["cache-control"] == "no-store"
    assert int(refused.headers["retry-after"]) > 0
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 503

    client.runner.run(watch_of(client).poll(30))
    assert "kb-stale" not in client.get(warm).headers
    assert client.get(cold).status_code == 200


def test_an_answer_of_a_release_that_was_replaced_meanwhile_is_not_kept(client: Client, load: Load) -> None:
    load(procedure("p"))
    client.app.set_release("another")

    assert client.get("/v1/procedures/p").status_code == 200
    assert client.app.cache_size[0] == 0
