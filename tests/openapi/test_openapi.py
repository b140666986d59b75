"""The OpenAPI document is valid and complete, and its examples are real responses."""

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
from app.db.write_engine import create_write_engine
from app.domain.json import Json
from app.errors import list_errors_by_code
from app.http.deprecation import DEPRECATED, Deprecation
from app.main import create_app
from app.openapi.descriptions import FIELDS
from app.openapi.document import build_openapi
from app.openapi.examples import ERROR_EXAMPLES, LONG_EXAMPLE_BYTES
from app.settings import Settings

DOCUMENTS = ("/openapi.json", "/openapi-3.0.json")


def get_document(client: Client, path: str = "/openapi.json") -> Json:
    document: Json = client.get(path).json()
    return document


def iter_operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


def iter_responses(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Path, status and response, with references resolved."""
    for path, operation in iter_operations(document):
        for status, response in operation["responses"].items():
            name = response.get("$ref", "").rpartition("/")[2]
            yield path, status, document["components"]["responses"][name] if name else response


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_document_is_valid(shipped: Client, path: str) -> None:
    document = get_document(shipped, path)

    validate(document)
    assert document["openapi"].startswith("3.1" if path == "/openapi.json" else "3.0")


def test_both_documents_have_the_same_operations_and_responses(shipped: Client) -> None:
    first, second = (
        [
            (path, operation["operationId"], sorted(operation["responses"]))
            for path, operation in iter_operations(document)
        ]
        for document in (get_document(shipped, path) for path in DOCUMENTS)
    )

    assert first == second


def is_start(example: Any, body: Any) -> bool:
    """Whether an example is a response body, or one whose lists and texts end early."""
    if isinstance(body, dict):
        return example.keys() == body.keys() and all(is_start(example[key], body[key]) for key in body)
    if isinstance(body, list):
        return bool(example) == bool(body) and all(map(is_start, example, body))
    return example == body or (isinstance(body, str) and bool(example) and body.startswith(example.removesuffix("…")))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_each_response_with_a_body_has_an_example_that_the_service_returns(shipped: Client, path: str) -> None:
    document = get_document(shipped, path)
    errors = {name: document["components"]["responses"][name] for name in ERROR_EXAMPLES}
    example_count = 0
    for operation_path, status, response in iter_responses(document):
        for media_type, media in response.get("content", {}).items():
            # Files and feeds contain a whole release: too long for an example.
            if (
                media_type.endswith("json")
                and not operation_path.startswith("/v1/export/")
                and "feed" not in media_type
            ):
                assert "response" in media.get("examples", {}), (operation_path, status, media_type)
            if status == "200" and "examples" in media:
                example = media["examples"]["response"]
                actual = shipped.get(example["summary"].removeprefix("GET "))
                assert actual.headers["content-type"].split(";")[0] == media_type.split(";")[0]
                assert actual.status_code == 200, example["summary"]
                body = actual.json() if media_type.endswith("json") else actual.text
                assert is_start(example["value"], body), example["summary"]
                assert ("description" in example) == (len(actual.content) > LONG_EXAMPLE_BYTES), example["summary"]
                if "description" not in example:
                    assert body == example["value"], example["summary"]
                example_count += 1
    for name, response in errors.items():
        url, headers = ERROR_EXAMPLES[name]
        actual = shipped.get(url, headers={key.decode(): value.decode() for key, value in headers})
        example = response["content"]["application/problem+json"]["examples"]["response"]["value"]
        assert actual.json() == example
        assert actual.status_code == example["status"]
    assert example_count >= 40


def test_examples_come_from_the_release_that_the_document_names(client: Client, load: Load) -> None:
    load(procedure("first"))
    before = client.get("/openapi.json")
    load(procedure("second"))
    after = client.get("/openapi.json")

    assert before.headers["kb-release"] != after.headers["kb-release"]
    slugs = [
        response.json()["paths"]["/v1/procedures"]["get"]["responses"]["200"]["content"]["application/json"][
            "examples"
        ]["response"]["value"]["items"][0]["slug"]
        for response in (before, after)
    ]
    assert slugs == ["first", "second"]


def test_operation_ids_are_unique_identifiers(shipped: Client) -> None:
    names = [operation["operationId"] for _, operation in iter_operations(get_document(shipped))]

    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z]+(?:_[a-z]+)*", name) for name in names)


def test_everything_is_described(shipped: Client) -> None:
    document = get_document(shipped)
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}

    used = set()
    for path, operation in iter_operations(document):
        assert operation["description"], path
        used.update(operation["tags"])
        assert {"414", "431", "503", "400"} <= set(operation["responses"]), path
        for parameter in operation.get("parameters", []):
            assert parameter["description"], parameter
    assert used == set(tags)
    for name, component in document["components"]["schemas"].items():
        assert component["description"], name
        for field, schema in component.get("properties", {}).items():
            assert schema.get("description"), f"{name}.{field}"


def test_each_derived_description_is_used(shipped: Client) -> None:
    fields = {
        field: schema["description"]
        for component in get_document(shipped)["components"]["schemas"].values()
        for field, schema in component.get("properties", {}).items()
        if schema["description"] == FIELDS.get(field)
    }

    assert fields == FIELDS


def test_the_document_stays_small(shipped: Client) -> None:
    assert len(shipped.get("/openapi.json").content) < 500_000


def test_servers_are_listed_only_with_a_public_url(tmp_path: Path) -> None:
    def list_servers(**settings: str) -> Any:
        app = create_app(Settings(database_url=str(tmp_path / "none.sqlite3"), **settings)).app
        return build_openapi(app).get("servers")  # type: ignore[arg-type]

    assert list_servers() is None
    assert list_servers(path_prefix="/kb") == [{"url": "/kb"}]
    assert list_servers(public_url="https://kb.example.org/") == [{"url": "https://kb.example.org"}]


def test_the_path_of_a_record_does_not_overlap_with_the_path_of_its_linked_data(shipped: Client) -> None:
    document = get_document(shipped)
    for path, operation in iter_operations(document):
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "slug" and parameter["in"] == "path":
                pattern = parameter["schema"]["pattern"]
                assert re.search(pattern, parameter.get("example", "facet-joint")), path
                assert not re.search(pattern, "facet-joint.jsonld"), path


def test_a_name_with_a_period_redirects_although_the_document_calls_for_a_slug(client: Client, load: Load) -> None:
    load(procedure("p", names=[{"text": "L.4 block", "kind": "synonym"}]))

    response = client.get("/v1/procedures/L.4 block")

    assert (response.status_code, response.headers["location"]) == (307, "/v1/procedures/p")


def iter_schemas(schema: Any) -> Iterator[Json]:
    if isinstance(schema, dict):
        yield schema
        for child in schema.values():
            yield from iter_schemas(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from iter_schemas(child)


def test_no_schema_has_keywords_that_client_generators_handle_badly(shipped: Client) -> None:
    document = get_document(shipped)

    for name, component in document["components"]["schemas"].items():
        assert re.fullmatch(r"[A-Z][A-Za-z]+", name), name
        for schema in iter_schemas(component):
            assert "prefixItems" not in schema, name
            for union in ("anyOf", "oneOf"):
                members = schema.get(union, [])
                # A reference that may be null can be written in no other way.
                nullable_ref = len(members) == 2 and "$ref" in members[0]
                assert nullable_ref or all(member.get("type") != "null" for member in members), name
        if "properties" in component:
            assert sorted(component["required"]) == sorted(component["properties"]), name
    for path, operation in iter_operations(document):
        for parameter in operation.get("parameters", []):
            assert "null" not in str(parameter["schema"]), (path, parameter["name"])
            assert "anyOf" not in parameter["schema"], (path, parameter["name"])


def test_a_value_of_a_response_fits_the_parameter_of_the_same_vocabulary(shipped: Client) -> None:
    """A closed list in a parameter would be a narrower type than the open list of the response in generated clients."""
    document = get_document(shipped)
    family = document["components"]["schemas"]["ProcedureSummary"]["properties"]["family"]
    parameters = {
        parameter["name"]: parameter for parameter in document["paths"]["/v1/procedures"]["get"]["parameters"]
    }

    assert {key: value for key, value in family.items() if key != "description"} == parameters["family"]["schema"][
        "items"
    ]
    assert family["x-extensible-enum"]
    open_lists = {
        tuple(schema["x-extensible-enum"])
        for schema in iter_schemas(document["components"]["schemas"])
        if "x-extensible-enum" in schema
    }
    for path, operation in iter_operations(document):
        for parameter in operation.get("parameters", []):
            closed = parameter["schema"].get("items", parameter["schema"]).get("enum", ())
            assert tuple(closed) not in open_lists, (path, parameter["name"])


def test_a_response_may_gain_fields(shipped: Client) -> None:
    for component in get_document(shipped)["components"]["schemas"].values():
        assert component.get("additionalProperties") is not False, "a new field must not break a client"


def test_each_constant_is_also_an_enum_for_generators_that_find_a_discriminator_only_there(shipped: Client) -> None:
    for schema in iter_schemas(get_document(shipped)["components"]["schemas"]):
        if isinstance(schema.get("const"), str):
            assert schema["enum"] == [schema["const"]]


def test_the_error_codes_are_listed(shipped: Client) -> None:
    code = get_document(shipped)["components"]["schemas"]["Problem"]["properties"]["code"]

    assert code["x-extensible-enum"] == sorted(list_errors_by_code())


def test_the_document_needs_no_release(tmp_path: Path, runner: asyncio.Runner) -> None:
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    engine = create_write_engine(url)
    migrate(engine)
    engine.dispose()
    client = Client(create_app(Settings(database_url=url)), runner)

    response = client.get("/openapi.json")
    client.close()

    assert response.status_code == 200
    assert "kb-release" not in response.headers
    validate(response.json())


def test_a_deprecated_operation_is_marked_in_its_headers_and_in_the_document(
    client: Client, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    deprecation = Deprecation(since=dt.date(2026, 1, 1), sunset=dt.date(2027, 1, 1), successor="/v1/procedures")
    monkeypatch.setitem(DEPRECATED, "list_targets", deprecation)
    load(procedure("p"))

    deprecated, other = client.get("/v1/targets"), client.get("/v1/findings")
    operation = get_document(client)["paths"]["/v1/targets"]["get"]

    assert deprecated.headers["deprecation"] == "@1767225600"
    assert deprecated.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert '</v1/procedures>; rel="successor-version"' in deprecated.headers["link"]
    assert client.request("HEAD", "/v1/targets").headers["deprecation"] == "@1767225600"
    assert not {"deprecation", "sunset"} & set(other.headers)
    assert (operation["deprecated"], operation["x-sunset"]) == (True, "2027-01-01")
    assert {"Deprecation", "Sunset"} <= set(operation["responses"]["200"]["headers"])


def test_the_page_about_the_api_loads_nothing_from_another_host(shipped: Client) -> None:
    page = shipped.get("/docs")

    # A browser does not load the canonical address, which is absolute.
    loaded = re.findall(
        r"""<(?:link(?! rel="canonical")|script|img|iframe)[^>]*?(?:src|href)=["']([^"']+)""", page.text
    )
    assert loaded
    assert not [url for url in loaded if urlsplit(url).netloc]
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'data-url="/openapi.json"' in page.text
    for url in loaded:
        assert shipped.get(url).status_code == 200, url


def test_each_required_parameter_has_an_example_that_the_page_about_the_api_can_send(shipped: Client) -> None:
    for path, operation in iter_operations(get_document(shipped)):
        for parameter in operation.get("parameters", []):
            assert not parameter.get("required") or parameter["example"], (path, parameter["name"])


def test_an_operation_is_summarized_by_the_first_sentence_of_its_description(shipped: Client) -> None:
    for path, operation in iter_operations(get_document(shipped)):
        assert operation["description"].replace("`", "").startswith(operation["summary"]), path


def test_examples_use_only_documented_parameters(shipped: Client) -> None:
    document = get_document(shipped)
    for _, operation in iter_operations(document):
        content = operation["responses"]["200"].get("content", {})
        for media in (media for media in content.values() if "examples" in media):
            query = parse_qs(urlsplit(media["examples"]["response"]["summary"]).query)
            assert set(query) <= {parameter["name"] for parameter in operation.get("parameters", [])}


def test_the_codes_of_problems_do_not_depend_on_what_was_imported() -> None:
    codes = {code: error.__module__ for code, error in list_errors_by_code().items()}

    assert set(codes.values()) == {"app.errors"}, codes
