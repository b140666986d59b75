"""A real browser against a real server. Needs Debian's `chromium`; says so when it is not there."""

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


def missing(part: str, remedy: str) -> Any:
    """Skip for want of a part, and say which. Where everything is required this is a failure."""
    message = f"no {part} here: {remedy}"
    return pytest.fail(message) if os.environ.get("KB_REQUIRE_ALL") else pytest.skip(message)


def fill(path: Path, seed: Path) -> str:
    """Address of a new SQLite database with the content of a seed directory."""
    url = Settings(database_url=f"sqlite:///{path}").database_url
    engine = create_write_engine(url)
    migrate(engine)
    write_content(engine, load_content(seed))
    engine.dispose()
    return url


def start(database_url: str, **more: str) -> tuple[subprocess.Popen[bytes], str]:
    """A server process on a free port, answering, and its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        words = ["-m", "uvicorn", "--factory", "app.asgi:load_app", "--log-level", "warning", "--no-access-log"]
        given = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
        settings = {f"KB_{name.upper()}": value for name, value in more.items()}
        process = subprocess.Popen(
            [sys.executable, *words, "--fd", str(listener.fileno())],
            cwd=ROOT,
            env={**given, "KB_DATABASE_URL": database_url, **settings},
            pass_fds=[listener.fileno()],
        )
    for _ in range(600):
        assert process.poll() is None, "the server ended while starting"
        try:
            if httpx.get(f"{address}/health/ready", timeout=60).status_code == 200:
                return process, address
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    process.kill()
    process.wait(60)
    pytest.fail("the server did not answer within a minute")


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Start a server: serve(database_url, setting=value, ...) gives its address. All end with the session."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(database_url: str, **more: str) -> str:
        process, address = start(database_url, **more)
        started.append(process)
        return address

    yield begin
    for process in started:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="session")
def fill_database() -> Callable[[Path, Path], str]:
    """fill(path, seed): a new database with other content than the shipped one."""
    return fill


@pytest.fixture(scope="session")
def shipped_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return fill(tmp_path_factory.mktemp("browser") / "kb.sqlite3", ROOT / "seed_data")


@pytest.fixture(scope="session")
def site(serve: Serve, shipped_database: str) -> str:
    """Address of a server of the shipped release."""
    return serve(shipped_database)


# One browser a module, not a session: while Playwright's loop runs in this thread, no other test can run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    path = shutil.which("chromium")
    if path is None:
        missing("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield one
        one.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """open_page(address, width=1280, scheme="light", scripts=True, ...) in a context of its own."""
    contexts: list[BrowserContext] = []

    def go(address: str, *, width: int = 1280, scheme: Any = "light", scripts: bool = True, **more: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts, **more
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Source of axe-core, as the lock beside this file pins it, installed by npm outside the repository."""
    npm = shutil.which("npm")
    if npm is None:
        missing("npm", "install node 20 or later")
    room = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, room)
    subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=room, check=True, capture_output=True
    )
    return (room / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
