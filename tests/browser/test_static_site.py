"""Embeds and pages from a static export."""

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


class StaticFileHandler(SimpleHTTPRequestHandler):
    """File server with the headers that docs/static.md requires."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def start_file_server(folder: Path) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(StaticFileHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def files(shipped_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a static host with the shipped release."""
    directory = tmp_path_factory.mktemp("static")
    settings = Settings(database_url=shipped_database, export_dir=directory / "export", search_dir=directory / "search")
    write_site(create_app(settings), directory / "site")
    server = start_file_server(directory / "site")
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (EmbedConfig("kb-procedure", "vertebroplasty", "Vertebroplasty"), "When to call"),
        (EmbedConfig("kb-options", "lumbar-radiculopathy", "Options for sciatica"), "When to call"),
        (EmbedConfig("kb-relief-chart", "epidural-steroid-injection", "How long relief lasts"), "CC BY 4.0"),
        (EmbedConfig("kb-search", "", "Search pain procedures"), "CC BY 4.0"),
    ],
    ids=lambda config: getattr(config, "element", ""),
)
def test_an_element_works_with_static_files(
    config: EmbedConfig, text: str, files: str, open_page: OpenPage, tmp_path: Path
) -> None:
    body = render_element_tag(config, files) + render_script_tag(files, get_newest_build())
    (tmp_path / "index.html").write_text(
        f'<!doctype html><html lang="en"><title>A clinic</title><body>{body}</body></html>'
    )
    clinic = start_file_server(tmp_path)

    page = open_page(f"http://127.0.0.1:{clinic.server_port}/")
    card = page.locator(f"{config.element} .kb")

    expect(card).to_be_visible()
    expect(card).to_contain_text(text)
    clinic.shutdown()
    clinic.server_close()


def test_a_page_works_with_static_files(files: str, open_page: OpenPage) -> None:
    page = open_page(f"{files}/procedures/vertebroplasty/")

    expect(page.get_by_role("heading", level=1)).to_contain_text("ertebroplasty")
