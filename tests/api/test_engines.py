"""Every documented path: both engines return the same bytes, which match the document, for the release and the ETag of a request."""

import asyncio
import json
import re
from typing import Any

import jsonschema
import pytest
from checkout import ROOT
from conftest import Client

from app.main import create_app
from app.openapi.document import build_openapi
from app.settings import Settings

QUERIES = {
    "/v1/procedures/batch": "slug=vertebroplasty&slug=none",
    "/v1/conditions/batch": "slug=lumbar-radiculopathy",
    "/v1/pain-generators/batch": "slug=facet-joint",
    "/v1/compare": "procedure=vertebroplasty&procedure=balloon-kyphoplasty",
    "/v1/search": "q=sciatica+numb+between+legs",
    "/v1/suggest": "q=scia",
    "/v1/lookup": "code=icd-10-cm%7CM54.16&code=icd-10-cm%7CM54.12&code=mesh%7CD012585",
    "/v1/infobutton": (
        "mainSearchCriteria.v.cs=2.16.840.1.113883.6.90&mainSearchCriteria.v.c=M54.16"
        "&knowledgeResponseType=application/json"
    ),
}
EXAMPLES = {
    "/v1/procedures": "radiofrequency-ablation",
    "/v1/conditions": "lumbar-radiculopathy",
    "/v1/pain-generators": "facet-joint",
    "/v1/risks": "dural-puncture",
    "/v1/sources": "haute-md-ipm",
    "/v1/guide": "journey",
    "/v1/emergencies": "stroke",
    "/v1/claims": "guide--a05",
}


def build_document() -> dict[str, Any]:
    document: dict[str, Any] = build_openapi(create_app(Settings()).app, closed=True)  # type: ignore[arg-type]
    return document


DOCUMENT = build_document()
PATHS = sorted(path for path in DOCUMENT["paths"] if path.startswith("/v1/"))


def build_urls(path: str, version: str) -> list[str]:
    """URLs for a documented path: plain, and for lists also with each sort order and all facets."""
    family = "/".join(path.split("/")[:3])
    filled = re.sub(r"\{(slug|id)\}", EXAMPLES.get(family, "x"), path).replace("{version}", version)
    query = QUERIES.get(path, "")
    urls = [f"{filled}?{query}" if query else filled]
    parameters = {parameter["name"]: parameter for parameter in DOCUMENT["paths"][path]["get"]["parameters"]}
    if "sort" in parameters:
        short = "&limit=7" if "limit" in parameters else ""
        urls += [f"{filled}?sort={sort}{short}" for sort in parameters["sort"]["schema"]["enum"]]
    if "facet" in parameters and "items" in parameters["facet"]["schema"]:
        facets = "&".join(f"facet={facet}" for facet in parameters["facet"]["schema"]["items"]["enum"])
        urls.append(f"{filled}?limit=3&{facets}")
    return urls


@pytest.fixture
def both(shipped_urls: dict[str, str], runner: asyncio.Runner) -> Any:
    clients = [Client(create_app(Settings(database_url=url)), runner) for url in shipped_urls.values()]
    for client in clients:
        client.poll_release()
    yield clients
    for client in clients:
        client.close()


@pytest.mark.parametrize("path", PATHS)
def test_both_engines_return_the_same_bytes(both: list[Client], path: str) -> None:
    version = both[0].get("/v1/releases/current").json()["version"]
    for url in build_urls(path, version.replace("+", "%2B")):
        first, second = (client.get(url) for client in both)
        assert first.status_code == 200, (url, first.text[:300])
        assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"]), url


def test_both_engines_return_the_same_search_results(both: list[Client]) -> None:
    golden = json.loads((ROOT / "tests/search/golden.json").read_text(encoding="utf-8"))
    for case in golden[::4]:
        for path in ("/v1/search", "/v1/suggest"):
            first, second = (client.get(path, params={"q": case["query"]}) for client in both)
            assert (first.status_code, first.content) == (second.status_code, second.content), (path, case["query"])
            assert first.status_code == 200


def with_components(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": DOCUMENT["components"]}


def returns_json(path: str) -> bool:
    return "application/json" in DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("path", [path for path in PATHS if returns_json(path)])
def test_every_body_matches_the_document(shipped: Client, path: str) -> None:
    version = shipped.get("/v1/releases/current").json()["version"]
    schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for url in build_urls(path, version.replace("+", "%2B"))[:2]:
        jsonschema.Draft202012Validator(with_components(schema)).validate(shipped.get(url).json())


def test_every_record_of_the_release_matches_the_document(shipped: Client) -> None:
    for family in ("procedures", "conditions", "pain-generators", "risks", "guide"):
        path = f"/v1/{family}/{{slug}}"
        schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validator = jsonschema.Draft202012Validator(with_components(schema))
        response = shipped.get(f"/v1/{family}?limit=100").json()
        assert response["page"]["next"] is None
        for item in response["items"]:
            validator.validate(shipped.get(item["links"]["self"]).json())


@pytest.mark.parametrize("path", PATHS)
def test_every_path_checks_the_release_and_the_etag(shipped: Client, path: str) -> None:
    version = shipped.get("/v1/releases/current").json()["version"].replace("+", "%2B")
    url = build_urls(path, version)[0]
    separator = "&" if "?" in url else "?"
    response = shipped.get(url)

    assert shipped.get(f"{url}{separator}release={version}").content == response.content
    refused = shipped.get(f"{url}{separator}release=0.0.1")
    assert (refused.status_code, refused.json()["code"]) == (410, "release_gone")
    tag = response.headers["etag"]
    for header in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        unchanged = shipped.get(url, headers={"If-None-Match": header})
        assert (unchanged.status_code, unchanged.content) == (304, b""), header
    assert shipped.get(url, headers={"If-None-Match": '"other"'}).content == response.content
