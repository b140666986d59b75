"""Index of the API, and its vocabularies."""

from collections.abc import Iterator
from typing import Any

from build import procedure
from conftest import Client, Load

from app import __version__


def list_enums(schema: Any) -> Iterator[set[str]]:
    """Every list of allowed values in a part of the OpenAPI document."""
    if isinstance(schema, dict):
        values = schema.get("enum") or schema.get("x-extensible-enum")
        if isinstance(values, list) and len(values) > 1:
            yield set(values)
    for child in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from list_enums(child)


def test_the_index_links_to_every_resource(client: Client, load: Load) -> None:
    load(procedure("p"))

    index = client.get("/v1").json()

    paths = {path for path in client.get("/openapi.json").json()["paths"] if path.startswith("/v1/")}
    assert {resource["href"] for resource in index["resources"]} == paths
    assert all(resource["templated"] == ("{" in resource["href"]) for resource in index["resources"])
    assert (index["version"], index["release"]) == (
        __version__,
        client.get("/v1/releases/current").json()["version"],
    )
    for url in index["links"].values():
        assert client.get(url).status_code == 200


def test_each_closed_list_of_the_contract_is_in_the_vocabulary(client: Client, load: Load) -> None:
    load(procedure("p"))
    document = client.get("/openapi.json").json()

    vocabularies = {
        vocabulary["name"]: [value["value"] for value in vocabulary["values"]]
        for vocabulary in client.get("/v1/vocabulary").json()["items"]
    }

    listed = [set(values) for values in vocabularies.values()]
    # A position of a disagreement is one of a recommendation, of an estimate, or the direction of a finding.
    listed.append({*vocabularies["position"], *vocabularies["direction"], *vocabularies["relief_position"]})
    unlisted = [
        values
        for values in list_enums(document["components"]["schemas"])
        if not any(values <= other for other in listed)
    ]
    assert unlisted == []
    facets = client.get("/v1/procedures?facet=family").json()["facets"][0]["values"]
    assert [facet["value"] for facet in facets] == ["injection"]
    assert set(vocabularies["family"]) > {"injection", "ablation"}


def test_the_values_of_a_vocabulary_have_labels_and_an_order(client: Client, load: Load) -> None:
    load(procedure("p"))

    for vocabulary in client.get("/v1/vocabulary").json()["items"]:
        values = vocabulary["values"]
        assert [value["order"] for value in values] == list(range(len(values)))
        assert all(value["label"] for value in values)
        assert len({value["value"] for value in values}) == len(values)


def test_the_list_of_problems_links_to_each_code(client: Client, load: Load) -> None:
    load(procedure("p"))
    vocabularies = {item["name"]: item["values"] for item in client.get("/v1/vocabulary").json()["items"]}

    page = client.get("/problems")

    assert page.headers["content-type"].startswith("text/html")
    for value in vocabularies["problem_code"]:
        assert f'href="/problems/{value["value"]}"' in page.text
        assert client.get(f"/problems/{value['value']}").status_code == 200
