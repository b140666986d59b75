"""schema.org JSON-LD of records. tests/jsonld validates every node of the shipped content against schema.org."""

import json
import re
from typing import Any

import pytest
from build import claim, condition, generator, procedure, risk
from conftest import Client, Load

RISK = {"risk": "bleeding", "phrase": "bleeding", "state": "known"}


def get_node(client: Client, path: str) -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/ld+json"
    node: dict[str, Any] = response.json()
    return node


def test_a_treatment_is_a_procedure_and_a_therapy(client: Client, load: Load) -> None:
    load(generator("facet-joint"), procedure("facet-rfa", treats=["facet-joint"]))

    node = get_node(client, "/v1/procedures/facet-rfa.jsonld")

    assert node["@context"] == "https://schema.org"
    assert node["@type"] == ["MedicalProcedure", "MedicalTherapy"]
    assert node["bodyLocation"] == ["Facet joint"]
    assert node["url"] == "/procedures/facet-rfa"


def test_a_record_names_type_specialty_publisher_path_and_the_date_of_its_last_change(
    client: Client, load: Load
) -> None:
    positions = [
        claim("p--for", "recommendation", {"body": "A society", "year": 2020, "position": "for"}),
        claim("p--against", "recommendation", {"body": "A board", "year": 2019, "position": "against"}),
    ]
    load(
        procedure("p", name="A block", family="injection", claims=positions),
        procedure("q", family="ablation"),
        procedure("patch", family="drug_delivery"),
        procedure("pump", family="drug_delivery", implant=True),
        condition("c"),
    )
    node = get_node(client, "/v1/procedures/p.jsonld")
    page = node["mainEntityOfPage"]
    release = client.get("/v1/releases/current").json()

    assert node["procedureType"] == "https://schema.org/PercutaneousProcedure"
    assert get_node(client, "/v1/procedures/patch.jsonld")["procedureType"].endswith("/NoninvasiveProcedure")
    assert "procedureType" not in get_node(client, "/v1/procedures/pump.jsonld")
    # Some of its family need a cut, others a needle.
    assert "procedureType" not in get_node(client, "/v1/procedures/q.jsonld")
    assert node["status"] == "Against: A board, 2019; For: A society, 2020"
    assert "status" not in get_node(client, "/v1/procedures/q.jsonld")
    assert get_node(client, "/v1/conditions/c.jsonld")["relevantSpecialty"]["@type"] == "MedicalSpecialty"
    assert page["dateModified"] == release["date"]
    assert "lastReviewed" not in page
    assert page["publisher"]["@type"] == "Organization"
    steps = [(step["position"], step["name"], step["item"]) for step in page["breadcrumb"]["itemListElement"]]
    assert steps == [(1, "Home", "/"), (2, "Procedures", "/procedures"), (3, "A block", "/procedures/p")]


def test_the_home_page_says_how_to_search_the_site(client: Client, load: Load) -> None:
    load(procedure("p"))
    blocks = re.findall(r'<script type="application/ld\+json">(.*?)</script>', client.get("/").text)
    nodes = {node["@type"]: node for node in map(json.loads, blocks)}

    assert nodes["WebSite"]["potentialAction"]["target"]["urlTemplate"] == "/search?q={search_term_string}"
    assert nodes["WebPage"]["dateModified"] == client.get("/v1/releases/current").json()["date"]


def test_the_sitemap_has_the_date_of_the_last_change_of_each_page(shipped: Client) -> None:
    sitemap = shipped.get("/sitemap.xml").text
    dates = {release["version"]: release["date"] for release in shipped.get("/v1/releases?limit=100").json()["items"]}
    record = shipped.get("/v1/guide/benefits").json()

    expected = f"<loc>http://127.0.0.1:8000/guide/benefits</loc><lastmod>{dates[record['last_changed_in']]}</lastmod>"
    assert expected in sitemap
    assert sitemap.count("<loc>") == sitemap.count("<lastmod>")


def test_a_diagnostic_procedure_is_not_a_therapy_and_has_no_adverse_outcome(client: Client, load: Load) -> None:
    load(
        risk("bleeding"),
        procedure("test-block", intents=["diagnostic"], claims=[claim("test-block--risk", "procedure_risk", RISK)]),
    )

    node = get_node(client, "/v1/procedures/test-block.jsonld")

    assert node["@type"] == "DiagnosticProcedure"
    assert not {"adverseOutcome", "seriousAdverseOutcome", "contraindication"} & node.keys()


def test_a_risk_that_was_never_observed_is_not_an_adverse_outcome(client: Client, load: Load) -> None:
    seen = claim("p--risk-1", "procedure_risk", RISK | {"seriousness": "serious"})
    none_seen = {"risk": "infection", "phrase": "infection", "state": "none_seen", "attribution": "procedure"}
    unseen = claim("p--risk-2", "procedure_risk", none_seen)
    load(risk("bleeding"), risk("infection"), procedure("p", claims=[seen, unseen]))

    node = get_node(client, "/v1/procedures/p.jsonld")

    assert node["adverseOutcome"] == node["seriousAdverseOutcome"] == [{"@type": "MedicalEntity", "name": "Bleeding"}]


def test_a_condition_lists_procedures_that_treat_it_and_none_that_diagnose_it(client: Client, load: Load) -> None:
    diagnosing = claim("d--indication", "indication", {"condition": "sciatica", "role": "diagnoses"})
    load(
        condition("sciatica"),
        procedure("t", indicated=["sciatica"]),
        procedure("d", intents=["diagnostic"], claims=[diagnosing]),
    )

    node = get_node(client, "/v1/conditions/sciatica.jsonld")

    assert [treatment["name"] for treatment in node["possibleTreatment"]] == ["T"]
    assert node["possibleTreatment"][0]["@type"] == ["MedicalProcedure", "MedicalTherapy"]


def test_a_pain_generator_has_the_type_of_its_kind(client: Client, load: Load) -> None:
    load(generator("a-joint"), generator("a-space", kind="space"))

    assert get_node(client, "/v1/pain-generators/a-joint.jsonld")["@type"] == "Joint"
    assert get_node(client, "/v1/pain-generators/a-space.jsonld")["@type"] == "AnatomicalStructure"


def test_linked_data_redirects_from_a_name_and_suggests_similar_slugs(client: Client, load: Load) -> None:
    load(procedure("facet-rfa", names=[{"text": "Rhizotomy", "kind": "synonym"}]))

    known = client.get("/v1/procedures/rhizotomy.jsonld")
    unknown = client.get("/v1/procedures/facet-rfaa.jsonld")

    assert (known.status_code, known.headers["location"]) == (307, "/v1/procedures/facet-rfa.jsonld")
    assert (unknown.status_code, unknown.json()["suggestions"][0]["slug"]) == (404, "facet-rfa")


@pytest.mark.parametrize("folder", ["procedures", "conditions", "pain-generators"])
def test_a_detail_lists_its_linked_data_as_alternate(client: Client, load: Load, folder: str) -> None:
    load(procedure("x", name="A block"), condition("x", name="A pain"), generator("x", name="A joint"))

    response = client.get(f"/v1/{folder}/x")

    assert f'</v1/{folder}/x.jsonld>; rel="alternate"; type="application/ld+json"' in response.headers["link"]
    assert f'</{folder}/x>; rel="alternate"; type="text/html"' in response.headers["link"]
