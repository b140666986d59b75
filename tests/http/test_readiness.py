"""Readiness: what a process serves while it prepares a release, and what it refuses."""

import asyncio
import builtins
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from build import procedure, write_seed
from sqlalchemy import Engine

from app.files.build_once import build_once
from app.http import gateway, preparation
from app.http.byte_range import ByteRange
from app.http.file_body import FileBody
from app.http.gateway import HttpGateway
from app.http.preparation import BuildFailed, ReleaseArtifact, internal_context
from app.loader.content import load_content
from app.loader.writer import write_content
from app.main import create_app
from app.search.panics import SearchFailed, panics_as_errors
from app.settings import Settings

SEARCH, WARM = "/v1/search?q=block", "/v1/procedures/block"


@asynccontextmanager
async def serve(app: HttpGateway) -> AsyncIterator[httpx.AsyncClient]:
    """Client of an application that runs with its background tasks, as under a server."""
    transport = httpx.ASGITransport(app=app)
    lifespan = app.app.router.lifespan_context(app.app)  # type: ignore[attr-defined]
    async with lifespan, httpx.AsyncClient(transport=transport, base_url="http://kb.test") as http:
        yield http


async def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of things in threads and processes
            await asyncio.sleep(0.02)


class Gate:
    """Stands in for the child processes, which take a second each: builds in a thread once it is open, and counts the builds."""

    def __init__(self) -> None:
        self.open, self.count, self.failing = True, 0, frozenset[str]()

    async def build(self, settings: Settings, files: ReleaseArtifact[Any], revision: str, directory: Path) -> None:
        self.count += 1
        await wait_until(lambda: self.open)
        if files.name in self.failing:
            raise BuildFailed("no space left")
        app = create_app(settings).app

        def build() -> None:
            with internal_context(app) as ctx:  # type: ignore[arg-type]
                build_once(directory, lambda work: files.write(ctx, work))
            assert ctx.release.revision == revision
            app.state.services.engine.dispose()  # type: ignore[attr-defined]

        await asyncio.to_thread(build)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate = Gate()
    monkeypatch.setattr(preparation, "build_in_child", gate.build)
    monkeypatch.setattr(gateway, "PREPARATION_WAIT", 0.2)
    return gate


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> HttpGateway:
    return create_app(
        Settings(
            database_url=database_url,
            export_dir=tmp_path / "export",
            search_dir=tmp_path / "search",
            release_poll_seconds=0.05,
        )
    )


@pytest.fixture
def load(writer: Engine, tmp_path: Path) -> Callable[[str], None]:
    def load_release(name: str) -> None:
        root = tmp_path / f"seed-{name}"
        write_seed(root, procedure("block", name=f"{name} block"))
        write_content(writer, load_content(root))

    return load_release


def is_prepared(app: HttpGateway) -> bool:
    services = app.app.state.services  # type: ignore[attr-defined]
    return all(services.prepared.find(app.revision, name) for name in ("index", "openapi", "export"))


def test_a_first_start_serves_everything_but_search_at_once(
    app: HttpGateway, load: Callable[[str], None], gate: Gate, runner: asyncio.Runner
) -> None:
    async def check() -> None:
        gate.open = False
        async with serve(app) as http:
            assert (await http.get(WARM)).status_code == 200
            for path in (SEARCH, "/v1/suggest?q=bl", "/search?q=block", "/v1/procedures?q=block", "/v1/export/kb.json"):
                response = await http.get(path)
                assert (response.status_code, response.json()["code"]) == (503, "not_ready"), path
                assert int(response.headers["retry-after"]) > 0
                assert response.headers["cache-control"] == "no-store"
            ready = await http.get("/health/ready")
            assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
            assert "The search index" in ready.json()["detail"]
            assert (await http.get("/health/live")).status_code == 200

            gate.open = True
            await wait_until(lambda: is_prepared(app))
            for path in (SEARCH, "/v1/suggest?q=bl", "/v1/export/kb.json", "/openapi.json", "/docs", "/health/ready"):
                assert (await http.get(path)).status_code == 200, path

    load("first")
    runner.run(check())


