"""Quality and disagreements of the shipped content."""

import pytest
from build import claim, procedure, risk, source
from conftest import Client, Load


def test_quality_covers_every_record_and_lists_the_gaps(shipped: Client) -> None:
    quality = shipped.get("/v1/quality").json()
    counts = shipped.get("/v1/releases/current").json()["counts"]

    assert quality["overall"]["claims"] == counts["claims"]
    assert len(quality["records"]) == quality["overall"]["records"]
    for record in quality["records"]:
        assert shipped.get(record["links"]["self"]).status_code == 200
        for share in ("patient_education", "commercial", "with_figures"):
            assert (record[share] is None) == (record["claims"] == 0)
            assert record[share] is None or 0 <= record[share] <= 1
    for gap in quality["gaps"].values():
        assert all(ref["slug"] for ref in gap)


def test_quality_measures_how_well_the_sources_are_identified(shipped: Client) -> None:
    overall = shipped.get("/v1/quality").json()["overall"]
    sources = overall["sources"]

    assert 0 < sources["published"] <= shipped.get("/v1/releases/current").json()["counts"]["sources"]
    assert sources["citations"] >= overall["claims"]
    for share in ("with_identifier", "with_year", "with_authors", "with_locator", "from_published"):
        assert 0 < sources[share] <= 1
    assert 0 <= sources["claims_resting_on_education_or_policy_alone"] < 1
    for row in sources["claims_by_design"]:
        assert row["share"] == round(row["claims"] / overall["claims"], 4)


@pytest.mark.parametrize(
    ("designs", "share"),
    [
        (["patient_education"], 0.5),
        (["patient_education", "coverage_policy"], 0.5),
        (["coverage_policy"], 0.5),
        (["patient_education", "textbook"], 0),
    ],
)
def test_quality_measures_harms_that_rest_on_education_or_policy_alone(
    client: Client, load: Load, designs: list[str], share: float
) -> None:
    harms = [
        claim(f"p--{name}", "procedure_risk", {"risk": "bleeding", "phrase": "x", "state": "known"})
        for name in ("cited", "trial")
    ]
    harms[0]["citations"] = [{"source": design.replace("_", "-")} for design in designs]
    # Not counted: how long a visit takes is no matter of evidence.
    visit = claim("p--visit", "procedure_time", {"label": "An hour"}, source="leaflet")
    sources = [source(design.replace("_", "-"), design=design) for design in designs]
    load(
        risk("bleeding"),
        *sources,
        procedure("p", claims=[*harms, visit]),
    )

    measured = client.get("/v1/quality").json()["overall"]["sources"]

    assert measured["claims_resting_on_education_or_policy_alone"] == share


def test_quality_counts_the_body_of_a_guideline_as_its_author_and_no_journal_of_a_study(
    client: Client, load: Load
) -> None:
    sources = [
        source("named", authors="Example et al."),
        source("journal-alone", publisher="Example Journal"),
        source("guideline", design="guideline", publisher="Example Society"),
        source("local", design="local_guidance"),
    ]
    cited = claim("p--visit", "procedure_time", {"label": "An hour"})
    cited["citations"] = [{"source": record["slug"]} for record in sources]
    load(*sources, procedure("p", claims=[cited]))

    measured = client.get("/v1/quality").json()["overall"]["sources"]

    assert (measured["published"], measured["with_authors"]) == (3, 0.6667)


def test_bodies_take_opposite_positions_on_hyaluronate_for_the_knee(shipped: Client) -> None:
    contradictions = shipped.get("/v1/disagreements").json()["contradictions"]

    (contradiction,) = (row for row in contradictions if row["record"]["slug"] == "hyaluronate-joint-injection")

    assert {group["position"] for group in contradiction["positions"]} == {"against", "conditional"}
    for group in contradiction["positions"]:
        for summary in group["claims"]:
            document = shipped.get(summary["links"]["self"]).json()
            assert document["value"]["position"] == group["position"]
            assert document["citations"]


def test_quality_has_the_reading_grade_of_patient_texts_by_two_formulas(shipped: Client) -> None:
    quality = shipped.get("/v1/quality").json()

    for entry in [quality["overall"], *quality["records"]]:
        assert set(entry["reading_grade"]) == {"flesch_kincaid", "automated_readability"}
    assert 0 < quality["overall"]["reading_grade"]["flesch_kincaid"] <= 8
