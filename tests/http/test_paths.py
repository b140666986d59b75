"""Spellings of a path: each leads to the one URL of its resource, and never to another host."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from build import procedure
from conftest import Client, Load

from app.main import create_app
from app.settings import Settings

FOREIGN = re.compile(r"^\s*(?:[/\\]{2}|\w+:)")


def list_paths() -> list[str]:
    app = create_app(Settings())
    paths: list[str] = list(app.app.state.services.known_paths)  # type: ignore[attr-defined]
    return [path for path in paths if path != "/"]


def list_texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from list_texts(child)


def test_a_known_path_with_a_slash_at_the_end_redirects_to_the_path_without_it(client: Client, load: Load) -> None:
    load(procedure("p"))

    for path in list_paths():
        filled = re.sub(r"\{\w+\}", "p", path)
        # Every path knows this parameter.
        response = client.get(f"{filled}/?release=a%20b&release=c")
        assert (response.status_code, response.headers.get("location")) == (308, f"{filled}?release=a%20b&release=c"), (
            path
        )


def test_an_unknown_path_with_a_slash_at_the_end_is_not_found(client: Client, load: Load) -> None:
    load(procedure("p"))

    for path in ("/v1/nothing/", "/v1/procedures/p/nothing/", "/nothing/", "/v2/"):
        assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("//v1/procedures?limit=1", "/v1/procedures?limit=1"),
        ("/v1//procedures", "/v1/procedures"),
        ("/v1///procedures//p", "/v1/procedures/p"),
        ("//evil.example/v1/procedures", "/evil.example/v1/procedures"),
        ("///", "/"),
        ("/%2Fevil.example/%2e%2e", "/evil.example/.."),
        ("//evil.example/v1/procedures/", "/evil.example/v1/procedures/"),
        ("//procedures/p", "/procedures/p"),
        ("//v1/procedures/%5Cevil.example", "/v1/procedures/%5Cevil.example"),
        ("//v1/procedures/a%0Ab%3Fc", "/v1/procedures/a%0Ab%3Fc"),
    ],
)
def test_repeated_slashes_are_collapsed_by_a_redirect(client: Client, load: Load, path: str, location: str) -> None:
    load(procedure("p"))

    for _ in range(2):
        # As text, httpx would take the first segment for a host.
        response = client.get(f"http://kb.test{path}")
        assert (response.status_code, response.headers["location"]) == (308, location)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    ["//evil.example", "//evil.example/v1/procedures?limit=1", "/%2Fevil.example/x", "/\\evil.example/", "/%5Cevil/"],
)
def test_no_response_links_to_a_host_that_the_path_names(client: Client, load: Load, method: str, path: str) -> None:
    load(procedure("p"), procedure("q"))

    response = client.request(method, f"http://kb.test{path}")

    assert not FOREIGN.match(response.headers.get("location", ""))
    assert "link" not in response.headers
    if response.content and response.headers["content-type"] == "application/problem+json":
        assert not FOREIGN.match(response.json()["instance"])
        assert not [text for text in list_texts(response.json()["suggestions"]) if FOREIGN.match(text)]


def test_links_of_a_page_stay_on_this_host(client: Client, load: Load) -> None:
    load(procedure("p"), procedure("q"))

    response = client.get("http://kb.test/v1//procedures?limit=1")
    page = client.get(response.headers["location"])

    assert page.headers["link"].startswith("</v1/procedures?limit=1&cursor=")


def test_redirects_keep_the_path_prefix(tmp_path: Path, client: Client) -> None:
    prefixed = create_app(Settings(database_url=f"sqlite:///{tmp_path / 'none.sqlite3'}", path_prefix="/kb"))
    outer = Client(prefixed, client.runner)

    assert outer.get("http://kb.test//v1/procedures").headers["location"] == "/kb/v1/procedures"
    assert outer.get("/v1/procedures/").headers["location"] == "/kb/v1/procedures"
    outer.close()


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/v1/procedures/procedures", "/v1/procedures/nerve-block"),
        ("/v1/procedures/pro/risks", "/v1/procedures/nerve-block/risks"),
        ("/v1/procedures/risks/risks", "/v1/procedures/nerve-block/risks"),
        ("/v1/procedures/pro.jsonld", "/v1/procedures/nerve-block.jsonld"),
        ("/procedures/procedures", "/procedures/nerve-block"),
    ],
)
def test_a_redirect_replaces_only_the_segment_that_names_the_record(
    client: Client, load: Load, path: str, location: str
) -> None:
    names = [{"text": text, "kind": "synonym"} for text in ("pro", "procedures", "risks")]
    load(procedure("nerve-block", names=names))

    response = client.get(path)

    assert (response.status_code, response.headers["location"]) == (307, location)


def test_a_path_prefix_is_stripped_only_as_a_whole_segment(client: Client, load: Load) -> None:
    load(procedure("p", name="Some block"))
    mounted = Client(
        create_app(client.app.app.state.services.settings.model_copy(update={"path_prefix": "/p"})), client.runner
    )  # type: ignore[attr-defined]
    try:
        assert mounted.get("/procedures/some%20block").headers["location"] == "/p/procedures/p"
    finally:
        mounted.close()


def test_release_is_a_precondition_however_its_name_is_encoded(client: Client, load: Load) -> None:
    load(procedure("p"))

    assert client.get("/v1/procedures?%72elease=0.0.1").status_code == 410


def test_a_preflight_has_no_content_length(client: Client) -> None:
    response = client.request("OPTIONS", "/v1/procedures")

    assert response.status_code == 204
    assert "content-length" not in response.headers