def test_what_is_cached_during_the_first_preparation_stays_cached_after_it(
    app: HttpGateway, load: Callable[[str], None], gate: Gate, runner: asyncio.Runner
) -> None:
    async def check() -> None:
        gate.open = False
        async with serve(app) as http:
            await wait_until(lambda: app.revision)
            assert (await http.get(WARM)).status_code == 200
            assert app.cache.size[0] == 1

            gate.open = True
            await wait_until(lambda: is_prepared(app))
            hits = app.metrics.hits
            assert (await http.get(WARM)).status_code == 200
            assert app.metrics.hits == hits + 1

    load("first")
    runner.run(check())


def test_a_swap_serves_the_old_release_until_the_new_one_is_prepared(
    app: HttpGateway, load: Callable[[str], None], gate: Gate, runner: asyncio.Runner
) -> None:
    async def check() -> None:
        async with serve(app) as http:
            await wait_until(lambda: is_prepared(app))
            warm = {path: (await http.get(path)).content for path in (WARM, SEARCH, "/openapi.json")}
            old = app.revision
            gate.open = False
            count = gate.count
            await asyncio.to_thread(load, "second")
            await wait_until(lambda: gate.count > count)
            await asyncio.sleep(0.3)
            for path, body in warm.items():
                assert (await http.get(path)).content == body, path
            # What is not cached reads the new release, whose index is not there: never the index of the old one.
            refused = await http.get("/v1/search?q=second")
            assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
            assert (await http.get("/health/ready")).status_code == 200
            assert app.revision == old

            gate.open = True
            await wait_until(lambda: app.revision != old)
            for path, body in warm.items():
                response = await http.get(path)
                assert (response.status_code, response.content != body) == (200, True), path

    load("first")
    runner.run(check())


