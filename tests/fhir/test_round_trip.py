"""Round trip of all records, claims and sources through FHIR: no number and no citation is lost."""

import asyncio
from collections.abc import Iterator

import pytest
from conftest import ENGINES, Client
from fhir.resources import get_fhir_model_class
from fhir_reader import FhirReader, drop_empty

from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.main import create_app
from app.settings import Settings

RESOURCE_TYPES = (
    "ActivityDefinition",
    "EvidenceVariable",
    "ConditionDefinition",
    "Citation",
    "ClinicalUseDefinition",
    "Evidence",
    "CodeSystem",
    "ValueSet",
    "ConceptMap",
    "StructureDefinition",
    "SearchParameter",
)


@pytest.fixture(params=ENGINES)
def fhir(request: pytest.FixtureRequest, shipped_urls: dict[str, str], runner: asyncio.Runner) -> Iterator[Client]:
    client = Client(
        create_app(Settings(database_url=shipped_urls[request.param], features=("fhir",), public_url="http://kb.test")),
        runner,
    )
    client.poll_release()
    yield client
    client.close()


def list_matches(client: Client, path: str) -> list[Json]:
    """List every match of a search, following `next`."""
    matches: list[Json] = []
    url: str | None = path
    while url:
        bundle = client.get(url).json()
        assert bundle["resourceType"] == "Bundle", bundle
        matches += [entry["resource"] for entry in bundle.get("entry", ()) if entry["search"]["mode"] == "match"]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        url = links.get("next")
    assert len(matches) == bundle["total"]
    assert len({resource["id"] for resource in matches}) == len(matches)
    return matches


@pytest.fixture
def reader(fhir: Client) -> FhirReader:
    return FhirReader(list_matches(fhir, "/fhir/StructureDefinition"))


@pytest.mark.parametrize("resource_type", RESOURCE_TYPES)
def test_every_resource_of_the_release_is_valid_r5(fhir: Client, resource_type: str) -> None:
    model = get_fhir_model_class(resource_type)

    resources = list_matches(fhir, f"/fhir/{resource_type}?_count=100")

    assert resources
    for resource in resources:
        model.model_validate(resource)
        for extension in resource.get("extension", ()):
            assert extension["url"].startswith("urn:procedure-kb:StructureDefinition:")


@pytest.mark.parametrize(
    ("path", "resource_type"),
    [
        ("/fhir/metadata", "CapabilityStatement"),
        ("/fhir/ValueSet/procedures/$expand", "ValueSet"),
        ("/fhir/Evidence?_include=*", "Bundle"),
        ("/fhir/Evidence?_summary=true", "Bundle"),
        ("/fhir/ClinicalUseDefinition?_elements=subject", "Bundle"),
        ("/fhir/ConceptMap/$translate?system=http://hl7.org/fhir/sid/icd-10-cm&sourceCode=M54.16", "Parameters"),
        ("/fhir/CodeSystem/procedures/$lookup?code=vertebroplasty", "Parameters"),
    ],
)
def test_other_responses_are_valid_r5(fhir: Client, path: str, resource_type: str) -> None:
    response = fhir.get(path)
    body = response.json()

    assert (response.status_code, body["resourceType"]) == (200, resource_type)
    assert body.get("entry") or resource_type != "Bundle"
    get_fhir_model_class(resource_type).model_validate(body)


def test_a_missing_resource_gets_a_valid_outcome(fhir: Client) -> None:
    response = fhir.get("/fhir/Evidence/none")

    assert response.status_code == 404
    get_fhir_model_class("OperationOutcome").model_validate(response.json())


def test_every_claim_survives_the_round_trip(fhir: Client, reader: FhirReader) -> None:
    resources = [
        resource
        for resource_type in ("ClinicalUseDefinition", "Evidence")
        for resource in list_matches(fhir, f"/fhir/{resource_type}?_count=100")
    ]
    claims = [reader.claim(resource) for resource in resources]
    claims_by_id = {claim["id"]: claim for claim in claims}
    v1_claims = [claim for record in iter_v1_records(fhir) for claim in iter_claims(record)]

    assert len(claims) == len(claims_by_id)
    for claim, resource in zip(claims, resources, strict=True):
        raters = [certainty["rater"] for certainty in resource.get("certainty", ())]
        stated = resource["resourceType"] == "Evidence" and claim.get("certainty")
        assert raters == ([stated["stated_by"]] if stated else [])
    assert len(v1_claims) > 1_000
    for claim in v1_claims:
        rebuilt = claims_by_id[claim["id"]]
        assert {name: rebuilt[name] for name in ("kind", "subject", "statement", "commercial", "support")} == {
            name: claim[name] for name in ("kind", "subject", "statement", "commercial", "support")
        }
        assert rebuilt.get("reason") == claim["reason"]
        assert rebuilt.get("certainty") == claim["certainty"]
        assert rebuilt["value"] == drop_empty(claim["value"]), claim["id"]
        assert rebuilt.get("qualifiers", {}) == drop_empty(claim["qualifiers"]), claim["id"]
        assert [
            (citation["source"]["slug"], citation["source"]["name"], citation.get("locator"), citation.get("note"))
            for citation in rebuilt["citation"]
        ] == [
            (citation["source"]["slug"], citation["source"]["name"], citation["locator"], citation["note"])
            for citation in claim["citations"]
        ]


