"""Pages of a large release: rows come in pages, and nothing is left out silently."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.synthetic import load_synthetic
from conftest import Client

from app.main import create_app
from app.settings import Settings
from app.web.pages import matrix

PROCEDURES = 3_000


@pytest.fixture(scope="module")
def large_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('large') / 'kb.sqlite3'}"
    load_synthetic(url, PROCEDURES)
    return url


@pytest.fixture
def large(large_url: str, runner: object, tmp_path: Path) -> Iterator[Client]:
    settings = Settings(database_url=large_url, search_dir=tmp_path / "search", export_dir=tmp_path / "export")
    client = Client(create_app(settings), runner)  # type: ignore[arg-type]
    client.poll_release()
    yield client
    client.close()


def find_next(html: str) -> str:
    links = re.findall(r'<a rel="next" href="([^"]+)"', html)
    return links[0].replace("&amp;", "&") if links else ""


def test_the_relief_page_shows_every_estimate_of_a_large_release_on_some_page(large: Client) -> None:
    path, seen, largest = "/relief", [], 0
    while path:
        response = large.get(path)
        assert response.status_code == 200
        seen += re.findall(r'href="/procedures/[^"#]+#([^"]+)" aria-label', response.text)
        largest, path = max(largest, len(response.content)), find_next(response.text)

    assert len(seen) == len(set(seen)) == PROCEDURES
    assert largest < 300_000
    assert "Estimates 1 to 250 of 3000" in large.get("/relief").text


def test_the_matrix_shows_every_statement_of_a_large_release_on_some_page(large: Client) -> None:
    first = large.get("/matrix").text
    assert "Rows 1 to 50 of 3000" in first
    assert "<details open>" in first
    path, seen, largest = "/matrix?role=treats&family=injection", [], 0
    while path:
        response = large.get(path)
        assert response.status_code == 200
        seen += re.findall(r'<td><a href="/procedures/[^"#]+#([^"]+)">', response.text)
        largest, path = max(largest, len(response.content)), find_next(response.text)

    assert len(seen) == len(set(seen)) == large.get("/v1/procedures?family=injection&limit=1").json()["page"]["total"]
    assert largest < 300_000


def test_a_matrix_of_too_many_statements_asks_for_a_filter(large: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "MAX_RELATIONS", 5_000)
    html = large.get("/matrix").text

    assert "too many for a table" in html
    assert "<table" not in html
    assert "<table" in large.get("/matrix?family=injection").text


@pytest.mark.parametrize("path", ["/relief", "/matrix"])
@pytest.mark.parametrize("start", ["-1", "3000", "x", "9999999999999"])
def test_a_page_beyond_the_rows_is_refused(large: Client, path: str, start: str) -> None:
    response = large.get(f"{path}?start={start}")

    assert response.status_code == 422
    assert "must be a whole number below 3000" in response.text