def test_a_search_waits_for_its_index(
    app: HttpGateway,
    load: Callable[[str], None],
    gate: Gate,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def check() -> None:
        gate.open = False
        async with serve(app) as http:
            response = asyncio.create_task(http.get(SEARCH))
            await asyncio.sleep(0.3)
            # The event loop is free meanwhile.
            assert (await http.get("/health/live")).status_code == 200
            assert not response.done()
            gate.open = True
            assert (await response).status_code == 200

    load("first")
    monkeypatch.setattr(gateway, "PREPARATION_WAIT", 60.0)
    runner.run(check())


def test_a_failed_preparation_is_named_and_tried_again(
    app: HttpGateway,
    load: Callable[[str], None],
    gate: Gate,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def check() -> None:
        gate.failing = frozenset({"index", "export", "openapi"})
        async with serve(app) as http:
            await wait_until(lambda: app.app.state.services.preparation_failure)  # type: ignore[attr-defined]
            assert "no space left" in (await http.get("/health/ready")).json()["detail"]
            gate.failing = frozenset()
            await wait_until(lambda: is_prepared(app))
            assert (await http.get("/health/ready")).status_code == 200

    load("first")
    monkeypatch.setattr(preparation, "RETRY_SECONDS", 0.1)
    runner.run(check())


def test_readiness_names_exports_that_cannot_be_written(
    app: HttpGateway, load: Callable[[str], None], gate: Gate, runner: asyncio.Runner
) -> None:
    async def check() -> None:
        gate.failing = frozenset({"export"})
        async with serve(app) as http:
            await wait_until(lambda: app.app.state.services.preparation_failure)  # type: ignore[attr-defined]
            ready, live = await http.get("/health/ready"), await http.get("/health/live")
            export = await http.get("/v1/export/kb.json")

        assert (ready.status_code, ready.json()) == (200, {"status": "ok", "failure": "no space left"})
        assert live.json() == {"status": "ok", "failure": None}
        assert (export.status_code, export.json()["code"]) == (503, "not_ready")

    load("first")
    runner.run(check())


def test_a_preparation_that_takes_too_long_does_not_hold_up_the_release(
    app: HttpGateway,
    load: Callable[[str], None],
    gate: Gate,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def check() -> None:
        async with serve(app) as http:
            await wait_until(lambda: is_prepared(app))
            before, gate.open = (await http.get(WARM)).content, False
            await asyncio.to_thread(load, "second")
            old = app.revision
            await wait_until(lambda: app.revision != old)
            assert (await http.get(WARM)).content != before

    load("first")
    monkeypatch.setattr("app.http.release_watcher.PREPARATION_LIMIT", 0.5)
    runner.run(check())


def test_a_second_worker_of_a_host_opens_what_child_processes_of_the_first_one_built(
    app: HttpGateway,
    load: Callable[[str], None],
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def prepare(app: HttpGateway) -> None:
        async with serve(app):
            await wait_until(lambda: is_prepared(app))

    load("first")
    runner.run(prepare(app))
    monkeypatch.setattr(preparation, "build_in_child", None)
    runner.run(prepare(create_app(app.app.state.services.settings)))  # type: ignore[attr-defined]


def test_a_stop_ends_the_child_process(
    app: HttpGateway, load: Callable[[str], None], runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stop_during_preparation() -> None:
        async with serve(app):
            await wait_until(lambda: processes)
        assert processes[0].returncode is not None

    processes = []
    start = asyncio.create_subprocess_exec

    async def record_process(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        processes.append(await start(*arguments, **options))
        return processes[-1]

    load("first")
    monkeypatch.setattr(asyncio, "create_subprocess_exec", record_process)
    runner.run(stop_during_preparation())


def test_a_build_deletes_what_a_killed_one_left(tmp_path: Path) -> None:
    (tmp_path / "building-index-abandoned").mkdir()
    (tmp_path / "building-export-of-others").mkdir()

    build_once(tmp_path / "index-1", lambda work: (work / "last").touch())

    assert sorted(path.name for path in tmp_path.iterdir()) == ["building-export-of-others", "index-1", "index.lock"]


def find_file(directory: Path, pattern: str) -> Path:
    (file,) = directory.glob(pattern)
    return file


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], None]] = {"missing": Path.unlink, "truncated": cut, "changed": change}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("pattern", ["search/index-*/tables.ndjson", "search/index-*/index/*.store", "export/export-*/kb.json", "export/export-*/br/kb.json", "export/openapi-*/openapi.json", "search/index-*/.checksums.json"])  # fmt: skip
def test_damaged_files_are_built_again_at_the_next_start(
    database_url: str,
    tmp_path: Path,
    load: Callable[[str], None],
    gate: Gate,
    runner: asyncio.Runner,
    damage: str,
    pattern: str,
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the files do not depend on the database")

    async def check() -> None:
        settings = Settings(database_url=database_url, export_dir=tmp_path / "export", search_dir=tmp_path / "search")
        first = create_app(settings)
        async with serve(first) as http:
            await wait_until(lambda: is_prepared(first))
            bodies = {path: (await http.get(path)).content for path in (SEARCH, "/v1/export/kb.json", "/openapi.json")}
        file = find_file(tmp_path, pattern)
        DAMAGES[damage](file)
        count = gate.count
        second = create_app(settings)
        async with serve(second) as http:
            await wait_until(lambda: is_prepared(second))
            for path, body in bodies.items():
                assert (await http.get(path)).content == body, path
        assert gate.count == count + 1

    load("first")
    runner.run(check())


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("pattern", ["search/index-*/tables.ndjson", "export/export-*/kb.json"])
def test_files_damaged_while_they_are_served_are_built_again(
    app: HttpGateway,
    tmp_path: Path,
    load: Callable[[str], None],
    gate: Gate,
    runner: asyncio.Runner,
    monkeypatch: pytest.MonkeyPatch,
    damage: str,
    pattern: str,
) -> None:
    monkeypatch.setattr(preparation, "CHECK_SECONDS", 0.1)

    async def check() -> None:
        async with serve(app) as http:
            await wait_until(lambda: is_prepared(app))
            bodies = {path: (await http.get(path)).content for path in (SEARCH, "/v1/export/kb.json")}
            file = find_file(tmp_path, pattern)
            content, count = file.read_bytes(), gate.count
            DAMAGES[damage](file)
            await wait_until(lambda: gate.count > count)
            await wait_until(lambda: is_prepared(app))
            for path, body in bodies.items():
                assert (await http.get(path)).content == body, path
            assert file.read_bytes() == content

    load("first")
    runner.run(check())


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_a_503_at_once_and_comes_back(
    app: HttpGateway, tmp_path: Path, load: Callable[[str], None], gate: Gate, runner: asyncio.Runner, damage: str
) -> None:
    del gate

    async def check() -> None:
        async with serve(app) as http:
            await wait_until(lambda: is_prepared(app))
            body = (await http.get("/v1/export/kb.ndjson")).content
            await asyncio.sleep(0.2)
            file = find_file(tmp_path, "export/export-*/kb.ndjson")
            DAMAGES[damage](file)

            refused = await http.get("/v1/export/kb.ndjson", headers={"Accept-Encoding": "identity"})

            assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
            assert int(refused.headers["retry-after"]) > 0
            await wait_until(lambda: file.exists() and file.read_bytes() == body)
            await wait_until(lambda: is_prepared(app))
            assert (await http.get("/v1/export/kb.ndjson")).content == body

    load("first")
    runner.run(check())


def test_a_file_cut_while_it_is_sent_ends_the_response(tmp_path: Path, runner: asyncio.Runner) -> None:
    file = tmp_path / "kb.json"
    file.write_bytes(b"x" * 2_000_000)
    body, sent = FileBody(file, 2_000_000, file.stat().st_mtime_ns, "hash"), 0

    async def send(message: Any) -> None:
        nonlocal sent
        sent += len(message["body"])
        os.truncate(file, 1_000_000)

    async def send_file() -> None:
        with await body.open() as opened:
            await body.send(opened, send, ByteRange(0, 1_999_999))

    with pytest.raises(OSError, match="ends 1000000 bytes early"):
        runner.run(send_file())
    assert sent == 1_000_000


def test_a_panic_of_the_search_library_is_an_error_like_others(
    app: HttpGateway, load: Callable[[str], None], gate: Gate, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class PanicException(BaseException):
        pass

    panics = 0

    def panic(*_: Any, **__: Any) -> Any:
        nonlocal panics
        panics += 1
        raise PanicException("index out of bounds")

    async def check() -> None:
        async with serve(app) as http:
            await wait_until(lambda: is_prepared(app))
            services = app.app.state.services  # type: ignore[attr-defined]
            search_data = services.prepared.find(app.revision, "index")
            monkeypatch.setattr(search_data.index, "searcher", SimpleNamespace(search=panic, doc=panic))
            search_data.index.record_cache.clear()

            response = await http.get("/v1/search?q=block+of+something")

            assert (response.status_code, response.json()["code"]) == (500, "internal")
            assert panics == 1
            assert (await http.get(WARM)).status_code == 200

    del gate
    load("first")
    runner.run(check())


@pytest.mark.parametrize(
    ("raised", "expected"),
    [("PanicException", SearchFailed), ("KeyboardInterrupt", KeyboardInterrupt), ("ValueError", ValueError)],
)
def test_only_a_panic_becomes_an_error_of_search(raised: str, expected: type[BaseException]) -> None:
    kinds = {"PanicException": type("PanicException", (BaseException,), {})}
    error = kinds.get(raised) or getattr(builtins, raised)

    with pytest.raises(BaseException, match="index out of bounds") as caught, panics_as_errors():
        raise error("index out of bounds")

    assert caught.type is expected
