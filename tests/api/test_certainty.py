"""Certainty is only what a source states; the kind of source, the year and own words are facts beside it."""

import csv
import io
import json
from typing import Any

import pytest
from build import claim, condition, procedure, relief, source
from conftest import Client, Load

RATED = {"rating": "low", "stated_by": "Cochrane, 2021", "outcome": "pain at 3 months"}


def finding(claim_id: str, **fields: Any) -> dict[str, Any]:
    return claim(claim_id, "finding", {"outcome": "pain", "direction": "favors"}, **fields)


def test_a_claim_has_the_certainty_that_its_source_states_in_every_form(client: Client, load: Load) -> None:
    load(procedure("p", claims=[finding("p--finding-1", source="review", certainty=RATED), finding("p--finding-2")]))

    rated, unrated = client.get("/v1/procedures/p").json()["findings"]["items"]
    assert (rated["certainty"], unrated["certainty"]) == (RATED, None)
    page = client.get("/procedures/p/evidence").text
    assert page.count("certainty low for pain at 3 months, says Cochrane, 2021") == 1
    assert page.count("certainty ") == 1
    row, other = csv.DictReader(io.StringIO(client.get("/v1/findings.csv").text))
    assert [row[f"certainty_{name}"] for name in RATED] == list(RATED.values())
    assert not any(other[f"certainty_{name}"] for name in RATED)


def test_nothing_is_filtered_sorted_or_graded_by_the_kind_of_source(client: Client, load: Load) -> None:
    load(procedure("p", claims=[finding("p--finding-1")]))

    document = client.get("/openapi.json").json()
    parameters = {
        parameter["name"]
        for path in document["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
    }
    assert "grade" not in parameters
    assert client.get("/v1/findings?grade=high").status_code == 422
    names = {name for schema in document["components"]["schemas"].values() for name in schema.get("properties", {})}
    assert not names & {"grade", "certainty_reasons"}
    assert "grade" not in {entry["name"] for entry in client.get("/v1/vocabulary").json()["items"]}


@pytest.mark.parametrize(
    ("fields", "commercial"),
    [
        ({"source": "trial"}, False),
        ({"source": "leaflet"}, True),
        ({"citations": [{"source": "leaflet"}, {"source": "trial"}]}, False),
        ({"source": "trial", "commercial": True}, True),
    ],
)
def test_a_claim_is_commercial_if_all_its_words_are_a_makers_or_a_practices_own(
    client: Client, load: Load, fields: dict[str, Any], *, commercial: bool
) -> None:
    load(procedure("p", claims=[finding("p--finding-1", **fields)]))

    assert client.get("/v1/claims/p--finding-1").json()["commercial"] is commercial
    assert len(client.get(f"/v1/findings?commercial={json.dumps(commercial)}").json()["items"]) == 1
    assert client.get(f"/v1/findings?commercial={json.dumps(not commercial)}").json()["items"] == []
    assert ("a maker's or practice's own words" in client.get("/procedures/p/evidence").text) is (
        commercial or len(fields.get("citations", ())) > 1
    )


def test_claims_stand_in_the_order_independent_newest_id(client: Client, load: Load) -> None:
    claims = [
        finding("p--finding-1", source="leaflet"),
        finding("p--finding-2", source="old-guideline"),
        finding("p--finding-3", source="review"),
        finding("p--finding-4", source="trial"),
        finding("p--finding-5", source="review"),
    ]
    load(procedure("p", claims=claims), source("old-guideline", design="guideline", year=2010))

    ids = [row["id"][-1] for row in client.get("/v1/procedures/p").json()["findings"]["items"]]
    assert ids == ["3", "5", "4", "2", "1"]


def test_a_relation_names_the_newest_claim_of_an_independent_source(client: Client, load: Load) -> None:
    load(
        condition("c"),
        procedure(
            "p",
            claims=[
                claim("p--indication-1", "indication", {"condition": "c", "role": "treats"}, source="brochure"),
                claim("p--indication-2", "indication", {"condition": "c", "role": "treats"}, source="old-guideline"),
                claim("p--indication-3", "indication", {"condition": "c", "role": "treats"}, source="trial"),
                claim(
                    "p--indication-4",
                    "indication",
                    {"condition": "c", "role": "treats"},
                    source="review",
                    support="editorial",
                    reason="Anatomy.",
                ),
            ],
        ),
        source("old-guideline", design="guideline", year=2010),
        source("brochure", design="patient_education", year=2025, commercial=True),
    )

    (row,) = client.get("/v1/conditions/c/procedures").json()["items"]
    assert [relation["claim"] for relation in row["relations"]] == ["p--indication-3"]
    (linked,) = client.get("/v1/conditions/c").json()["procedures"]["items"]
    assert linked["claims"] == [f"p--indication-{n}" for n in (3, 2, 1, 4)]


def test_an_estimate_says_whose_own_words_it_is(client: Client, load: Load) -> None:
    load(procedure("p", claims=[relief("p--relief-duration-1", source="leaflet", min="P1M", max="P1M")]))

    row = next(csv.DictReader(io.StringIO(client.get("/v1/relief-durations.csv").text)))
    assert row["commercial"] == "true"
    assert client.get("/v1/procedures/p").json()["typical_relief"]["status"] == "unknown"
