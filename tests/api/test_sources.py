"""Sources in every form: identifiers, authors, funding and standing."""

import asyncio
import csv
import io
from collections.abc import Iterator

import pytest
from build import claim, procedure, risk, source
from conftest import Client, Load

from app.main import create_app
from app.settings import Settings

IDENTIFIERS = {"doi": "10.1000/a<1>", "pmid": "12351602", "pmcid": "PMC5737310"}
FACTS = {
    **IDENTIFIERS,
    "number": "NG59",
    "authors": "Speer et al.",
    "publisher": "A body",
    "funding": "industry",
    "year_reason": "the page is undated",
    "standing": "superseded",
    "standing_date": "2024-05-01",
}


@pytest.fixture
def sourced(client: Client, load: Load) -> Client:
    fact = claim("p--bleeding", "procedure_risk", {"risk": "bleeding", "phrase": "x", "state": "known"}, source="old")
    load(
        risk("bleeding"),
        source("new"),
        source("old", title="Old guidance", replaced_by="new", **FACTS),
        procedure("p", claims=[fact]),
    )
    return client


def test_a_source_has_its_identifiers_authors_funding_and_standing(sourced: Client) -> None:
    detail = sourced.get("/v1/sources/old").json()
    listed = {row["slug"]: row for row in sourced.get("/v1/sources").json()["items"]}["old"]

    assert {name: detail[name] for name in FACTS} == FACTS
    assert detail["replaced_by"] == {"type": "source", "slug": "new", "name": "New"}
    assert {name: value for name, value in detail.items() if name != "claims"} == listed


def test_sources_are_filtered_by_standing(sourced: Client) -> None:
    page = sourced.get("/v1/sources?standing=superseded&facet=standing").json()

    assert [row["slug"] for row in page["items"]] == ["old"]
    assert {(value["value"], value["count"]) for value in page["facets"][0]["values"]} >= {("superseded", 1)}


def test_a_citation_names_the_identifiers_and_the_standing_of_its_source(sourced: Client) -> None:
    (cited,) = sourced.get("/v1/claims/p--bleeding").json()["citations"]

    assert {name: cited["source"][name] for name in IDENTIFIERS} == IDENTIFIERS
    assert cited["source"]["standing"] == "superseded"


def test_the_page_links_to_the_registers_and_says_what_replaced_the_source(sourced: Client) -> None:
    html = sourced.get("/sources/old").text

    assert 'href="https://doi.org/10.1000/a%3C1%3E"' in html
    assert 'href="https://pubmed.ncbi.nlm.nih.gov/12351602"' in html
    assert 'href="https://pmc.ncbi.nlm.nih.gov/articles/PMC5737310"' in html
    assert "Superseded by a newer one (2024-05-01)" in html
    assert '<a href="/sources/new">New</a>' in html
    for text in ("Speer et al.", "NG59", "Funding: industry", "the page is undated"):
        assert text in html
    assert "(superseded by a newer one)" in sourced.get("/procedures/p/evidence").text


def test_sources_are_served_as_csv(sourced: Client) -> None:
    listed = sourced.get("/v1/sources.csv?standing=superseded")
    exported = sourced.get("/v1/export/sources.csv")

    (row,) = csv.DictReader(io.StringIO(listed.text, newline=""))
    assert {name: row[name] for name in FACTS} == FACTS
    assert row["replaced_by"] == "new"
    assert row in list(csv.DictReader(io.StringIO(exported.text, newline="")))
    assert "/v1/sources.csv" in sourced.get("/v1/sources").headers["link"]


def test_linked_data_cites_a_source_by_its_identifiers(sourced: Client) -> None:
    page = sourced.get("/v1/procedures/p.jsonld").json()["mainEntityOfPage"]

    (cited,) = page["citation"]
    assert {entry["propertyID"]: entry["value"] for entry in cited["identifier"]} == {
        "DOI": IDENTIFIERS["doi"],
        "PubMed": IDENTIFIERS["pmid"],
        "PubMed Central": IDENTIFIERS["pmcid"],
    }


@pytest.fixture
def fhir(sourced: Client, database_url: str, runner: asyncio.Runner) -> Iterator[Client]:
    del sourced
    settings = Settings(database_url=database_url, features=("fhir",), public_url="http://kb.test")
    client = Client(create_app(settings), runner)
    client.poll_release()
    yield client
    client.close()


def test_a_fhir_citation_has_public_identifiers_and_is_retired_when_superseded(fhir: Client) -> None:
    citation = fhir.get("/fhir/Citation/old").json()

    assert citation["status"] == "retired"
    assert citation["citedArtifact"]["identifier"] == [
        {"system": "https://doi.org", "value": IDENTIFIERS["doi"]},
        {"system": "https://pubmed.ncbi.nlm.nih.gov", "value": IDENTIFIERS["pmid"]},
        {"system": "https://www.ncbi.nlm.nih.gov/pmc", "value": IDENTIFIERS["pmcid"]},
        {"value": "NG59", "assigner": {"display": "A body"}},
    ]
    members = {member["url"]: member for member in citation["extension"][0]["extension"]}
    assert members["standing"]["valueString"] == "superseded"
    assert members["replaced-by"]["valueReference"]["reference"] == "Citation/new"
    assert members["funding"]["valueString"] == "industry"
