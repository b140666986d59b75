"""The embed kit works from files on a static host."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.main import create_app
from app.settings import Settings
from app.static_site import write_site
from app.web.embed.builds import get_newest_build
from app.web.embed.snippets import EmbedConfig, render_element_tag, render_script_tag

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]


class Files(SimpleHTTPRequestHandler):
    """What docs/static.md asks of a host."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test says what is wrong."""


def serving(folder: Path) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def files(shipped_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a static host of the shipped release."""
    room = tmp_path_factory.mktemp("static")
    settings = Settings(database_url=shipped_database, export_dir=room / "export", search_dir=room / "search")
    write_site(create_app(settings), room / "site")
    server = serving(room / "site")
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (EmbedConfig("kb-procedure", "vertebroplasty", "Vertebroplasty"), "When to call"),
        (EmbedConfig("kb-options", "lumbar-radiculopathy", "Options for sciatica"), "When to call"),
        (EmbedConfig("kb-relief-chart", "epidural-steroid-injection", "How long relief lasts"), "CC BY 4.0"),
        (EmbedConfig("kb-search", "", "Search pain procedures"), "CC BY 4.0"),
    ],
    ids=lambda one: getattr(one, "element", ""),
)
def test_an_element_shows_from_files_alone(
    choice: EmbedConfig, said: str, files: str, open_page: OpenPage, tmp_path: Path
) -> None:
    body = render_element_tag(choice, files) + render_script_tag(files, get_newest_build())
    (tmp_path / "index.html").write_text(
        f'<!doctype html><html lang="en"><title>A clinic</title><body>{body}</body></html>'
    )
    clinic = serving(tmp_path)

    page = open_page(f"http://127.0.0.1:{clinic.server_port}/")
    shown = page.locator(f"{choice.element} .kb")

    expect(shown).to_be_visible()
    expect(shown).to_contain_text(said)
    clinic.shutdown()
    clinic.server_close()


def test_a_page_reads_from_files_alone(files: str, open_page: OpenPage) -> None:
    page = open_page(f"{files}/procedures/vertebroplasty/")

    expect(page.get_by_role("heading", level=1)).to_contain_text("ertebroplasty")
