"""The OpenAPI document is valid, complete, and shows what the service really answers."""

import asyncio
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from build import procedure
from conftest import Client, Load
from openapi_spec_validator import validate

from app.db.migrations import migrate
from app.db.write_engine import write_engine
from app.domain.json import Json
from app.http.deprecation import DEPRECATED, Deprecation
from app.main import create_app
from app.openapi.examples import REFUSALS
from app.settings import Settings

DOCUMENTS = ("/openapi.json", "/openapi-3.0.json")


def document_of(client: Client, path: str = "/openapi.json") -> Json:
    found: Json = client.get(path).json()
    return found


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


def answers(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, status and answer, references followed."""
    for path, operation in operations(document):
        for status, answer in operation["responses"].items():
            name = answer.get("$ref", "").rpartition("/")[2]
            yield path, status, document["components"]["responses"][name] if name else answer


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_document_is_valid(shipped: Client, path: str) -> None:
    document = document_of(shipped, path)

    validate(document)
    assert document["openapi"].startswith("3.1" if path == "/openapi.json" else "3.0")


def test_both_documents_have_the_same_operations_and_answers(shipped: Client) -> None:
    first, second = (
        [(path, operation["operationId"], sorted(operation["responses"])) for path, operation in operations(document)]
        for document in (document_of(shipped, one) for one in DOCUMENTS)
    )

    assert first == second


@pytest.mark.parametrize("path", DOCUMENTS)
def test_each_answer_with_a_body_has_an_example_and_the_service_answers_just_that(shipped: Client, path: str) -> None:
    document = document_of(shipped, path)
    refused = {name: document["components"]["responses"][name] for name in REFUSALS}
    seen = 0
    for where, status, answer in answers(document):
        for kind, media in answer.get("content", {}).items():
            # Files and feeds hold a whole release: too long to be copied.
            if kind.endswith("json") and not where.startswith("/v1/export/") and "feed" not in kind:
                assert "answer" in media.get("examples", {}), (where, status, kind)
            if status == "200" and "examples" in media:
                example = media["examples"]["answer"]
                given = shipped.get(example["summary"].removeprefix("GET "))
                assert given.headers["content-type"].split(";")[0] == kind.split(";")[0]
                assert given.status_code == 200, example["summary"]
                shown = given.json() if kind.endswith("json") else given.text
                assert shown == example["value"], example["summary"]
                seen += 1
    for name, answer in refused.items():
        target, headers = REFUSALS[name]
        given = shipped.get(target, headers={key.decode(): value.decode() for key, value in headers})
        example = answer["content"]["application/problem+json"]["examples"]["answer"]["value"]
        assert given.json() == example
        assert given.status_code == example["status"]
    assert seen >= 40


def test_an_example_is_of_the_release_that_the_document_names(client: Client, load: Load) -> None:
    load(procedure("first"))
    before = client.get("/openapi.json")
    load(procedure("second"))
    after = client.get("/openapi.json")

    assert before.headers["kb-release"] != after.headers["kb-release"]
    slugs = [
        one.json()["paths"]["/v1/procedures"]["get"]["responses"]["200"]["content"]["application/json"]["examples"][
            "answer"
        ]["value"]["items"][0]["slug"]
        for one in (before, after)
    ]
    assert slugs == ["first", "second"]


def test_operation_ids_are_names_and_unique(shipped: Client) -> None:
    names = [operation["operationId"] for _, operation in operations(document_of(shipped))]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(?:_[a-z]+)*", name) for name in names)


def test_everything_is_described(shipped: Client) -> None:
    document = document_of(shipped)
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}

    used = set()
    for path, operation in operations(document):
        assert operation["description"], path
        used.update(operation["tags"])
        assert {"414", "431", "503", "400"} <= set(operation["responses"]), path
        for parameter in operation.get("parameters", []):
            assert parameter["description"], parameter
    assert used == set(tags)


def schemas(schema: Any) -> Iterator[Json]:
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from schemas(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from schemas(value)


def test_no_shape_has_what_client_generators_trip_over(shipped: Client) -> None:
    document = document_of(shipped)

    for name, shape in document["components"]["schemas"].items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name), name
        for schema in schemas(shape):
            assert "prefixItems" not in schema, name
            for union in ("anyOf", "oneOf"):
                assert all(one.get("type") != "null" for one in schema.get(union, [])), name
        if "properties" in shape:
            assert sorted(shape["required"]) == sorted(shape["properties"]), name
    for path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert "null" not in str(parameter["schema"]), (path, parameter["name"])
            assert "anyOf" not in parameter["schema"], (path, parameter["name"])


def test_values_that_may_grow_are_open_in_answers_and_closed_in_parameters(shipped: Client) -> None:
    document = document_of(shipped)

    families = document["components"]["schemas"]["ProcedureSummary"]["properties"]["family"]
    asked = next(one for one in document["paths"]["/v1/procedures"]["get"]["parameters"] if one["name"] == "family")[
        "schema"
    ]["items"]
    assert "enum" not in families
    assert families["x-extensible-enum"] == asked["enum"]
    for shape in document["components"]["schemas"].values():
        assert shape.get("additionalProperties") is not False, "a new field must not break a client"


def test_a_release_is_not_needed_for_the_document(tmp_path: Path, runner: asyncio.Runner) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    engine = write_engine(url)
    migrate(engine)
    engine.dispose()
    client = Client(create_app(Settings(database_url=url)), runner)

    answer = client.get("/openapi.json")
    client.close()

    assert answer.status_code == 200
    assert "kb-release" not in answer.headers
    validate(answer.json())


def test_an_operation_that_is_to_go_says_so_in_its_headers_and_in_the_document(
    client: Client, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = Deprecation(since=dt.date(2026, 1, 1), sunset=dt.date(2027, 1, 1), successor="/v1/procedures")
    monkeypatch.setitem(DEPRECATED, "list_targets", until)
    load(procedure("p"))

    marked, other = client.get("/v1/targets"), client.get("/v1/findings")
    operation = document_of(client)["paths"]["/v1/targets"]["get"]

    assert marked.headers["deprecation"] == "@1767225600"
    assert marked.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert '</v1/procedures>; rel="successor-version"' in marked.headers["link"]
    assert client.request("HEAD", "/v1/targets").headers["deprecation"] == "@1767225600"
    assert not {"deprecation", "sunset"} & set(other.headers)
    assert (operation["deprecated"], operation["x-sunset"]) == (True, "2027-01-01")
    assert {"Deprecation", "Sunset"} <= set(operation["responses"]["200"]["headers"])


def test_the_page_about_the_api_loads_nothing_from_another_host(shipped: Client) -> None:
    page = shipped.get("/docs")

    loaded = re.findall(r"""<(?:link|script|img|iframe)[^>]*?(?:src|href)=["']([^"']+)""", page.text)
    assert loaded
    assert not [one for one in loaded if urlsplit(one).netloc]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "list_procedures" in page.text


def test_examples_are_asked_of_the_service_with_parameters_it_documents(shipped: Client) -> None:
    document = document_of(shipped)
    for _, operation in operations(document):
        content = operation["responses"]["200"].get("content", {})
        for media in (one for one in content.values() if "examples" in one):
            query = parse_qs(urlsplit(media["examples"]["answer"]["summary"]).query)
            assert set(query) <= {one["name"] for one in operation.get("parameters", [])}
