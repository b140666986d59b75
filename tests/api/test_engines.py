"""Two engines, the same bytes; and every body has the shape that the document promises."""

import asyncio
import json
import re
from typing import Any

import jsonschema
import pytest
from checkout import ROOT
from conftest import Client

from app.main import create_app
from app.openapi.document import openapi_of
from app.settings import Settings

QUERIES = {
    "/v1/procedures/batch": "slug=vertebroplasty&slug=none",
    "/v1/conditions/batch": "slug=lumbar-radiculopathy",
    "/v1/pain-generators/batch": "slug=facet-joint",
    "/v1/compare": "procedure=vertebroplasty&procedure=balloon-kyphoplasty",
    "/v1/search": "q=sciatica",
    "/v1/suggest": "q=scia",
}
EXAMPLES = {
    "/v1/procedures": "radiofrequency-ablation",
    "/v1/conditions": "lumbar-radiculopathy",
    "/v1/pain-generators": "facet-joint",
    "/v1/risks": "dural-puncture",
    "/v1/sources": "haute-md-ipm",
    "/v1/guide": "journey",
    "/v1/claims": "guide--a05",
}


def document() -> dict[str, Any]:
    found: dict[str, Any] = openapi_of(create_app(Settings()).app, closed=True)  # type: ignore[arg-type]
    return found


DOCUMENT = document()
PATHS = sorted(path for path in DOCUMENT["paths"] if path.startswith("/v1/"))


def addresses(path: str, version: str) -> list[str]:
    """Addresses of one path of the document: as it is, and lists once more filtered, sorted and counted."""
    family = "/".join(path.split("/")[:3])
    filled = re.sub(r"\{(slug|id)\}", EXAMPLES.get(family, "x"), path).replace("{version}", version)
    query = QUERIES.get(path, "")
    found = [f"{filled}?{query}" if query else filled]
    names = {one["name"]: one for one in DOCUMENT["paths"][path]["get"]["parameters"]}
    if "sort" in names:
        short = "&limit=7" if "limit" in names else ""
        found += [f"{filled}?sort={sort}{short}" for sort in names["sort"]["schema"]["enum"]]
    if "facet" in names and "items" in names["facet"]["schema"]:
        counted = "&".join(f"facet={facet}" for facet in names["facet"]["schema"]["items"]["enum"])
        found.append(f"{filled}?limit=3&{counted}")
    return found


@pytest.fixture
def both(shipped_urls: dict[str, str], runner: asyncio.Runner) -> Any:
    clients = [Client(create_app(Settings(database_url=url)), runner) for url in shipped_urls.values()]
    for one in clients:
        one.see()
    yield clients
    for one in clients:
        one.close()


@pytest.mark.parametrize("path", PATHS)
def test_both_engines_answer_with_the_same_bytes(both: list[Client], path: str) -> None:
    version = both[0].get("/v1/releases/current").json()["version"]
    for address in addresses(path, version.replace("+", "%2B")):
        first, second = (one.get(address) for one in both)
        assert first.status_code == 200, (address, first.text[:300])
        assert (first.content, first.headers["etag"]) == (second.content, second.headers["etag"]), address


def test_both_engines_search_alike(both: list[Client]) -> None:
    golden = json.loads((ROOT / "tests/search/golden.json").read_text(encoding="utf-8"))
    for one in golden[::4]:
        for path in ("/v1/search", "/v1/suggest"):
            first, second = (client.get(path, params={"q": one["query"]}) for client in both)
            assert (first.status_code, first.content) == (second.status_code, second.content), (path, one["query"])
            assert first.status_code == 200


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": DOCUMENT["components"]}


def answers_json(path: str) -> bool:
    return "application/json" in DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("path", [path for path in PATHS if answers_json(path)])
def test_every_body_has_the_shape_of_the_document(shipped: Client, path: str) -> None:
    version = shipped.get("/v1/releases/current").json()["version"]
    schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for address in addresses(path, version.replace("+", "%2B"))[:2]:
        jsonschema.Draft202012Validator(resolved(schema)).validate(shipped.get(address).json())


def test_every_record_of_the_release_has_the_shape_of_the_document(shipped: Client) -> None:
    for family in ("procedures", "conditions", "pain-generators", "risks", "guide"):
        path = f"/v1/{family}/{{slug}}"
        schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validator = jsonschema.Draft202012Validator(resolved(schema))
        answer = shipped.get(f"/v1/{family}?limit=100").json()
        assert answer["page"]["next"] is None
        for item in answer["items"]:
            validator.validate(shipped.get(item["links"]["self"]).json())
