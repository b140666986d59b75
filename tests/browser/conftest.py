"""Browser tests: chromium against a real server. They need Debian's `chromium` package, and are skipped without it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from checkout import ROOT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.loader.content import load_content
from app.loader.writer import write_content
from app.settings import Settings

HERE = Path(__file__).parent
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
Serve = Callable[..., str]


def missing(program: str, remedy: str) -> Any:
    """Skip because a program is missing; with KB_REQUIRE_ALL fail instead."""
    message = f"{program} is not installed: {remedy}"
    return pytest.fail(message) if os.environ.get("KB_REQUIRE_ALL") else pytest.skip(message)


def create_database(path: Path, seed: Path) -> str:
    """Create a SQLite database with the content of a seed directory, and return its URL."""
    url = Settings(database_url=f"sqlite:///{path}").database_url
    engine = create_write_engine(url)
    migrate(engine)
    write_content(engine, load_content(seed))
    engine.dispose()
    return url


def start_server(database_url: str, **settings: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server on a free port, wait until it is ready, and return the process and its URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        arguments = ["-m", "uvicorn", "--factory", "app.asgi:load_app", "--log-level", "warning", "--no-access-log"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
        settings_env = {f"KB_{name.upper()}": value for name, value in settings.items()}
        process = subprocess.Popen(
            [sys.executable, *arguments, "--fd", str(listener.fileno())],
            cwd=ROOT,
            env={**environment, "KB_DATABASE_URL": database_url, "KB_LOOPBACK_URL": url, **settings_env},
            pass_fds=[listener.fileno()],
        )
    for _ in range(600):
        assert process.poll() is None, "the server stopped during startup"
        try:
            if httpx.get(f"{url}/health/ready", timeout=60).status_code == 200:
                return process, url
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    process.kill()
    process.wait(60)
    pytest.fail("the server was not ready within a minute")


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Start servers: serve(database_url, setting=value, ...) returns a URL. All servers stop with the session."""
    started: list[subprocess.Popen[bytes]] = []

    def start(database_url: str, **settings: str) -> str:
        process, url = start_server(database_url, **settings)
        started.append(process)
        return url

    yield start
    for process in started:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def fill_database() -> Callable[[Path, Path], str]:
    """create_database(path, seed): a new database with content other than the shipped release."""
    return create_database


@pytest.fixture(scope="session")
def shipped_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return create_database(tmp_path_factory.mktemp("browser") / "kb.sqlite3", ROOT / "seed_data")


@pytest.fixture(scope="session")
def site(serve: Serve, shipped_database: str) -> str:
    """URL of a server of the shipped release."""
    return serve(shipped_database)


# One browser per module, not per session: while Playwright's event loop runs in this thread, no other test can run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of Debian."""
    path = shutil.which("chromium")
    if path is None:
        missing("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """open_page(url, width=1280, scheme="light", scripts=True, ...): a page in a new browser context."""
    contexts: list[BrowserContext] = []

    def open_url(url: str, *, width: int = 1280, scheme: Any = "light", scripts: bool = True, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, **options
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(url)
        return page

    yield open_url
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Source of axe-core in the version of package-lock.json, installed by npm outside the repository."""
    npm = shutil.which("npm")
    if npm is None:
        missing("npm", "install node 20 or later")
    directory = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, directory)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=directory, check=True, capture_output=True
    )
    return (directory / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