def iter_v1_records(client: Client) -> Iterator[Json]:
    for folder in ("procedures", "conditions", "pain-generators"):
        page = client.get(f"/v1/{folder}?limit=100").json()
        assert page["page"]["next"] is None
        for row in page["items"]:
            yield client.get(row["links"]["self"]).json()


def iter_claims(record: Json) -> Iterator[Json]:
    for block in record.values():
        for item in block["items"] if isinstance(block, dict) and "items" in block else ():
            if "statement" in item:
                yield item


def test_every_record_survives_the_round_trip(fhir: Client, reader: FhirReader) -> None:
    resources = list_matches(fhir, "/fhir/ActivityDefinition?_count=100") + list_matches(
        fhir, "/fhir/EvidenceVariable?_count=100"
    )
    rebuilt_records = {
        (record["type"], record["slug"]): (record, resource)
        for resource in resources
        for record in [reader.extension(resource, "record")]
    }
    v1_records = list(iter_v1_records(fhir))

    assert len(rebuilt_records) == len(resources) == len(v1_records)
    for record in v1_records:
        rebuilt, resource = rebuilt_records[record["type"], record["slug"]]
        assert resource["title"] == record["name"]
        assert rebuilt["name"] == record["names"]
        assert rebuilt.get("body-region", []) == record["body_regions"]
        for name in ("family", "implant", "stub", "kind"):
            assert rebuilt.get(name) == record.get(name)
        assert rebuilt.get("intent") == record.get("intents")
        assert rebuilt["last-changed-in"] == record["last_changed_in"]
        assert rebuilt["review"] == drop_empty(record["review"])
        assert rebuilt.get("prose", []) == [
            {"section": section, "text": text["text"], "claim": text["claims"]}
            for section, block in record["texts"].items()
            for text in block["items"]
        ]
        for name in ("broader", "narrower"):
            assert rebuilt.get(name, []) == record["related"][name]["items"]
        relations = record["related"].get("procedures", {"items": []})["items"]
        assert [
            drop_empty({"type": relation["relation"], **{k: relation.get(k) for k in ("procedure", "reason")}})
            for relation in rebuilt.get("related", [])
        ] == [drop_empty({k: relation[k] for k in ("type", "procedure", "reason")}) for relation in relations]
        estimates = record.get("typical_relief", {"items": []})["items"]
        assert reader.extensions(resource, "typical-relief") == [drop_empty(estimate) for estimate in estimates]
        for empty in rebuilt.get("empty-block", []):
            assert record[empty["block"]]["status"] == empty["status"]


def test_every_source_survives_the_round_trip(fhir: Client, reader: FhirReader) -> None:
    citations = list_matches(fhir, "/fhir/Citation?_count=100")
    citations_by_slug = {citation["identifier"][0]["value"]: citation for citation in citations}
    sources: list[Json] = []
    cursor: str | None = ""
    while cursor is not None:
        page = fhir.get(f"/v1/sources?limit=100{cursor and '&cursor=' + cursor}").json()
        sources += page["items"]
        cursor = page["page"]["next"]

    assert len(citations_by_slug) == len(sources)
    for source in sources:
        resource = citations_by_slug[source["slug"]]
        artifact = resource["citedArtifact"]
        facts = {name.replace("_", "-"): source[name] for name in ("slug", *RECORD_TYPES["source"].facts)}
        assert reader.extension(resource, "source") == drop_empty(facts)
        assert resource["title"] == source["name"]
        assert artifact.get("webLocation", [{}])[0].get("url") == source["url"]
        assert [identifier["value"] for identifier in artifact.get("identifier", [])] == [
            source[name] for name in ("doi", "pmid", "pmcid", "number") if source[name]
        ]
        assert artifact.get("note", [{}])[0].get("text") == source["note"]
