"""Every procedure, condition and pain generator through FHIR and back: no number and no citation is lost."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ENGINES, Client
from fhir.resources import get_fhir_model_class
from fhir_reader import FhirReader, drop_empty

from app.domain.json import Json
from app.main import create_app
from app.settings import Settings

RESOURCES = (
    "ActivityDefinition",
    "EvidenceVariable",
    "Citation",
    "ClinicalUseDefinition",
    "Evidence",
    "CodeSystem",
    "ValueSet",
    "StructureDefinition",
)


@pytest.fixture(params=ENGINES)
def fhir(request: pytest.FixtureRequest, shipped_urls: dict[str, str], runner: asyncio.Runner) -> Iterator[Client]:
    one = Client(create_app(Settings(database_url=shipped_urls[request.param], extras=("fhir",))), runner)
    one.see()
    yield one
    one.close()


def walk(client: Client, path: str) -> list[Json]:
    """Every match of a search, following `next`."""
    found: list[Json] = []
    address: str | None = path
    while address:
        bundle = client.get(address).json()
        assert bundle["resourceType"] == "Bundle", bundle
        found += [entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        address = links.get("next")
    assert len(found) == bundle["total"]
    assert len({one["id"] for one in found}) == len(found)
    return found


@pytest.fixture
def reader(fhir: Client) -> FhirReader:
    return FhirReader(walk(fhir, "/fhir/StructureDefinition"))


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_resource_of_the_release_is_valid_r5(fhir: Client, resource: str) -> None:
    model = get_fhir_model_class(resource)

    found = walk(fhir, f"/fhir/{resource}?_count=100")

    assert found
    for one in found:
        model.model_validate(one)
        for extension in one.get("extension", ()):
            assert extension["url"].startswith("urn:procedure-kb:StructureDefinition:")


@pytest.mark.parametrize(
    "path", ["/fhir/metadata", "/fhir/ValueSet/procedures/$expand", "/fhir/Evidence?_include=*", "/fhir/Evidence/none"]
)
def test_answers_about_the_release_are_valid_r5(fhir: Client, path: str) -> None:
    body = fhir.get(path).json()

    get_fhir_model_class(body["resourceType"]).model_validate(body)


def test_every_claim_comes_through_fhir_and_back(fhir: Client, reader: FhirReader) -> None:
    read = [
        reader.claim(resource)
        for kind in ("ClinicalUseDefinition", "Evidence")
        for resource in walk(fhir, f"/fhir/{kind}?_count=100")
    ]
    claims = {one["id"]: one for one in read}
    shown = [claim for record in records_of_v1(fhir) for claim in claims_of(record)]

    assert len(read) == len(claims)
    assert len(shown) > 1_000
    for claim in shown:
        back = claims[claim["id"]]
        assert {name: back[name] for name in ("kind", "subject", "statement", "grade", "support")} == {
            name: claim[name] for name in ("kind", "subject", "statement", "grade", "support")
        }
        assert back.get("reason") == claim["reason"]
        assert back.get("certainty-reason", []) == claim["certainty_reasons"]
        assert back["value"] == drop_empty(claim["value"]), claim["id"]
        assert back.get("qualifiers", {}) == drop_empty(claim["qualifiers"]), claim["id"]
        assert [citation_told(one) for one in back["citation"]] == [citation_shown(one) for one in claim["citations"]]


def citation_told(one: Json) -> tuple[Any, ...]:
    return one["source"]["slug"], one["source"]["name"], one.get("locator"), one.get("note")


def citation_shown(one: Json) -> tuple[Any, ...]:
    return one["source"]["slug"], one["source"]["name"], one["locator"], one["note"]


def records_of_v1(client: Client) -> Iterator[Json]:
    for family in ("procedures", "conditions", "pain-generators"):
        answer = client.get(f"/v1/{family}?limit=100").json()
        assert answer["page"]["next"] is None
        for item in answer["items"]:
            yield client.get(item["links"]["self"]).json()


def claims_of(record: Json) -> Iterator[Json]:
    for block in record.values():
        for item in block["items"] if isinstance(block, dict) and "items" in block else ():
            if "statement" in item:
                yield item


def test_every_record_comes_through_fhir_and_back(fhir: Client, reader: FhirReader) -> None:
    resources = walk(fhir, "/fhir/ActivityDefinition?_count=100") + walk(fhir, "/fhir/EvidenceVariable?_count=100")
    told = {
        (record["type"], record["slug"]): (record, one)
        for one in resources
        for record in [reader.extension(one, "record")]
    }
    shown = list(records_of_v1(fhir))

    assert len(told) == len(resources) == len(shown)
    for record in shown:
        back, resource = told[record["type"], record["slug"]]
        assert resource["title"] == record["name"]
        assert back["name"] == record["names"]
        assert back.get("body-region", []) == record["body_regions"]
        for name in ("family", "implant", "stub", "kind"):
            assert back.get(name) == record.get(name)
        assert back.get("intent") == record.get("intents")
        assert back["updated-in"] == record["updated_in"]
        assert back["review"] == drop_empty(record["review"])
        assert back.get("prose", []) == [
            {"section": section, "text": text["text"], "claim": text["claims"]}
            for section, block in record["texts"].items()
            for text in block["items"]
        ]
        for name in ("broader", "narrower"):
            assert back.get(name, []) == record["related"][name]["items"]
        relations = record["related"].get("procedures", {"items": []})["items"]
        assert [
            drop_empty({"type": one["relation"], **{k: one.get(k) for k in ("procedure", "reason")}})
            for one in back.get("related", [])
        ] == [drop_empty({k: one[k] for k in ("type", "procedure", "reason")}) for one in relations]
        typical = record.get("typical_relief", {"items": []})["items"]
        assert reader.extensions(resource, "typical-relief") == [drop_empty(one) for one in typical]
        empty = {one["block"]: one["status"] for one in back.get("empty-block", [])}
        assert all(record[block]["status"] == status for block, status in empty.items())


def test_every_source_comes_through_fhir_and_back(fhir: Client, reader: FhirReader) -> None:
    told = {one["identifier"][0]["value"]: one for one in walk(fhir, "/fhir/Citation?_count=100")}
    shown: list[Json] = []
    following: str | None = ""
    while following is not None:
        page = fhir.get(f"/v1/sources?limit=100{following and '&cursor=' + following}").json()
        shown += page["items"]
        following = page["page"]["next"]

    assert len(told) == len(shown)
    for source in shown:
        resource = told[source["slug"]]
        artifact = resource["citedArtifact"]
        names = ("slug", "design", "commercial", "status", "year")
        assert reader.extension(resource, "source") == drop_empty({name: source[name] for name in names})
        assert resource["title"] == source["name"]
        assert artifact.get("webLocation", [{}])[0].get("url") == source["url"]
        assert artifact.get("identifier", [{}])[0].get("value") == source["doi"]
        assert artifact.get("note", [{}])[0].get("text") == source["note"]
